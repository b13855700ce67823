internal import Bytes
package import GatewayDialects
package import GatewayModel
package import GatewayStore

/// The documents of a store, read.
package struct LoadedDocuments: Sendable {
    package private(set) var set = APISIXDocumentSet()
    package private(set) var revision: Int64
    /// Keys of those that can't be read.
    package private(set) var unreadable: Set<String> = []
    package private(set) var diagnostics: [Diagnostic] = []

    package init(_ store: any DocumentStore) async throws {
        let stored = try await store.load()
        revision = stored.revision
        for document in stored.documents { read(document) }
    }

    private mutating func read(_ stored: StoredDocument) {
        guard let kind = APISIXKind(rawValue: stored.key.kind) else {
            let place = Provenance(document: "\(stored.key.kind) \(stored.key.id)")
            diagnostics.append(
                Diagnostic(
                    .warning, "document_unknown", "this version has no documents of the kind `\(stored.key.kind)`",
                    at: place, hint: "it is kept, and does nothing; a later version may have written it"))
            return
        }
        var document = APISIXDocument(kind: kind, id: stored.key.id, value: .null)
        do {
            document.value = JSONTree(try JSONDocument(parsing: stored.body).root)
        } catch {
            unreadable.insert(document.key)
            diagnostics.append(
                Diagnostic(
                    .error, "document_invalid", "the store holds no JSON here: \(error.reason.rawValue)",
                    at: document.provenance))
        }
        set.put(
            APISIXDocumentSet.Entry(
                document, body: stored.body, created: stored.createdRevision, modified: stored.modifiedRevision,
                place: stored.place), document)
    }

    /// All of it, to be compiled.
    package var change: APISIXChange { APISIXChange(to: set, isolated: unreadable) }
}
