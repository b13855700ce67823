internal import Bytes
package import GatewayControl
package import GatewayDialects
internal import GatewayModel
package import GatewayStore
package import Logging

/// The documents of the Admin API: the one place they are changed in.
///
/// A write is checked, compiled with all the others, stored, and served by every event loop; then it is answered. Writes
/// come one after the other.
package actor ResourceSet {
    typealias Entry = APISIXDocumentSet.Entry

    private let store: any DocumentStore
    private let compiler: DocumentCompiler
    private let publisher: any SnapshotPublisher
    private let status: ConfigurationStatus
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private(set) var documents: APISIXDocumentSet
    private var compiled: DocumentCompiler.Compiled
    private(set) var revision: Int64
    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter compiled: what the documents compile to, which is served.
    package init(
        _ loaded: LoadedDocuments, _ compiled: DocumentCompiler.Compiled, store: any DocumentStore,
        compiler: DocumentCompiler,
        publisher: any SnapshotPublisher, status: ConfigurationStatus, now: @escaping @Sendable () -> Int64,
        logger: Logger
    ) {
        documents = loaded.set
        revision = loaded.revision
        self.compiled = compiled
        compiler.serve(compiled)
        self.store = store
        self.compiler = compiler
        self.publisher = publisher
        self.status = status
        self.now = now
        self.logger = logger
    }

    var unixTime: Int64 { now() }

    func entry(_ kind: APISIXKind, _ id: String) -> Entry? { documents.entry(kind, id) }

    /// Those of a kind in the order they were first written.
    func list(_ kind: APISIXKind) -> [Entry] { documents.all(kind) }

    // MARK: - Writing

    /// What a write would do, decided while nothing else can.
    struct Plan {
        var written: [APISIXDocument] = []
        var deleted: [APISIXDocument] = []
        var answer: @Sendable (Entry?) -> AdminAnswer
    }

    /// Plans a write, carries it out, and answers.
    func write(_ request: AdminRequest, _ plan: (isolated ResourceSet) throws -> Plan) async -> AdminAnswer {
        await enter()
        defer { leave() }
        do {
            let plan = try plan(self)
            return try await perform(plan, request)
        } catch let refusal as AdminRefusal {
            return refusal.answer
        } catch {
            logger.error("a write of the Admin API failed: \(error)")
            return .error(503, "the document could not be stored: \(error)")
        }
    }

    /// Whatever can be refused is refused before anything is stored.
    private func perform(_ plan: Plan, _ request: AdminRequest) async throws -> AdminAnswer {
        let written = plan.written.map { document in
            let created = entry(document.kind, document.id)?.created ?? revision + 1
            return (
                entry: Entry(document, body: document.value.text, created: created, modified: revision + 1),
                document: document
            )
        }
        let compiled = try compile(written, plan.deleted)
        try publisher.prepare(compiled.snapshot)
        let changes =
            plan.deleted.map { DocumentChange(key: $0.storeKey, body: nil) }
            + written.map { DocumentChange(key: $0.document.storeKey, body: $0.entry.body) }
        revision = try await store.commit(
            changes,
            audit: AuditEntry(
                time: now(), actor: request.caller.name, origin: request.caller.address,
                action: "\(request.method) /\(request.path.joined(separator: "/"))"))
        for document in plan.deleted { documents.remove(document.kind, document.id) }
        for (entry, document) in written { documents.put(entry, document) }
        self.compiled = compiled
        compiler.serve(compiled)
        do {
            try await publisher.publish(compiled.snapshot)
            status.note(.served)
        } catch {
            status.note(.unservable)
            logger.error("revision \(revision) is stored and not served: \(error)")
            throw AdminRefusal(503, "stored at revision \(revision), but not served: \(error)")
        }
        return plan.answer(written.first?.entry)
    }

    private func compile(
        _ written: [(entry: Entry, document: APISIXDocument)], _ deleted: [APISIXDocument]
    ) throws -> DocumentCompiler.Compiled {
        let change = APISIXChange(
            to: documents, written: written, deleted: deleted, isolated: self.compiled.isolated)
        let (compiled, diagnostics) = compiler.compile(change, onto: self.compiled)
        guard let compiled else {
            let problem = diagnostics.first { $0.severity == .error }
            throw AdminRefusal(400, "invalid configuration: \(problem?.wholeMessage ?? "it can't be served")")
        }
        // Of what is written now; the rest has been said.
        let keys = change.touchedKeys
        for diagnostic in diagnostics where keys.contains(diagnostic.provenance.document) {
            logger.warning("\(diagnostic.oneLine)")
        }
        return compiled
    }

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
            try await publisher.publish(compiled.snapshot)
        } catch {
            logger.error("keys that were fetched can't be served: \(error)")
        }
    }
}

extension APISIXDocument {
    var storeKey: DocumentKey { DocumentKey(kind: kind.rawValue, id: id) }
}
