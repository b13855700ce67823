internal import Bytes
package import GatewayControl
package import GatewayDialects
internal import GatewayModel
package import GatewayStore

/// Changes of a whole store, which no gateway serves meanwhile: all of what is asked for, or nothing.
package struct StoreWriter: Sendable {
    /// What stands in the way, a line for each fault.
    package struct Problems: Error, Sendable {
        package let lines: [String]
    }

    package struct Summary: Sendable {
        package var written = 0
        package var deleted = 0
        package var unchanged = 0
        package var revision: Int64
    }

    private let store: any DocumentStore
    private let compiler: DocumentCompiler
    /// Unix seconds.
    private let now: Int64
    private let actor: String

    /// - Parameter actor: who is said to have done it.
    package init(_ store: any DocumentStore, compiler: DocumentCompiler, now: Int64, actor: String) {
        self.store = store
        self.compiler = compiler
        self.now = now
        self.actor = actor
    }

    /// Writes the documents of an archive.
    ///
    /// - Parameter isReplacing: whether those that are not in it go.
    package func add(_ archive: DocumentArchive, isReplacing: Bool) async throws -> Summary {
        let loaded = try await LoadedDocuments(store)
        var written: [APISIXDocument] = []
        var unchanged = 0
        for document in archive.documents {
            let known = loaded.set.entry(document.kind, document.id)?.document
            let document = stamped(document.unmasked(by: known), known)
            if let known, known.value == document.value { unchanged += 1 } else { written.append(document) }
        }
        var deleted: [APISIXDocument] = []
        if isReplacing {
            let kept = Set(archive.documents.map(\.key))
            deleted = APISIXChange(to: loaded.set).entries(of: .all).filter { !kept.contains($0.key) }.map(\.document)
        }
        var summary = try await commit(written, deleted, onto: loaded, action: "import")
        summary.unchanged = unchanged
        return summary
    }

    /// Makes the documents what they were at a revision, which is a revision of its own.
    package func bringBack(to revision: Int64) async throws -> Summary {
        let loaded = try await LoadedDocuments(store)
        var written: [APISIXDocument] = []
        var deleted: [APISIXDocument] = []
        for change in try await store.changes(backTo: revision) {
            guard let kind = APISIXKind(rawValue: change.key.kind) else {
                throw Problems(lines: ["\(change.key.kind) \(change.key.id): this version has no such documents"])
            }
            var document = APISIXDocument(kind: kind, id: change.key.id, value: .null)
            let known = loaded.set.entry(kind, document.id)
            guard let body = change.body else {
                if let known { deleted.append(known.document) }
                continue
            }
            guard known?.body != body else { continue }
            document.value = JSONTree(try JSONDocument(parsing: body).root)
            written.append(document)
        }
        return try await commit(written, deleted, onto: loaded, action: "rollback to revision \(revision)")
    }

    /// Times are given to what has none.
    private func stamped(_ document: APISIXDocument, _ known: APISIXDocument?) -> APISIXDocument {
        guard var members = document.value.object else { return document }
        for name in ["create_time", "update_time"] where members[name] == nil {
            members[name] = known?.value[name] ?? .integer(now)
        }
        return APISIXDocument(kind: document.kind, id: document.id, value: .object(members))
    }

    // MARK: - Checking

    private func commit(
        _ written: [APISIXDocument], _ deleted: [APISIXDocument], onto loaded: LoadedDocuments, action: String
    ) async throws -> Summary {
        guard !written.isEmpty || !deleted.isEmpty else { return Summary(revision: loaded.revision) }
        let next = next(written, deleted, onto: loaded)
        let problems = problems(written, deleted, next, onto: loaded)
        guard problems.isEmpty else { throw Problems(lines: problems) }
        let changes =
            deleted.map { DocumentChange(key: $0.storeKey, body: nil) }
            + written.map { DocumentChange(key: $0.storeKey, body: $0.value.text) }
        let revision = try await store.commit(
            changes, audit: AuditEntry(time: now, actor: actor, origin: "command line", action: action))
        return Summary(written: written.count, deleted: deleted.count, revision: revision)
    }

    /// The documents as they will be.
    private func next(
        _ written: [APISIXDocument], _ deleted: [APISIXDocument], onto loaded: LoadedDocuments
    ) -> APISIXDocumentSet {
        var set = loaded.set
        let revision = loaded.revision + 1
        for document in deleted { set.remove(document.kind, document.id) }
        for (place, document) in written.enumerated() {
            let known = set.entry(document.kind, document.id)
            let entry = APISIXDocumentSet.Entry(
                document, body: document.value.text, created: known?.created ?? revision, modified: revision,
                place: known?.place ?? place)
            set.put(entry, document)
        }
        return set
    }

    private func problems(
        _ written: [APISIXDocument], _ deleted: [APISIXDocument], _ next: APISIXDocumentSet,
        onto loaded: LoadedDocuments
    ) -> [String] {
        var lines = written.flatMap { document in
            problems(document, next).map { "\(document.key): \($0)" }
        }
        for document in deleted {
            if let user = next.users(of: document.kind, document.id).first {
                lines.append("\(document.key): it is still named by \(user.key)")
            }
        }
        guard lines.isEmpty else { return lines }
        let keys = Set(written.map(\.key))
        let change = APISIXChange(to: next, isolated: loaded.unreadable.subtracting(keys))
        let (compiled, diagnostics) = compiler.compile(isolating: change)
        let isolated = compiled?.isolated.subtracting(loaded.unreadable) ?? []
        let isOurs = compiled == nil || !isolated.isDisjoint(with: keys)
        return isOurs ? diagnostics.filter { $0.severity == .error }.map(\.oneLine) : []
    }

    private func problems(_ document: APISIXDocument, _ next: APISIXDocumentSet) -> [String] {
        if let place = document.maskedPlace {
            return [
                "`\(place)` holds the mask of a secret, and the store has none to put there; export with "
                    + "--with-secrets, or write it"
            ]
        }
        if let problem = APISIXCheck.problem(document) { return [problem] }
        var lines = document.references.filter { next.entry($0.kind, $0.id) == nil }
            .map { "it names \($0.kind.words) [\($0.id)], which is not there" }
        if document.kind == .credential, next.entry(.consumer, document.owner) == nil {
            lines.append("its consumer [\(document.owner)] is not there")
        }
        if let (plugin, member, other) = next.duplicate(of: document) {
            lines.append("\(other.key) has the same \(member) of \(plugin)")
        }
        return lines
    }
}
