internal import Bytes
package import GatewayModel

// Of ten thousand routes most say nothing of their own but where they are: what they take of a service, a plugin
// config, an upstream and global rules is one for all of them, and read once.

extension APISIXDecoder {
    /// The set that a route has its policies from: another route has the same ones that names the same documents and
    /// says the same itself. Nil where it has a limit of its own, which counts for itself, or a `timeout`, as its
    /// upstream is what that makes of a shared one.
    func policySet(of route: APISIXDocument) -> PolicySetID? {
        let (value, plugins) = (route.value, route.value["plugins"])
        guard value["timeout"] == nil, plugins?["limit-count"] == nil else { return nil }
        let own = "\(plugins?.text ?? "") \(value["upstream"]?.without(Self.onlyOfServers).text ?? "")"
        let set = PolicySetID(
            documents: route.references.map { APISIXDocument.key($0.kind, $0.id) }, own: Fingerprint(of: own))
        // One list for all of its routes.
        return policySets.index(forKey: set).map { policySets.keys[$0] } ?? set
    }

    /// Where policies of a set are said to stand: nowhere that anybody could look.
    static func place(of set: PolicySetID) -> Provenance {
        Provenance(document: "routes of \(set.documents.joined(separator: ", "))", path: "\(set.own)")
    }
}

extension APISIXDialect {
    /// Diagnostics about policies of sets at each of the configuration's routes that take them; others as they are.
    package static func atEachRoute(
        _ diagnostics: [Diagnostic], of configuration: GatewayConfiguration
    ) -> [Diagnostic] {
        guard diagnostics.contains(where: { !$0.provenance.path.isEmpty }) else { return diagnostics }
        let routes = configuration.binds.flatMap(\.listeners).flatMap(\.routes)
        let members = Dictionary(grouping: routes) { $0.policySet.map(APISIXDecoder.place) }
        return diagnostics.flatMap { diagnostic in
            (members[diagnostic.provenance] ?? []).map { route in
                var copy = diagnostic
                copy.provenance = route.provenance
                return copy
            } + (members[diagnostic.provenance] == nil ? [diagnostic] : [])
        }
    }
}

extension APISIXDocument {
    /// Whether all routes that name it take the same from it besides policies and servers: which requests are theirs,
    /// and what it is called.
    func matchesAlike(_ other: APISIXDocument) -> Bool {
        ["host", "hosts", "status", "name"].allSatisfy { value[$0] == other.value[$0] }
    }
}
