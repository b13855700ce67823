internal import Bytes
package import GatewayControl
package import GatewayDialects
internal import GatewayModel
package import GatewayStore
package import Logging

/// The documents of the Admin API: the one place they are changed in.
///
/// A write is checked, compiled with all the others, stored, and served by every event loop; then it is answered.
/// Writes come one after the other.
package actor ResourceSet {
    typealias Entry = APISIXDocumentSet.Entry

    private let store: any DocumentStore
    private let compiler: DocumentCompiler
    private let publisher: GroupPublisher
    private let status: ConfigurationStatus
    private let gatewayGroups: GatewayGroups
    private let now: @Sendable () -> Int64
    private let logger: Logger
    /// By gateway group; under `LoadedDocuments.noGroup` the groups themselves.
    private var groups: [String: APISIXDocumentSet]
    private var compiled: DocumentCompiler.Compiled
    private var revision: Int64
    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter compiled: what the documents compile to, which is served.
    package init(
        _ loaded: LoadedDocuments, _ compiled: DocumentCompiler.Compiled, store: any DocumentStore,
        compiler: DocumentCompiler, gatewayGroups: GatewayGroups, publisher: GroupPublisher,
        status: ConfigurationStatus, now: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        groups = loaded.groups.mapValues(\.set)
        revision = loaded.revision
        self.compiled = compiled
        compiler.serve(compiled)
        self.store = store
        self.compiler = compiler
        self.gatewayGroups = gatewayGroups
        self.publisher = publisher
        self.status = status
        self.now = now
        self.logger = logger
    }

    /// Whether a gateway group is there.
    func isThere(_ group: String) -> Bool {
        groups[LoadedDocuments.noGroup]?.entry(.gatewayGroup, group) != nil
    }

    /// The documents of a group as they are now: to be looked at and let go, as a change behind a copy of them would
    /// copy all of them.
    func documents(of group: String) -> GroupDocuments {
        GroupDocuments(
            group: group, documents: groups[group] ?? APISIXDocumentSet(), revision: revision, unixTime: now())
    }

    // MARK: - Writing

    /// Plans a write, carries it out, and answers.
    func write(
        _ request: AdminRequest, _ group: String, _ plan: (GroupDocuments) throws -> GroupDocuments.Plan
    ) async -> AdminAnswer {
        await enter()
        defer { leave() }
        do {
            let plan = try plan(documents(of: group))
            return try await perform(plan, request)
        } catch let refusal as AdminRefusal {
            return refusal.answer
        } catch {
            logger.error("a write of the Admin API failed: \(error)")
            return .error(503, "the document could not be stored: \(error)")
        }
    }

    /// Whatever can be refused is refused before anything is stored.
    private func perform(_ plan: GroupDocuments.Plan, _ request: AdminRequest) async throws -> AdminAnswer {
        let written = plan.written.map { document in
            let known = groups[plan.group]?.entry(document.kind, document.id)
            let created = known.flatMap { $0.created > 0 ? $0.created : nil } ?? revision + 1
            return (
                entry: Entry(document, body: document.value.text, created: created, modified: revision + 1),
                document: document
            )
        }
        let emptied = try emptiedGroups(by: plan, isForced: request.query["force"] == "true")
        let compiled: DocumentCompiler.Compiled
        do {
            compiled =
                plan.group == LoadedDocuments.noGroup
                ? try regrouped(plan) : try compile(written, plan.deleted, in: plan.group)
            try prepare(compiled, plan)
            revision = try await store.commit(
                changes(written, plan, emptied), audit: audit(of: request))
        } catch {
            // What the refused write names is not fetched.
            compiler.serve(self.compiled)
            throw error
        }
        for warning in plan.warnings { logger.warning("\(warning.inGroup(plan.group).oneLine)") }
        for document in plan.deleted { groups[plan.group]?.remove(document.kind, document.id) }
        for group in emptied { groups[group] = nil }
        for (entry, document) in written { groups[plan.group, default: APISIXDocumentSet()].put(entry, document) }
        self.compiled = compiled
        compiler.serve(compiled)
        do {
            for group in plan.servedGroups { try await publisher.publish(group, compiled) }
            status.note(.served)
        } catch {
            status.note(.unservable)
            logger.error("revision \(revision) is stored and not served: \(error)")
            throw AdminRefusal(503, "stored at revision \(revision), but not served: \(error)")
        }
        return plan.answer(written.first?.entry)
    }

    /// What can't be served is refused, be it an address that another process has.
    private func prepare(_ compiled: DocumentCompiler.Compiled, _ plan: GroupDocuments.Plan) throws {
        for group in plan.servedGroups {
            do {
                try publisher.prepare(group, compiled)
            } catch {
                throw AdminRefusal(400, "it can't be served: \(error)")
            }
        }
    }

    /// Opens what gateway groups lack of their addresses and is free now.
    func takeWhatIsFree() async {
        guard publisher.lacksAny else { return }
        await enter()
        defer { leave() }
        await publisher.takeWhatIsFree(compiled)
    }

    private func audit(of request: AdminRequest) -> AuditEntry {
        AuditEntry(
            time: now(), actor: request.caller.name, origin: request.caller.address,
            action: "\(request.method) /\(request.path.joined(separator: "/"))")
    }

    private func changes(
        _ written: [(entry: Entry, document: APISIXDocument)], _ plan: GroupDocuments.Plan, _ emptied: [String]
    ) -> [DocumentChange] {
        let gone = emptied.flatMap { group in
            (groups[group]?.everything ?? []).map { (group: group, kind: $0.kind, id: $0.id) }
        }
        return gone.map { DocumentChange(key: DocumentKey(group: $0.group, $0.kind, $0.id), body: nil) }
            + plan.deleted.map { DocumentChange(key: DocumentKey(group: plan.group, $0.kind, $0.id), body: nil) }
            + written.map { item in
                DocumentChange(
                    key: DocumentKey(group: plan.group, item.document.kind, item.document.id), body: item.entry.body)
            }
    }

    private func compile(
        _ written: [(entry: Entry, document: APISIXDocument)], _ deleted: [APISIXDocument], in id: String
    ) throws -> DocumentCompiler.Compiled {
        let group = gatewayGroup(id)
        let change = APISIXChange(
            to: groups[id] ?? APISIXDocumentSet(), written: written, deleted: deleted,
            isolated: self.compiled.isolated(in: id))
        let (compiled, diagnostics) = compiler.compile(change, in: group, onto: self.compiled)
        guard let compiled else {
            let problem = diagnostics.first { $0.severity == .error }
            let message = problem?.wholeMessage ?? "it can't be served"
            // Of a plugin, APISIX says no more.
            throw AdminRefusal(
                400, message.hasPrefix(APISIXPlugin.failedCheck) ? message : "invalid configuration: \(message)")
        }
        // Of what is written now; the rest has been said.
        let keys = change.touchedKeys
        for diagnostic in diagnostics where keys.contains(diagnostic.provenance.document) {
            logger.warning("\(diagnostic.inGroup(id).oneLine)")
        }
        return compiled
    }

    // MARK: - Gateway groups

    private func gatewayGroup(_ id: String) -> GatewayGroup {
        let written = groups[LoadedDocuments.noGroup]?.entry(.gatewayGroup, id)?.document
        return gatewayGroups.group(written ?? APISIXDocument(kind: .gatewayGroup, id: id, value: .null))
    }

    /// The gateway groups that a plan deletes; one that holds documents goes with them, where that is forced.
    private func emptiedGroups(by plan: GroupDocuments.Plan, isForced: Bool) throws -> [String] {
        let ids = plan.deleted.filter { $0.kind == .gatewayGroup }.map(\.id)
        for id in ids where !isForced {
            guard let held = groups[id], held.count > 0 else { continue }
            throw AdminRefusal(
                400,
                "can not delete this gateway group, it holds \(held.count) documents; delete them, or use force=true")
        }
        return ids
    }

    /// What is served once gateway groups have come, gone or moved.
    private func regrouped(_ plan: GroupDocuments.Plan) throws -> DocumentCompiler.Compiled {
        let touched = Set((plan.written + plan.deleted).map(\.id))
        let others = (groups[LoadedDocuments.noGroup]?.all(.gatewayGroup) ?? []).filter { !touched.contains($0.id) }
        if let (address, first, second) = gatewayGroups.conflict(among: others.map(\.document) + plan.written) {
            throw AdminRefusal(
                400,
                "invalid configuration: the gateway groups `\(first)` and `\(second)` can't both listen on \(address)")
        }
        var next = compiled
        for document in plan.deleted { next = next.removing(document.id) }
        for document in plan.written {
            let group = gatewayGroups.group(document)
            if next.snapshot(of: group.id) != nil {
                next = next.listening(group)
                continue
            }
            let documents = APISIXChange(to: groups[group.id] ?? APISIXDocumentSet())
            let (compiled, diagnostics) = compiler.compile(isolating: documents, in: group, onto: next)
            guard let compiled else {
                throw AdminRefusal(
                    400, "invalid configuration: \(diagnostics.first?.message ?? "the group can't be served")")
            }
            next = compiled
        }
        return next
    }

    // MARK: - One at a time

    private func enter() async {
        guard isWriting else {
            isWriting = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands the turn on, or gives it up.
    private func leave() {
        guard !waiting.isEmpty else {
            isWriting = false
            return
        }
        waiting.removeFirst().resume()
    }
}

extension ResourceSet: KeyConsumer {
    package func keysChanged() async {
        await enter()
        defer { leave() }
        compiled = compiler.renewed(compiled)
        do {
            for group in compiled.groupIDs { try await publisher.publish(group, compiled) }
        } catch {
            logger.error("keys that were fetched can't be served: \(error)")
        }
    }
}

extension DocumentKey {
    init(group: String, _ kind: APISIXKind, _ id: String) {
        self.init(group: group, kind: kind.rawValue, id: id)
    }
}
