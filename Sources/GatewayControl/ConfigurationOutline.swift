internal import GatewayModel

/// What a configuration is made of, by name, with a hash of each part: enough to say what another one changes.
///
/// No text of a part is kept, so no secret can come out of it. Places in the document do not count as content.
struct ConfigurationOutline: Equatable, Sendable {
    /// The parts of one kind, such as routes.
    private struct Section: Equatable, Sendable {
        var kind: String
        var count = 0
        /// Empty where there are more parts than anyone would read about.
        var parts: [String: Int] = [:]
    }

    private var sections: [Section] = []

    /// Reflection takes microseconds for each field, and a served configuration has to stay small.
    private static let maxParts = 500
    private static let maxNames = 20

    init(_ configuration: GatewayConfiguration) {
        let binds = configuration.binds
        add("addresses", binds.map { ("\($0.address)", []) })
        let listeners = binds.flatMap(\.listeners)
        add(
            "listeners",
            listeners.map { listener in
                var own = listener
                own.routes = []
                return (listener.id.name, [own])
            })
        let routes = listeners.flatMap(\.routes)
        add("routes", routes.map { ($0.id.name, [Self.unnamed($0)]) })
        add("backends of routes", configuration.upstreams.map { ($0.id.name, [$0.endpoints]) })
        add("policies", configuration.attachments.map { (Self.name(of: $0), [$0.policy]) })
        add(
            "settings",
            [
                ("limits and timeouts", [configuration.traffic]), ("expressions", [configuration.expressions]),
                ("access log", [configuration.accessLog as Any]),
            ])
    }

    /// A route may stand in several listeners, and a scope have several policies of a kind: they are one part.
    private mutating func add(_ kind: String, _ parts: [(name: String, content: [Any])]) {
        var section = Section(kind: kind, count: parts.count)
        if parts.count <= Self.maxParts {
            for part in parts {
                var hasher = ContentHasher()
                hasher.combine(section.parts[part.name] ?? 0)
                for content in part.content { hasher.combine(content) }
                section.parts[part.name] = hasher.value
            }
        }
        sections.append(section)
    }

    /// What has no name of its own is called by its place, which moves with what comes before it.
    private static func unnamed(_ route: Route) -> Route {
        var route = route
        route.id = RouteID("")
        if case .forward = route.action { route.action = .forward(to: UpstreamID("")) }
        return route
    }

    private static func name(of attachment: Attachment) -> String {
        let kind = Mirror(reflecting: attachment.policy).children.first?.label ?? "\(attachment.policy)"
        let scope =
            switch attachment.scope {
            case .gateway(let name): "gateway \(name)"
            case .listener(let id): "listener \(id.name)"
            case .route(let id): "route \(id.name)"
            case .policySet(let id): "routes of \(id.documents.joined(separator: ", "))"
            case .overlay(let id): "consumers of \(id.name)"
            }
        return "\(kind) of \(scope)" + (attachment.phase == .gateway ? ", gateway phase" : "")
    }

    /// One sentence for each kind of part that is not as it was.
    func changes(since earlier: ConfigurationOutline) -> [String] {
        zip(earlier.sections, sections).compactMap { old, new in
            guard old != new else { return nil }
            if new.parts.count + old.parts.count == 0 || (new.parts.isEmpty && new.count > 0)
                || (old.parts.isEmpty && old.count > 0)
            {
                return "\(new.kind): \(old.count) before, \(new.count) now"
            }
            var come = new.parts.filter { old.parts[$0.key] != $0.value }
            var gone = old.parts.filter { new.parts[$0.key] != $0.value }
            for (name, hash) in gone.sorted(by: { $0.key < $1.key }) where Self.isPlace(name) {
                // The same at another place has only moved.
                guard let same = come.first(where: { $0.value == hash && Self.isPlace($0.key) })?.key else { continue }
                come[same] = nil
                gone[name] = nil
            }
            let added = come.filter { gone[$0.key] == nil }
            let changed = come.filter { gone[$0.key] != nil }
            let removed = gone.filter { come[$0.key] == nil }
            let words = [
                Self.inWords("added", added), Self.inWords("changed", changed), Self.inWords("removed", removed),
            ].compactMap(\.self)
            return words.isEmpty ? nil : "\(new.kind): \(words.joined(separator: "; "))"
        }
    }

    /// Whether a name is one that the dialect made of a route's place: `…/route3`.
    private static func isPlace(_ name: String) -> Bool {
        guard let last = name.split(separator: "/").last, last.hasPrefix("route") else { return false }
        return last.utf8.count > 5 && last.utf8.dropFirst(5).allSatisfy { $0 &- 0x30 < 10 }
    }

    private static func inWords(_ what: String, _ names: [String: Int]) -> String? {
        guard !names.isEmpty else { return nil }
        let shown = names.keys.sorted().prefix(maxNames).joined(separator: ", ")
        return "\(what) \(shown)" + (names.count > maxNames ? " and \(names.count - maxNames) more" : "")
    }
}

/// A hash of whatever values of the model hold, places in documents left out.
private struct ContentHasher {
    private var hasher = Hasher()

    var value: Int { hasher.finalize() }

    mutating func combine(_ value: Any) {
        guard !(value is Provenance) else { return }
        let mirror = Mirror(reflecting: value)
        guard !mirror.children.isEmpty else {
            hasher.combine(String(describing: value))
            return
        }
        switch mirror.displayStyle {
        case .set, .dictionary:
            // In no order that two equal ones share.
            var sum = 0
            for child in mirror.children {
                var own = ContentHasher()
                own.combine(child.value)
                sum &+= own.value
            }
            hasher.combine(sum)
        default:
            for child in mirror.children {
                hasher.combine(child.label)
                combine(child.value)
            }
        }
        hasher.combine(mirror.children.count)
    }
}
