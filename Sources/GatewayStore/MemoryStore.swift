internal import Synchronization

/// Documents that last as long as the process: for a gateway without a folder, and for tests.
package final class MemoryStore: DocumentStore {
    private struct State {
        var documents: [StoredDocument] = []
        var revision: Int64 = 0
        var trail: [(record: AuditRecord, before: [String?])] = []
    }

    private let state = Mutex(State())
    private let retention: HistoryRetention

    package init(retention: HistoryRetention = .standard) {
        self.retention = retention
    }

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
            state.trail.removeFirst(forgotten(state.trail))
            return revision
        }
    }

    /// How many of the oldest records go; the latest one stays.
    private func forgotten(_ trail: [(record: AuditRecord, before: [String?])]) -> Int {
        guard let latest = trail.last?.record else { return 0 }
        let old = trail.prefix { item in
            item.record.revision <= latest.revision - retention.maxRevisions
                || retention.maxAge.map { item.record.entry.time < latest.entry.time - $0 } ?? false
        }
        return min(old.count, trail.count - 1, Int(HistoryRetention.maxForgottenAtOnce))
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
            let oldest = state.revision - Int64(state.trail.count)
            guard (oldest...state.revision).contains(revision) else {
                throw RevisionUnknown(revision: revision, known: oldest...state.revision)
            }
            var found: [DocumentChange] = []
            for (record, before) in state.trail.dropFirst(Int(revision - oldest)) {
                for (key, body) in zip(record.keys, before) where !found.contains(where: { $0.key == key }) {
                    found.append(DocumentChange(key: key, body: body))
                }
            }
            return found
        }
    }
}
