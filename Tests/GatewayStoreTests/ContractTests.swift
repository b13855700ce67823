import Foundation
import GatewayStore
import Testing

/// What every store has to do, whatever it keeps documents in.
@Suite struct `a document store` {
    enum Kind: String, CaseIterable, Sendable {
        case memory, sqlite, sealed
    }

    private let folder = TemporaryFolder()

    private func store(_ kind: Kind, retention: HistoryRetention = .standard) throws -> any DocumentStore {
        switch kind {
        case .memory: MemoryStore(retention: retention)
        case .sqlite: try SQLiteStore(folder: folder.path, retention: retention)
        case .sealed:
            try SealedStore(
                SQLiteStore(folder: folder.path, retention: retention), secret: Array(repeating: 7, count: 32))
        }
    }

    private let route = DocumentKey(kind: "route", id: "1")

    private func audit(_ action: String = "PUT /routes/1") -> AuditEntry {
        AuditEntry(time: 1_700_000_000, actor: "admin", origin: "127.0.0.1", action: action)
    }

    @Test(arguments: Kind.allCases) func `begins empty, at revision 0`(_ kind: Kind) async throws {
        #expect(try await store(kind).load() == StoredDocuments(documents: [], revision: 0))
    }

    @Test(arguments: Kind.allCases) func `keeps what was written, with the revisions that did`(_ kind: Kind)
        async throws
    {
        let store = try store(kind)
        #expect(try await store.commit([DocumentChange(key: route, body: "{}")], audit: audit()) == 1)
        #expect(try await store.commit([DocumentChange(key: route, body: "{\"a\":1}")], audit: audit()) == 2)
        let expected = StoredDocument(key: route, body: "{\"a\":1}", createdRevision: 1, modifiedRevision: 2)
        #expect(try await store.load() == StoredDocuments(documents: [expected], revision: 2))
    }

    @Test(arguments: Kind.allCases) func `lists documents in the order they were first written`(
        _ kind: Kind
    ) async throws {
        let store = try store(kind)
        let keys = ["b", "a", "c"].map { DocumentKey(kind: "route", id: $0) }
        for key in keys + [keys[0]] {
            _ = try await store.commit([DocumentChange(key: key, body: "{}")], audit: audit())
        }
        #expect(try await store.load().documents.map(\.key) == keys)
    }

    @Test(arguments: Kind.allCases) func `makes all changes of a commit or none`(_ kind: Kind) async throws {
        let store = try store(kind)
        let other = DocumentKey(kind: "route", id: "2")
        _ = try await store.commit([DocumentChange(key: route, body: "{}")], audit: audit())
        await #expect(throws: DocumentConflict.self) {
            _ = try await store.commit(
                [
                    DocumentChange(key: other, body: "{}"),
                    DocumentChange(key: route, body: "{}", expectation: .absent),
                ], audit: audit())
        }
        let loaded = try await store.load()
        #expect(loaded.documents.map(\.key) == [route])
        #expect(loaded.revision == 1)
    }

    @Test(arguments: Kind.allCases) func `refuses a change of a document that has moved on`(_ kind: Kind) async throws {
        let store = try store(kind)
        _ = try await store.commit([DocumentChange(key: route, body: "1")], audit: audit())
        _ = try await store.commit([DocumentChange(key: route, body: "2", expectation: .revision(1))], audit: audit())
        do {
            _ = try await store.commit(
                [DocumentChange(key: route, body: "3", expectation: .revision(1))], audit: audit())
            Issue.record("a stale write was taken")
        } catch let conflict as DocumentConflict {
            #expect(conflict.key == route)
            #expect(conflict.actual == 2)
        }
        #expect(try await store.load().documents.first?.body == "2")
    }

    @Test(arguments: Kind.allCases) func `deletes, and counts that as a revision`(_ kind: Kind) async throws {
        let store = try store(kind)
        _ = try await store.commit([DocumentChange(key: route, body: "{}")], audit: audit())
        _ = try await store.commit([DocumentChange(key: route, body: nil)], audit: audit())
        #expect(try await store.load() == StoredDocuments(documents: [], revision: 2))
    }

    @Test(arguments: Kind.allCases) func `lists what one commit wrote in its order`(_ kind: Kind) async throws {
        let store = try store(kind)
        let keys = ["b", "c", "a"].map { DocumentKey(kind: "route", id: $0) }
        _ = try await store.commit(keys.map { DocumentChange(key: $0, body: "{}") }, audit: audit())
        #expect(try await store.load().documents.map(\.key) == keys)
    }

    @Test(arguments: Kind.allCases) func `knows what leads back to each revision`(_ kind: Kind) async throws {
        let store = try store(kind)
        let other = DocumentKey(kind: "route", id: "2")
        _ = try await store.commit([DocumentChange(key: route, body: "1")], audit: audit())
        _ = try await store.commit(
            [DocumentChange(key: route, body: "2"), DocumentChange(key: other, body: "3")], audit: audit())
        _ = try await store.commit([DocumentChange(key: route, body: nil)], audit: audit())
        #expect(try await store.changes(backTo: 3) == [])
        #expect(try await store.changes(backTo: 2) == [DocumentChange(key: route, body: "2")])
        #expect(
            try await store.changes(backTo: 1)
                == [DocumentChange(key: route, body: "1"), DocumentChange(key: other, body: nil)])
        #expect(
            try await store.changes(backTo: 0)
                == [DocumentChange(key: route, body: nil), DocumentChange(key: other, body: nil)])
        for revision in [-1, 4] as [Int64] {
            await #expect(throws: RevisionUnknown(revision: revision, known: 0...3)) {
                _ = try await store.changes(backTo: revision)
            }
        }
    }

    @Test(arguments: Kind.allCases) func `remembers who changed what, the latest first`(_ kind: Kind) async throws {
        let store = try store(kind)
        _ = try await store.commit([DocumentChange(key: route, body: "{}")], audit: audit("first"))
        _ = try await store.commit([DocumentChange(key: route, body: nil)], audit: audit("second"))
        let trail = try await store.auditTrail(limit: 10)
        #expect(trail.map(\.revision) == [2, 1])
        #expect(trail.map(\.entry.action) == ["second", "first"])
        #expect(trail.first?.keys == [route])
        #expect(try await store.auditTrail(limit: 1).count == 1)
    }

    @Test(arguments: Kind.allCases) func `keeps documents of two groups apart that have one id`(
        _ kind: Kind
    ) async throws {
        let store = try store(kind)
        let other = DocumentKey(group: "blue", kind: "route", id: "1")
        _ = try await store.commit(
            [DocumentChange(key: route, body: "1"), DocumentChange(key: other, body: "2")], audit: audit())
        _ = try await store.commit(
            [DocumentChange(key: other, body: "3", expectation: .revision(1))], audit: audit())
        #expect(Set(try await store.load().documents.map(\.key)) == [route, other])
        #expect(try await store.load().documents.first { $0.key == route }?.body == "1")
        #expect(try await store.load().documents.first { $0.key == other }?.body == "3")
        #expect(try await store.auditTrail(limit: 1).first?.keys == [other])
        #expect(try await store.changes(backTo: 1) == [DocumentChange(key: other, body: "2")])
        _ = try await store.commit([DocumentChange(key: route, body: nil)], audit: audit())
        #expect(try await store.load().documents.map(\.key) == [other])
    }

    @Test(arguments: Kind.allCases) func `forgets what was changed before the latest few revisions`(
        _ kind: Kind
    ) async throws {
        let store = try store(kind, retention: HistoryRetention(maxRevisions: 3, maxAge: nil))
        for body in ["1", "2", "3", "4", "5"] {
            _ = try await store.commit([DocumentChange(key: route, body: body)], audit: audit(body))
        }
        #expect(try await store.auditTrail(limit: 10).map(\.entry.action) == ["5", "4", "3"])
        #expect(try await store.changes(backTo: 2) == [DocumentChange(key: route, body: "2")])
        await #expect(throws: RevisionUnknown(revision: 1, known: 2...5)) {
            _ = try await store.changes(backTo: 1)
        }
        #expect(try await store.load().revision == 5)
    }

    @Test(arguments: Kind.allCases) func `forgets what was changed too long ago, and never the latest revision`(
        _ kind: Kind
    ) async throws {
        let store = try store(kind, retention: HistoryRetention(maxRevisions: 100, maxAge: 60))
        for time in [1000, 1010, 1065, 5000] as [Int64] {
            var audit = audit()
            audit.time = time
            _ = try await store.commit([DocumentChange(key: route, body: "\(time)")], audit: audit)
            let expected: [Int64] = time == 1065 ? [1065, 1010] : time == 1010 ? [1010, 1000] : [time]
            #expect(try await store.auditTrail(limit: 10).map(\.entry.time) == expected)
        }
        #expect(try await store.load().revision == 4)
        #expect(try await store.changes(backTo: 3).map(\.body) == ["1065"])
    }
}

@Suite struct `the store on disk` {
    private let folder = TemporaryFolder()
    private let change = DocumentChange(key: DocumentKey(kind: "route", id: "1"), body: "{\"secret\":\"s\"}")
    private let audit = AuditEntry(time: 0, actor: "a", origin: "o", action: "w")

    private func write() async throws {
        _ = try await SQLiteStore(folder: folder.path).commit([change], audit: audit)
    }

    @Test func `has what was written after it is opened again`() async throws {
        try await write()
        let loaded = try await SQLiteStore(folder: folder.path).load()
        #expect(loaded.documents.map(\.body) == [change.body])
        #expect(loaded.revision == 1)
    }

    @Test func `loses nothing where the disk is full, and goes on where there is room again`() async throws {
        let store = try SQLiteStore(folder: folder.path, maxBytes: 256 << 10)
        _ = try await store.commit([change], audit: audit)
        let large = DocumentChange(
            key: DocumentKey(kind: "route", id: "large"), body: String(repeating: "x", count: 1 << 20))
        let failure = await #expect(throws: SQLiteStore.Failure.self) {
            _ = try await store.commit([large], audit: audit)
        }
        #expect("\(try #require(failure))".contains("is full; nothing was changed"))
        #expect(try await store.load().revision == 1)
        #expect(try await store.commit([change], audit: audit) == 2)
    }

    @Test func `is not opened where pages of it are damaged`() async throws {
        var store: SQLiteStore? = try SQLiteStore(folder: folder.path)
        for number in 0..<400 {
            let key = DocumentKey(kind: "route", id: "\(number)")
            let body = String(repeating: "x", count: 400)
            _ = try await store?.commit([DocumentChange(key: key, body: body)], audit: audit)
        }
        store = nil
        let file = URL(filePath: "\(folder.path)/tollgate.sqlite")
        var bytes = try Data(contentsOf: file)
        try #require(bytes.count > 65536)
        for offset in 20480..<40960 { bytes[offset] = 0xA5 }
        try bytes.write(to: file)
        let failure = #expect(throws: SQLiteStore.Failure.self) { _ = try SQLiteStore(folder: folder.path) }
        #expect("\(try #require(failure))".contains("restore it from a backup"))
    }

    @Test func `is backed up and read while it is written`() async throws {
        let store = try SQLiteStore(folder: folder.path)
        _ = try await store.commit([change], audit: audit)
        let reader = try SQLiteStore(folder: folder.path, access: .reading)
        #expect(try await reader.load().documents.count == 1)
        let other = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
        try await reader.backUp(to: "\(other.path)/tollgate.sqlite")
        _ = try await store.commit([DocumentChange(key: change.key, body: nil)], audit: audit)
        #expect(try await reader.load().documents.isEmpty)
        let restored = try SQLiteStore(folder: other.path)
        #expect(try await restored.load().documents.map(\.body) == [change.body])
        #expect(try await restored.auditTrail(limit: 5).count == 1)
        await #expect(throws: SQLiteStore.Failure.self) { try await reader.backUp(to: "\(other.path)/tollgate.sqlite") }
        await #expect(throws: SQLiteStore.Failure.self) { _ = try await reader.commit([change], audit: audit) }
    }

    @Test func `is not read where there is none`() {
        let failure = #expect(throws: SQLiteStore.Failure.self) {
            _ = try SQLiteStore(folder: folder.path, access: .reading)
        }
        #expect(failure.map { "\($0)".contains("there is no store") } == true)
    }

    @Test func `is nobody else's while it is open`() async throws {
        let store = try SQLiteStore(folder: folder.path)
        #expect(throws: SQLiteStore.Failure.self) { _ = try SQLiteStore(folder: folder.path) }
        _ = try await store.load()
    }

    @Test func `can be read by its owner alone`() async throws {
        try await write()
        for name in ["tollgate.sqlite", "lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func `is not opened where the file is no database`() throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data(repeating: 0x78, count: 8192).write(to: URL(filePath: "\(folder.path)/tollgate.sqlite"))
        let failure = #expect(throws: SQLiteStore.Failure.self) { _ = try SQLiteStore(folder: folder.path) }
        #expect("\(try #require(failure))".contains("restore it from a backup"))
    }

    @Test func `is not opened where its folder can't be made`() {
        #expect(throws: SQLiteStore.Failure.self) { _ = try SQLiteStore(folder: "/proc/nowhere") }
    }
}

/// A path below the temporary folder that goes away with the test; nothing is there at first.
final class TemporaryFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "tollgate-store-\(UUID().uuidString)").path

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
