package import GatewayControl
package import GatewayDialects
package import GatewayModel

/// Where gateway groups take traffic: at what their documents say, and at what the command line says of them.
package struct GatewayGroups: Sendable {
    private let listen: [String: [ListenAddress]]

    /// - Parameter listen: by the id of a group what the command line says.
    package init(listen: [String: [ListenAddress]]) {
        self.listen = listen
    }

    /// What the command line says of a group.
    func named(_ id: String) -> [ListenAddress] { listen[id] ?? [] }

    package func group(_ document: APISIXDocument) -> GatewayGroup {
        let written = named(document.id)
        return GatewayGroup(
            id: document.id, addresses: written + document.listeners.filter { !written.contains($0) })
    }

    /// Groups that the command line names and that nobody has written.
    package func unknown(among documents: [APISIXDocument]) -> [String] {
        listen.keys.filter { id in !documents.contains { $0.id == id } }.sorted()
    }

    /// Two groups that would take traffic at one address, or nil.
    package func conflict(among documents: [APISIXDocument]) -> (address: ListenAddress, first: String, second: String)?
    {
        var owners: [ListenAddress: String] = [:]
        for group in documents.map(group) {
            for address in group.addresses {
                if let other = owners.updateValue(group.id, forKey: address) { return (address, other, group.id) }
            }
        }
        return nil
    }
}

extension LoadedDocuments {
    /// What all gateway groups compile to; documents that can't be served are set apart. Nil where a group can't be
    /// served at all, which is no document's fault.
    package func compiled(
        by compiler: DocumentCompiler, _ groups: GatewayGroups
    ) -> (compiled: DocumentCompiler.Compiled?, diagnostics: [Diagnostic]) {
        var compiled = DocumentCompiler.Compiled()
        var diagnostics: [Diagnostic] = []
        for document in gatewayGroups {
            let group = groups.group(document)
            let (next, found) = compiler.compile(
                isolating: self.groups[group.id]?.change ?? APISIXChange(to: APISIXDocumentSet()), in: group,
                onto: compiled)
            diagnostics += found.map { $0.inGroup(group.id) }
            guard let next else { return (nil, diagnostics) }
            compiled = next
        }
        return (compiled, diagnostics)
    }
}

extension Diagnostic {
    /// With the gateway group that its document is in, unless that is the usual one.
    package func inGroup(_ group: String) -> Diagnostic {
        guard group != GatewayGroup.standardID else { return self }
        var copy = self
        copy.provenance.document = "gateway group \(group): \(provenance.document)"
        return copy
    }
}
