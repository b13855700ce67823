import Foundation
import GatewayStore
import Testing

@Suite struct `A store with a key` {
    private let folder = TemporaryFolder()
    private let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    private let key = DocumentKey(kind: "consumer", id: "jack")
    private let audit = AuditEntry(time: 0, actor: "a", origin: "o", action: "w")

    private func write(_ body: String, secret: [UInt8]?) async throws {
        let store = try SealedStore(SQLiteStore(folder: folder.path), secret: secret)
        _ = try await store.commit([DocumentChange(key: key, body: body)], audit: audit)
    }

    @Test func `leaves nothing on the disk to be read`() async throws {
        try await write("{\"secret\":\"first-of-all-secrets\"}", secret: secret)
        try await write("{\"secret\":\"second-of-all-secrets\"}", secret: secret)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let bytes = try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)"))
            #expect(bytes.range(of: Data("of-all-secrets".utf8)) == nil, "\(name)")
        }
        let store = try SealedStore(SQLiteStore(folder: folder.path), secret: secret)
        #expect(try await store.load().documents.map(\.body) == ["{\"secret\":\"second-of-all-secrets\"}"])
        #expect(try await store.changes(backTo: 1).map(\.body) == ["{\"secret\":\"first-of-all-secrets\"}"])
    }

    @Test func `is not read without it, nor with another one`() async throws {
        try await write("{}", secret: secret)
        await #expect(throws: SealedStore.Failure.keyMissing) {
            _ = try await SealedStore(SQLiteStore(folder: folder.path), secret: nil).load()
        }
        await #expect(throws: SealedStore.Failure.keyWrong(key)) {
            _ = try await SealedStore(
                SQLiteStore(folder: folder.path), secret: Array(repeating: 1, count: 32)
            ).load()
        }
    }

    @Test func `takes no body for another document's`() async throws {
        let base = MemoryStore()
        let store = try SealedStore(base, secret: secret)
        _ = try await store.commit([DocumentChange(key: key, body: "{}")], audit: audit)
        let sealed = try #require(try await base.load().documents.first?.body)
        for other in [DocumentKey(kind: "consumer", id: "root"), DocumentKey(group: "b", kind: key.kind, id: key.id)] {
            _ = try await base.commit([DocumentChange(key: other, body: sealed)], audit: audit)
            await #expect(throws: SealedStore.Failure.keyWrong(other)) { _ = try await store.load() }
            _ = try await base.commit([DocumentChange(key: other, body: nil)], audit: audit)
        }
    }

    @Test func `reads what was stored before there was one, and seals it when it is written`() async throws {
        try await write("{\"a\":1}", secret: nil)
        let store = try SealedStore(SQLiteStore(folder: folder.path), secret: secret)
        #expect(try await store.load().documents.map(\.body) == ["{\"a\":1}"])
    }

    @Test func `takes no short one`() {
        #expect(throws: SealedStore.Failure.keyTooShort) {
            _ = try SealedStore(MemoryStore(), secret: Array(repeating: 1, count: 31))
        }
    }
}
