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
    /// One document with the revisions it was written at.
    struct Entry: Sendable {
        var document: APISIXDocument
        var created: Int64
        var modified: Int64
    }

    private let store: any DocumentStore
    private let compiler: DocumentCompiler
    private let publisher: any SnapshotPublisher
    private let now: @Sendable () -> Int64
    private let logger: Logger
    /// By `APISIXDocument.key`.
    private(set) var entries: [String: Entry]
    private(set) var revision: Int64
    private var served: CompiledDocuments
    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// The documents of a store, and what they compile to.
    package struct Loaded: Sendable {
        fileprivate var entries: [String: Entry]
        fileprivate var revision: Int64
        package var documents: [APISIXDocument]
    }

    package static func load(_ store: any DocumentStore) async throws -> Loaded {
        let stored = try await store.load()
        var entries: [String: Entry] = [:]
        var documents: [APISIXDocument] = []
        for document in stored.documents {
            guard let kind = APISIXKind(rawValue: document.key.kind) else { continue }
            let value = JSONTree(try JSONDocument(parsing: document.body).root)
            let known = APISIXDocument(kind: kind, id: document.key.id, value: value)
            documents.append(known)
            entries[known.key] = Entry(
                document: known, created: document.createdRevision, modified: document.modifiedRevision)
        }
        return Loaded(entries: entries, revision: stored.revision, documents: documents)
    }

    /// - Parameter served: what the loaded documents came to.
    package init(
        _ loaded: Loaded, served: CompiledDocuments, store: any DocumentStore, compiler: DocumentCompiler,
        publisher: any SnapshotPublisher,
        now: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        entries = loaded.entries
        revision = loaded.revision
        self.served = served
        compiler.serve(served)
        self.store = store
        self.compiler = compiler
        self.publisher = publisher
        self.now = now
        self.logger = logger
    }

    var unixTime: Int64 { now() }

    func entry(_ kind: APISIXKind, _ id: String) -> Entry? { entries[APISIXDocument.key(kind, id)] }

    /// Those of a kind in the order they were first written.
    func list(_ kind: APISIXKind) -> [Entry] {
        entries.values.filter { $0.document.kind == kind }
            .sorted { ($0.created, $0.document.id) < ($1.created, $1.document.id) }
    }

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
            return .error(503, "the document could not be stored")
        }
    }

    private func perform(_ plan: Plan, _ request: AdminRequest) async throws -> AdminAnswer {
        var next = entries
        for document in plan.deleted { next[document.key] = nil }
        for document in plan.written {
            let created = next[document.key]?.created ?? revision + 1
            next[document.key] = Entry(document: document, created: created, modified: revision + 1)
        }
        let compiled = compiler.compile(Self.ordered(next))
        guard let snapshot = compiled.snapshot else {
            let problem = compiled.diagnostics.first { $0.severity == .error }
            throw AdminRefusal(400, "invalid configuration: \(problem?.message ?? "it can't be served")")
        }
        let changes =
            plan.deleted.map { DocumentChange(key: $0.storeKey, body: nil) }
            + plan.written.map { DocumentChange(key: $0.storeKey, body: $0.value.text) }
        revision = try await store.commit(
            changes,
            audit: AuditEntry(
                time: now(), actor: request.caller.name, origin: request.caller.address,
                action: "\(request.method) /\(request.path.joined(separator: "/"))"))
        entries = next
        served = compiled
        compiler.serve(compiled)
        warn(of: compiled.diagnostics, about: plan.written)
        try await publisher.publish(snapshot)
        return plan.answer(plan.written.first.flatMap { next[$0.key] })
    }

    /// Of what was written just now; the rest has been said.
    private func warn(of diagnostics: [Diagnostic], about written: [APISIXDocument]) {
        let keys = Set(written.map(\.key))
        for diagnostic in diagnostics where keys.contains(diagnostic.provenance.document) {
            logger.warning("\(diagnostic.oneLine)")
        }
    }

    private static func ordered(_ entries: [String: Entry]) -> [APISIXDocument] {
        entries.values.sorted { ($0.created, $0.document.key) < ($1.created, $1.document.key) }.map(\.document)
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
        guard let snapshot = compiler.renewed(served) else { return }
        do {
            try await publisher.publish(snapshot)
        } catch {
            logger.error("keys that were fetched can't be served: \(error)")
        }
    }
}

extension APISIXDocument {
    var storeKey: DocumentKey { DocumentKey(kind: kind.rawValue, id: id) }
}
