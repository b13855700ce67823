internal import Synchronization

/// Documents that last as long as the process: for a gateway without a folder, and for tests.
package final class MemoryStore: DocumentStore {
    private struct State {
        var documents: [StoredDocument] = []
        var revision: Int64 = 0
        var trail: [(record: AuditRecord, before: [String?])] = []
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
            var before: [String?] = []
            for (place, change) in changes.enumerated() {
                before.append(try Self.apply(change, at: revision, place, &documents))
            }
            state.documents = documents
            state.revision = revision
            let record = AuditRecord(revision: revision, entry: audit, keys: changes.map(\.key))
            state.trail.append((record, before))
            return revision
        }
    }

    /// Answers what the document was before.
    private static func apply(
        _ change: DocumentChange, at revision: Int64, _ place: Int, _ documents: inout [StoredDocument]
    ) throws -> String? {
        let index = documents.firstIndex { $0.key == change.key }
        let before = index.map { documents[$0] }
        try change.check(before?.modifiedRevision)
        switch (index, change.body) {
        case (let index?, let body?):
            documents[index].body = body
            documents[index].modifiedRevision = revision
        case (let index?, nil): documents.remove(at: index)
        case (nil, let body?):
            documents.append(
                StoredDocument(
                    key: change.key, body: body, createdRevision: revision, modifiedRevision: revision, place: place))
        case (nil, nil): break
        }
        return before?.body
    }

    package func auditTrail(limit: Int) async throws -> [AuditRecord] {
        state.withLock { $0.trail.suffix(limit).reversed().map(\.record) }
    }

    package func changes(backTo revision: Int64) async throws -> [DocumentChange] {
        try state.withLock { state in
            guard (0...state.revision).contains(revision) else {
                throw RevisionUnknown(revision: revision, known: 0...state.revision)
            }
            var found: [DocumentChange] = []
            for (record, before) in state.trail.dropFirst(Int(revision)) {
                for (key, body) in zip(record.keys, before) where !found.contains(where: { $0.key == key }) {
                    found.append(DocumentChange(key: key, body: body))
                }
            }
            return found
        }
    }
}
