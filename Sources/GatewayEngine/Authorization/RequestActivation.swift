internal import Bytes
internal import CEL
internal import HTTPWire
internal import JOSE

/// Shows one request to expressions. Nothing is copied: values borrow from the head, from the canonical
/// target and from the claims in the token cache, all of which outlive the evaluation.
@safe struct RequestActivation: CELActivation {
    /// The head's bytes.
    let head: UnsafeBufferPointer<UInt8>
    /// The bytes that the target's ranges count in.
    let target: UnsafeBufferPointer<UInt8>
    let host: UnsafeBufferPointer<UInt8>
    let method: Range<Int>
    let path: Range<Int>
    let query: Range<Int>?
    let minorVersion: UInt8
    let lines: [FieldLine]
    let connection: ConnectionContext
    let token: VerifiedToken?

    func resolve(_ attribute: Int) -> CELValue {
        guard let attribute = RequestAttribute(rawValue: attribute) else { return .null }
        switch attribute {
        case .method: return unsafe borrowed(head, method)
        case .scheme: return .string(CELBuffer(copying: connection.scheme))
        case .host: return unsafe .string(CELBuffer(borrowing: host))
        case .path: return unsafe borrowed(target, path)
        case .pathAndQuery: return unsafe borrowed(target, pathAndQuery)
        case .uri: return uri
        case .version: return .string(minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1")
        case .headers: return .map(CELOwnedMap(distinct: headerEntries))
        case .sourceAddress: return .string(CELBuffer(copying: connection.sourceAddress))
        case .sourcePort: return .int(Int64(connection.sourcePort))
        case .jwt: return token.map { CELValue(json: $0.claims.root) } ?? .null
        }
    }

    func resolve(_ attribute: Int, key: CELBuffer) -> CELValue? {
        guard attribute == RequestAttribute.headers.rawValue else { return resolve(attribute).entry(named: key) }
        return key.withSpan { header($0) }
    }

    private func borrowed(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> CELValue {
        unsafe .string(CELBuffer(borrowing: UnsafeBufferPointer(rebasing: bytes[range])))
    }

    private var pathAndQuery: Range<Int> { path.lowerBound..<(query?.upperBound ?? path.upperBound) }

    private var uri: CELValue {
        var text = connection.scheme + Array("://".utf8)
        unsafe text += host
        unsafe text += target[pathAndQuery]
        return .string(CELBuffer(copying: text))
    }

    // MARK: - Headers

    /// The lines of one name as one value, joined by ", " (RFC 9110 §5.3); nil where there is none. What
    /// the gateway strips is not there.
    private func header(_ name: Span<UInt8>) -> CELValue? {
        var first: Range<Int>?
        var joined: [UInt8]?
        for line in lines where !line.isDropped {
            let isNamed = unsafe UnsafeBufferPointer(rebasing: head[line.name]).span.equalsIgnoringASCIICase(name)
            guard isNamed else { continue }
            guard let earlier = first else {
                first = line.value
                continue
            }
            let start = unsafe joined ?? Array(head[earlier])
            joined = unsafe start + Array(", ".utf8) + head[line.value]
        }
        if let joined { return .string(CELBuffer(copying: joined)) }
        return first.map { unsafe borrowed(head, $0) }
    }

    private var headerEntries: [(key: CELValue, value: CELValue)] {
        var entries: [(key: CELValue, value: CELValue)] = []
        var seen: Set<[UInt8]> = []
        for line in lines where !line.isDropped {
            let name = unsafe head[line.name].map(\.asciiLowercased)
            guard seen.insert(name).inserted, let value = header(name.span) else { continue }
            entries.append((.string(CELBuffer(copying: name)), value))
        }
        return entries
    }
}
