internal import Bytes
internal import CEL
internal import GatewayModel

/// Collects routes and freezes them to a `RouteTable`. One that routes are put into or taken out of once it has been
/// frozen freezes only what has changed, and the tables of a copy stay as they were.
struct RouteTableBuilder: Sendable {
    /// Indices of `snapshots`, by number of a route; `free` where a number is.
    private var snapshotIndices: [UInt32] = []
    private var snapshots: [RouteSnapshot] = []
    private var freeNumbers: [Int] = []
    /// Those of routes with a rank, in their order, when they were frozen.
    private var order: [(rank: DocumentRank, number: Int)] = []
    /// Those that have gone since, and those that have come.
    private var removed: Set<Int> = []
    private var added: [Int: DocumentRank] = [:]
    private var places = HostedPathsBuilder()
    /// Those that a route leads to which is still to be added, by its id.
    private var delegates: [RouteID: HostedPathsBuilder] = [:]
    private var regexes: [String: LinearRegex] = [:]
    private var conditionCount = 0
    private(set) var diagnostics: [Diagnostic] = []

    /// Adds a route behind those that it leads to.
    ///
    /// - Parameters:
    ///   - snapshot: where it is the one of the route before, they share it.
    ///   - conditions: those of each match, compiled; empty where none has any.
    ///   - rank: its place in the order written; nil: behind those that were added before. All have one, or none has.
    /// - Returns: the route's number.
    @discardableResult
    mutating func add(
        _ route: Route, _ snapshot: RouteSnapshot, conditions: [CELProgram?], rank: DocumentRank? = nil
    ) -> Int {
        let number = number(for: snapshot)
        let delegates = delegates(of: route)
        if let rank { added[number] = rank }
        let rank = rank ?? DocumentRank(revision: 0, place: number)
        for (place, match) in route.matches.enumerated() {
            if case .regex(let pattern) = match.path { _ = regex(pattern, match) }
            let condition = conditions.isEmpty ? nil : conditions[place]
            // One that is no expression has been reported.
            if match.condition != nil, condition == nil { continue }
            if condition != nil { conditionCount += 1 }
            let entry = RouteEntry(
                candidate: candidate(match, condition, route: number, delegates), name: route.name, order: route.order,
                rank: rank,
                match: place)
            if let parent = route.ancestors.last {
                self.delegates[parent, default: HostedPathsBuilder()].add(entry, at: match.path, of: route.hostnames)
            } else {
                places.add(entry, at: match.path, of: route.hostnames)
            }
        }
        return number
    }

    /// What a route leads to; nil where it takes requests itself.
    private mutating func delegates(of route: Route) -> RouteCandidate.Delegates? {
        guard case .delegate = route.action else { return nil }
        var places = delegates.removeValue(forKey: route.id) ?? HostedPathsBuilder()
        return RouteCandidate.Delegates(places.build(regexes))
    }

    /// Takes a route out that was added under this number, and leads nowhere.
    mutating func remove(_ route: Route, number: Int, conditions: [CELProgram?]) {
        conditionCount -= conditions.count { $0 != nil }
        places.remove(route, number: number)
        self[number] = .none
        freeNumbers.append(number)
        if added.removeValue(forKey: number) == nil { removed.insert(number) }
        diagnostics = []
    }

    /// Brings `order` up to what is there: one merge, however many have changed.
    private mutating func putInOrder() {
        guard !removed.isEmpty || !added.isEmpty else { return }
        var merged: [(rank: DocumentRank, number: Int)] = []
        merged.reserveCapacity(order.count + added.count)
        var rest = added.map { (rank: $0.value, number: $0.key) }.sorted {
            ($0.rank, $0.number) < ($1.rank, $1.number)
        }[...]
        for known in order where !removed.contains(known.number) {
            while let next = rest.first, next.rank < known.rank { merged.append(rest.removeFirst()) }
            merged.append(known)
        }
        order = merged + rest
        removed = []
        added = [:]
    }

    /// Uses the snapshots of a table that it was frozen to, and that has others since.
    mutating func renewSnapshots(from table: RouteTable) { snapshots = table.snapshots }

    /// Of a route that was added under this number, and shares its snapshot with none.
    subscript(number: Int) -> RouteSnapshot {
        get { snapshots[Int(snapshotIndices[number])] }
        set { snapshots[Int(snapshotIndices[number])] = newValue }
    }

    private mutating func number(for snapshot: RouteSnapshot) -> Int {
        if let number = freeNumbers.popLast() {
            self[number] = snapshot
            return number
        }
        if snapshots.last !== snapshot { snapshots.append(snapshot) }
        snapshotIndices.append(UInt32(snapshots.count - 1))
        return snapshotIndices.count - 1
    }

    private mutating func candidate(
        _ match: RouteMatch, _ condition: CELProgram?, route: Int, _ delegates: RouteCandidate.Delegates?
    ) -> RouteCandidate {
        RouteCandidate(
            method: match.method.map { Array($0.utf8) },
            headers: match.headers.map { field($0, match) },
            query: match.query.map { field($0, match) },
            condition: condition, route: route, delegates: delegates)
    }

    private mutating func field(_ field: FieldMatch, _ match: RouteMatch) -> RouteCandidate.Field {
        let name = Array(field.name.utf8)
        switch field.value {
        case .exact(let value): return RouteCandidate.Field(name: name, value: .exact(Array(value.utf8)))
        case .regex(let pattern):
            let regex = regex(pattern, match)
            return RouteCandidate.Field(name: name, value: regex.map { .regex($0) } ?? .exact([]))
        }
    }

    /// The compiled pattern; nil, with a diagnostic, where it is none.
    private mutating func regex(_ pattern: String, _ match: RouteMatch) -> LinearRegex? {
        if let known = regexes[pattern] { return known }
        do {
            let regex = try LinearRegex(pattern, for: .whole)
            regexes[pattern] = regex
            return regex
        } catch {
            var diagnostic = Diagnostic(
                .error, "regex_invalid", "`\(pattern)` is not a regular expression: \(error.message)",
                at: match.provenance, hint: "the syntax is RE2's; look-around and back-references are not in it")
            diagnostic.inside = TextPlace(error.offset, in: pattern)
            if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
            return nil
        }
    }

    mutating func build() -> RouteTable {
        putInOrder()
        return RouteTable(
            places: places.build(regexes), hasConditions: conditionCount > 0, snapshotIndices: snapshotIndices,
            snapshots: snapshots, order: order.isEmpty && freeNumbers.isEmpty ? nil : order.map { UInt32($0.number) })
    }
}

extension RouteSnapshot {
    /// What stands at a free number: no path leads there.
    static let none = leading(RouteNames([""]))

    /// What stands for a route that leads to others.
    static func leading(_ names: RouteNames) -> RouteSnapshot {
        RouteSnapshot(
            names: names, upstream: nil, policy: EffectivePolicy(), guardedNames: nil, needsBody: false, document: nil)
    }
}
