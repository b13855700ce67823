internal import Synchronization

/// Documents that last as long as the process: for a gateway without a folder, and for tests.
package final class MemoryStore: DocumentStore {
    private struct State {
        var documents: [StoredDocument] = []
        var revision: Int64 = 0
        var trail: [AuditRecord] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func load() async throws -> StoredDocuments {
        state.withLock { StoredDocuments(documents: $0.documents, revision: $0.revision) }
    }

    package func commit(_ changes: [DocumentChange], audit: AuditEntry) async throws -> Int64 {
        try state.withLock { state in
            var documents = state.documents
            let revision = state.revision + 1
            for change in changes { try Self.apply(change, at: revision, &documents) }
            state.documents = documents
            state.revision = revision
            state.trail.append(AuditRecord(revision: revision, entry: audit, keys: changes.map(\.key)))
            return revision
        }
    }

    private static func apply(
        _ change: DocumentChange, at revision: Int64, _ documents: inout [StoredDocument]
    ) throws {
        let index = documents.firstIndex { $0.key == change.key }
        let actual = index.map { documents[$0].modifiedRevision }
        switch change.expectation {
        case .anything: break
        case .absent: if actual != nil { throw DocumentConflict(key: change.key, actual: actual) }
        case .revision(let expected): if actual != expected { throw DocumentConflict(key: change.key, actual: actual) }
        }
        switch (index, change.body) {
        case (let index?, let body?):
            documents[index].body = body
            documents[index].modifiedRevision = revision
        case (let index?, nil): documents.remove(at: index)
        case (nil, let body?):
            documents.append(
                StoredDocument(key: change.key, body: body, createdRevision: revision, modifiedRevision: revision))
        case (nil, nil): break
        }
    }

    package func auditTrail(limit: Int) async throws -> [AuditRecord] {
        state.withLock { Array($0.trail.suffix(limit).reversed()) }
    }
}
