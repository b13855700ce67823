internal import Bytes
package import GatewayControl
package import GatewayDialects
package import GatewayModel
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
        /// About what was written and is not kept, and what names documents that are not there.
        package var warnings: [Diagnostic] = []
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
        var written: [GroupedDocument] = []
        var unchanged = 0
        var warnings: [Diagnostic] = []
        for item in archive.documents {
            let known = loaded.entry(of: item)?.document
            let (kept, left) = kept(item)
            let document = stamped(kept.unmasked(by: known), known)
            warnings += left
            if let known, known.value == document.value {
                unchanged += 1
            } else {
                written.append(GroupedDocument(item.group, document))
            }
        }
        var deleted: [GroupedDocument] = []
        if isReplacing {
            let kept = Set(archive.documents.map(\.name))
            deleted = loaded.stored.filter { !kept.contains($0.name) }
        }
        var summary = try await commit(written, deleted, onto: loaded, action: "import")
        summary.unchanged = unchanged
        summary.warnings = warnings + summary.warnings
        return summary
    }

    /// Makes the documents what they were at a revision, which is a revision of its own.
    package func bringBack(to revision: Int64) async throws -> Summary {
        let loaded = try await LoadedDocuments(store)
        var written: [GroupedDocument] = []
        var deleted: [GroupedDocument] = []
        for change in try await store.changes(backTo: revision) {
            guard let kind = APISIXKind(rawValue: change.key.kind) else {
                throw Problems(lines: ["\(change.key.kind) \(change.key.id): this version has no such documents"])
            }
            var item = GroupedDocument(
                change.key.group, APISIXDocument(kind: kind, id: change.key.id, value: .null))
            let known = loaded.entry(of: item)
            guard let body = change.body else {
                if let known { deleted.append(GroupedDocument(item.group, known.document)) }
                continue
            }
            guard known?.body != body else { continue }
            item.document.value = JSONTree(try JSONDocument(parsing: body).root)
            item.document = kept(item).document
            written.append(item)
        }
        return try await commit(written, deleted, onto: loaded, action: "rollback to revision \(revision)")
    }

    /// Without private halves of keys; what can't be told apart is found when it is checked.
    private func kept(_ item: GroupedDocument) -> (document: APISIXDocument, warnings: [Diagnostic]) {
        guard let (document, warnings) = try? item.document.keepingPublicHalves() else { return (item.document, []) }
        return (document, warnings.map { $0.inGroup(item.group) })
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
        _ written: [GroupedDocument], _ deleted: [GroupedDocument], onto loaded: LoadedDocuments, action: String
    ) async throws -> Summary {
        guard !written.isEmpty || !deleted.isEmpty else { return Summary(revision: loaded.revision) }
        var next = loaded
        for item in deleted { next.remove(item) }
        for (place, item) in written.enumerated() { next.put(item, place: place) }
        let problems = problems(written, deleted, next, onto: loaded)
        guard problems.isEmpty else { throw Problems(lines: problems) }
        let changes =
            deleted.map { DocumentChange(key: $0.storeKey, body: nil) }
            + written.map { DocumentChange(key: $0.storeKey, body: $0.document.value.text) }
        let revision = try await store.commit(
            changes, audit: AuditEntry(time: now, actor: actor, origin: "command line", action: action))
        return Summary(
            written: written.count, deleted: deleted.count, revision: revision,
            warnings: danglingReferences(written, deleted, next))
    }

    /// What is written, or loses what it names, and names what is not there. Deleting by force leaves such documents,
    /// so a store that had them must take them back; whatever depends on them is refused when it is served.
    private func danglingReferences(
        _ written: [GroupedDocument], _ deleted: [GroupedDocument], _ next: LoadedDocuments
    ) -> [Diagnostic] {
        let users = deleted.flatMap { item in
            next.set(of: item.group).users(of: item.document.kind, item.document.id).map {
                GroupedDocument(item.group, $0.document)
            }
        }
        var seen: Set<String> = []
        return (written + users).filter { seen.insert($0.name).inserted }.flatMap { item in
            item.document.references.filter { next.set(of: item.group).entry($0.kind, $0.id) == nil }.map {
                Diagnostic(
                    .warning, "reference_dangling", "it names \($0.kind.words) [\($0.id)], which is not there",
                    at: item.document.provenance, hint: "requests that need it are refused until it is written"
                ).inGroup(item.group)
            }
        }
    }

    private func problems(
        _ written: [GroupedDocument], _ deleted: [GroupedDocument], _ next: LoadedDocuments,
        onto loaded: LoadedDocuments
    ) -> [String] {
        var lines = written.flatMap { item in problems(item, next).map { "\(item.name): \($0)" } }
        for item in deleted {
            if item.document.kind == .gatewayGroup, next.set(of: item.document.id).count > 0 {
                lines.append("\(item.name): it still holds documents")
            }
        }
        if let (address, first, second) = GatewayGroups(listen: [:]).conflict(among: next.gatewayGroups) {
            lines.append("the gateway groups `\(first)` and `\(second)` can't both listen on \(address)")
        }
        guard lines.isEmpty else { return lines }
        let touched = Set((written + deleted).map(\.group)).subtracting([LoadedDocuments.noGroup])
        return touched.sorted().flatMap { compilingProblems(written, in: $0, next, onto: loaded) }
    }

    /// What keeps a gateway group's documents from being served.
    private func compilingProblems(
        _ written: [GroupedDocument], in group: String, _ next: LoadedDocuments, onto loaded: LoadedDocuments
    ) -> [String] {
        let keys = Set(written.filter { $0.group == group }.map(\.document.key))
        let unreadable = loaded.groups[group]?.unreadable ?? []
        let change = APISIXChange(to: next.set(of: group), isolated: unreadable.subtracting(keys))
        let (compiled, diagnostics) = compiler.compile(
            isolating: change, in: GatewayGroup(id: group, addresses: []))
        let isolated = compiled?.isolated(in: group).subtracting(unreadable) ?? []
        let isOurs = compiled == nil || !isolated.isDisjoint(with: keys)
        return isOurs ? diagnostics.filter { $0.severity == .error }.map { $0.inGroup(group).oneLine } : []
    }

    private func problems(_ item: GroupedDocument, _ loaded: LoadedDocuments) -> [String] {
        let (document, next) = (item.document, loaded.set(of: item.group))
        if item.group != LoadedDocuments.noGroup, !loaded.gatewayGroups.contains(where: { $0.id == item.group }) {
            return ["there is no such gateway group"]
        }
        if let place = document.maskedPlace {
            return [
                "`\(place)` holds the mask of a secret, and the store has none to put there; export with "
                    + "--with-secrets, or write it"
            ]
        }
        if let problem = APISIXCheck.problem(document) { return [problem] }
        do {
            _ = try document.keepingPublicHalves()
        } catch {
            return [error.message]
        }
        var lines: [String] = []
        if document.kind == .credential, next.entry(.consumer, document.owner) == nil {
            lines.append("its consumer [\(document.owner)] is not there")
        }
        if let (plugin, member, other) = next.duplicate(of: document) {
            lines.append("\(other.key) has the same \(member) of \(plugin)")
        }
        return lines
    }
}

extension GroupedDocument {
    fileprivate var storeKey: DocumentKey { DocumentKey(group: group, document.kind, document.id) }
}

extension LoadedDocuments {
    fileprivate func entry(of item: GroupedDocument) -> APISIXDocumentSet.Entry? {
        groups[item.group]?.set.entry(item.document.kind, item.document.id)
    }
}
