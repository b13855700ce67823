internal import GatewayModel

extension Compiler {
    /// What the policies of a listener say of their resources.
    mutating func resourceDocuments(_ policies: [EffectivePolicy]) -> ResourceDocuments? {
        var documents: [ResourceMetadata] = []
        for metadata in policies.flatMap(\.resourceMetadata) {
            guard let known = documents.first(where: { $0.path == metadata.path }) else {
                documents.append(metadata)
                continue
            }
            guard known.document != metadata.document else { continue }
            report(
                Diagnostic(
                    .error, "resource_duplicate",
                    "the listener has another document at `\(metadata.path)`, of line \(known.provenance.line)",
                    at: metadata.provenance,
                    hint: "give each `resource` a path of its own, or put them at listeners of their own"))
        }
        return ResourceDocuments(documents)
    }
}

extension EffectivePolicy {
    fileprivate var resourceMetadata: [ResourceMetadata] {
        let tokens =
            [jwtAuthentication].compactMap { $0 } + (furtherAuthentication?.combined?.tokenAuthenticators ?? [])
        return tokens.compactMap(\.resourceMetadata)
    }
}
