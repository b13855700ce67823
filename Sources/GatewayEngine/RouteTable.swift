internal import Bytes
internal import CEL
internal import HTTPWire

/// Finds what a host belongs to: the exact name first, then the longest wildcard, then any.
struct HostTable: Sendable {
    let exact: ByteTable
    /// By the suffix behind `*.`.
    let wildcards: ByteTable
    let any: Int?

    /// Calls `body` with the value of each entry that the host matches, most specific first, until it
    /// answers something.
    func first<Result>(_ host: Span<UInt8>, _ body: (Int) -> Result?) -> Result? {
        if let value = exact.find(host), let result = body(value) { return result }
        if !wildcards.isEmpty {
            var dot = host.firstIndex(of: UInt8(ascii: "."))
            while let start = dot {
                if let value = wildcards.find(host.extracting(start + 1..<host.count)), let result = body(value) {
                    return result
                }
                dot = host.firstIndex(of: UInt8(ascii: "."), from: start + 1)
            }
        }
        if let any { return body(any) }
        return nil
    }
}

/// A listener's routes, numbered in the order written, or as numbers were free: by host, then path, then the rest. The
/// cost of a match does not grow with the number of routes, and of the memory that does, a match touches three lines: a
/// slot and a key of the paths' table, and the number in `snapshotIndices`.
struct RouteTable: Sendable {
    let places: HostedPaths
    /// Whether any route has a condition.
    let hasConditions: Bool
    /// What becomes of the requests of each route.
    private let snapshotIndices: [UInt32]
    let snapshots: [RouteSnapshot]
    /// The numbers in the order written; nil: as they are.
    private let order: [UInt32]?

    init(
        places: HostedPaths, hasConditions: Bool, snapshotIndices: [UInt32], snapshots: [RouteSnapshot],
        order: [UInt32]?
    ) {
        self.order = order
        self.hasConditions = hasConditions
        self.places = places
        self.snapshotIndices = snapshotIndices
        self.snapshots = snapshots
    }

    /// The numbers of the routes, in the order written.
    var indices: [Int] { order?.map(Int.init) ?? Array(snapshotIndices.indices) }

    subscript(number: Int) -> RouteSnapshot { snapshots[Int(snapshotIndices[number])] }

    func replacingSnapshots(_ replacement: (RouteSnapshot) -> RouteSnapshot) -> RouteTable {
        RouteTable(
            places: places, hasConditions: hasConditions, snapshotIndices: snapshotIndices,
            snapshots: snapshots.map(replacement), order: order)
    }

    /// The route that takes a request.
    func match(_ request: borrowing MatchedRequest) -> PathTable.Found? { places.match(request) }
}

/// Routes by host, then path: those of a listener, or those that one route leads to.
struct HostedPaths: Sendable {
    let hosts: HostTable
    let paths: [PathTable]

    /// The route that takes a request.
    func match(_ request: borrowing MatchedRequest) -> PathTable.Found? {
        // Written out because a closure could not borrow the request.
        if let value = hosts.exact.find(request.host), let route = paths[value].match(request) { return route }
        if !hosts.wildcards.isEmpty, let route = matchWildcards(request) { return route }
        if let any = hosts.any, let route = paths[any].match(request) { return route }
        return nil
    }

    private func matchWildcards(_ request: borrowing MatchedRequest) -> PathTable.Found? {
        let host = request.host
        var dot = host.firstIndex(of: UInt8(ascii: "."))
        while let start = dot {
            if let value = hosts.wildcards.find(host.extracting(start + 1..<host.count)),
                let route = paths[value].match(request)
            {
                return route
            }
            dot = host.firstIndex(of: UInt8(ascii: "."), from: start + 1)
        }
        return nil
    }
}

/// What of a request decides its route.
@safe struct MatchedRequest: ~Escapable {
    let host: Span<UInt8>
    let path: Span<UInt8>
    let query: Span<UInt8>
    let method: Span<UInt8>
    let bytes: Span<UInt8>
    let lines: Span<FieldLine>
    /// The request as conditions see it; nil where no route has any.
    private let conditions: UnsafePointer<RequestActivation>?

    @_lifetime(copy host, copy path, copy query, copy method, copy bytes, copy lines)
    init(
        host: Span<UInt8>, path: Span<UInt8>, query: Span<UInt8>, method: Span<UInt8>, bytes: Span<UInt8>,
        lines: Span<FieldLine>, conditions: UnsafePointer<RequestActivation>? = nil
    ) {
        unsafe self.conditions = conditions
        self.host = host
        self.path = path
        self.query = query
        self.method = method
        self.bytes = bytes
        self.lines = lines
    }

    /// What a condition says of the request; nil where that takes the body, which has not come.
    func fulfils(_ condition: CELProgram) -> Bool? {
        guard let request = unsafe conditions else { return false }
        if condition.readsBody, unsafe !request.pointee.hasBody { return nil }
        let answer = unsafe condition.evaluate(request.pointee)
        return if case .bool(true) = answer { true } else { false }
    }
}

/// The paths of one host pattern: exact before prefix before regular expression, longer ones first.
final class PathTable: Sendable {
    let exact: ByteTable
    let bytePrefixes: ByteTable
    /// How long they are, the longest first: each length costs one look-up, however many there are of it.
    let bytePrefixLengths: [Int]
    /// Keys without a trailing slash; the empty key matches every path.
    let prefixes: ByteTable
    /// Segments of the longest prefix.
    let maxPrefixSegments: Int
    let regexes: [(regex: LinearRegex, takers: Int)]
    /// What those are written as.
    let patterns: [String]
    /// The routes of one path, in the order they are asked, where it is not one that takes all.
    let candidates: [[RouteCandidate]]

    /// - Parameters:
    ///   - exact: values are takers: the number of a route that takes every request of the path, or `~index` of a
    ///     list in `candidates`. So do `prefixes` and `regexes`.
    init(
        exact: ByteTable, bytePrefixes: ByteTable, bytePrefixLengths: [Int], prefixes: ByteTable,
        maxPrefixSegments: Int, regexes: [(regex: LinearRegex, takers: Int)], patterns: [String],
        candidates: [[RouteCandidate]]
    ) {
        self.exact = exact
        self.bytePrefixes = bytePrefixes
        self.bytePrefixLengths = bytePrefixLengths
        self.prefixes = prefixes
        self.maxPrefixSegments = maxPrefixSegments
        self.regexes = regexes
        self.patterns = patterns
        self.candidates = candidates
    }

    /// The number of a route, `awaitsBody` or `nobody`; and how many bytes of the path its prefix is, 0 where it is no
    /// prefix that matched.
    typealias Found = (route: Int, prefixLength: Int)

    /// In the place of a route: only the body can tell which one it is.
    static let awaitsBody = -1
    /// The same: no other route takes what none of those takes that a route leads to.
    static let nobody = -2

    func match(_ request: borrowing MatchedRequest) -> Found? {
        if let takers = exact.find(request.path), let found = choose(takers, request, prefixLength: 0) { return found }
        for length in bytePrefixLengths where length <= request.path.count {
            if let takers = bytePrefixes.find(request.path.extracting(0..<length)),
                let found = choose(takers, request, prefixLength: length)
            {
                return found
            }
        }
        if !prefixes.isEmpty, let route = matchPrefixes(request) { return route }
        for (regex, takers) in regexes where regex.matchesWhole(request.path) {
            if let found = choose(takers, request, prefixLength: 0) { return found }
        }
        return nil
    }

    /// Tries the prefixes that end where a segment does, from the longest that could be in the table.
    private func matchPrefixes(_ request: borrowing MatchedRequest) -> Found? {
        let path = request.path
        var end = path.count
        var segments = 0
        for index in 0..<path.count where path[index] == UInt8(ascii: "/") {
            if segments == maxPrefixSegments {
                end = index
                break
            }
            segments += 1
        }
        while true {
            if end <= prefixes.maxKeyCount, let takers = prefixes.find(path.extracting(0..<end)),
                let found = choose(takers, request, prefixLength: end)
            {
                return found
            }
            guard end > 0 else { return nil }
            repeat { end -= 1 } while end > 0 && path[end] != UInt8(ascii: "/")
        }
    }

    @inline(__always)
    private func choose(_ takers: Int, _ request: borrowing MatchedRequest, prefixLength: Int) -> Found? {
        takers >= 0 ? (takers, prefixLength) : chooseCandidate(~takers, request, prefixLength: prefixLength)
    }

    private func chooseCandidate(
        _ list: Int, _ request: borrowing MatchedRequest, prefixLength: Int
    ) -> Found? {
        for candidate in candidates[list] where candidate.accepts(request) {
            if let delegates = candidate.delegates { return delegates.places.match(request) ?? (Self.nobody, 0) }
            guard let condition = candidate.condition else { return (candidate.route, prefixLength) }
            guard let isMet = request.fulfils(condition) else { return (Self.awaitsBody, prefixLength) }
            if isMet { return (candidate.route, prefixLength) }
        }
        return nil
    }
}

/// What a route asks beyond host and path.
final class RouteCandidate: Sendable {
    enum Value: Sendable {
        case exact([UInt8])
        /// Must match the whole value.
        case regex(LinearRegex)

        func accepts(_ text: Span<UInt8>) -> Bool {
            switch self {
            case .exact(let value): value.span.equals(text)
            case .regex(let regex): regex.matchesWhole(text)
            }
        }
    }

    struct Field: Sendable {
        let name: [UInt8]
        let value: Value
    }

    /// The routes that one leads to. Few do: the others hold no room for them.
    final class Delegates: Sendable {
        let places: HostedPaths

        init(_ places: HostedPaths) {
            self.places = places
        }
    }

    let method: [UInt8]?
    let headers: [Field]
    let query: [Field]
    /// Asked when all else has been found to match.
    let condition: CELProgram?
    let route: Int
    /// The routes that it leads to; nil: it takes requests itself.
    let delegates: Delegates?
    /// Most routes ask nothing beyond host and path.
    let asksNothing: Bool

    init(
        method: [UInt8]?, headers: [Field], query: [Field], condition: CELProgram?, route: Int, delegates: Delegates?
    ) {
        self.method = method
        self.condition = condition
        self.headers = headers
        self.query = query
        self.route = route
        self.delegates = delegates
        asksNothing = method == nil && headers.isEmpty && query.isEmpty && condition == nil && delegates == nil
    }

    /// Whether all but the condition holds.
    func accepts(_ request: borrowing MatchedRequest) -> Bool {
        if asksNothing { return true }
        if let method, !method.span.equals(request.method) { return false }
        for header in headers where !hasHeader(header, request) { return false }
        for parameter in query where !hasParameter(parameter, request) { return false }
        return true
    }

    /// A header that is there twice means a list (RFC 9110 §5.2), which is no single value: it never matches.
    private func hasHeader(_ header: Field, _ request: borrowing MatchedRequest) -> Bool {
        var matches = false
        var count = 0
        for index in request.lines.indices {
            let line = request.lines[index]
            guard !line.isDropped, request.bytes.extracting(line.name).equalsIgnoringASCIICase(header.name.span) else {
                continue
            }
            count += 1
            matches = header.value.accepts(request.bytes.extracting(line.value))
        }
        return count == 1 && matches
    }

    private func hasParameter(_ parameter: Field, _ request: borrowing MatchedRequest) -> Bool {
        guard let value = QueryString.first(parameter.name.span, in: request.query) else { return false }
        return parameter.value.accepts(QueryString.decoded(request.query.extracting(value)).span)
    }
}
