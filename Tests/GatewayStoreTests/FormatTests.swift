import Foundation
import GRDB
import GatewayStore
import Testing

/// Stores that were written by versions before this one.
@Suite struct `A store of an earlier format` {
    private let folder = TemporaryFolder()
    private let audit = AuditEntry(time: 5, actor: "a", origin: "o", action: "w")

    /// The tables of the first format, with two revisions.
    private static let first = """
        CREATE TABLE documents (
            kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
            created INTEGER NOT NULL, modified INTEGER NOT NULL, PRIMARY KEY (kind, id)
        ) WITHOUT ROWID;
        CREATE TABLE revisions (
            revision INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor TEXT NOT NULL, origin TEXT NOT NULL,
            action TEXT NOT NULL
        );
        CREATE TABLE changes (
            revision INTEGER NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
            PRIMARY KEY (revision, position)
        ) WITHOUT ROWID;
        INSERT INTO documents VALUES ('route', '1', '{"uri":"/a"}', 1, 2), ('consumer', 'jack', '{}', 2, 2);
        INSERT INTO revisions VALUES (1, 3, 'admin', '127.0.0.1', 'PUT /routes/1'), (2, 4, 'admin', '127.0.0.1', 'x');
        INSERT INTO changes (revision, position, kind, id)
            VALUES (1, 0, 'route', '1'), (2, 0, 'route', '1'), (2, 1, 'consumer', 'jack');
        """

    /// What the second format added, and one revision more, which can be brought back behind.
    private static let second = """
        ALTER TABLE documents ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE changes ADD COLUMN before TEXT;
        CREATE TABLE horizon (revision INTEGER NOT NULL);
        INSERT INTO horizon SELECT coalesce(max(revision), 0) FROM revisions;
        INSERT INTO revisions VALUES (3, 4, 'admin', '127.0.0.1', 'PUT /consumers/jack');
        INSERT INTO changes (revision, position, kind, id, before) VALUES (3, 0, 'consumer', 'jack', '{"desc":"old"}');
        UPDATE documents SET modified = 3 WHERE kind = 'consumer';
        PRAGMA user_version = 2;
        """

    private func make(_ version: Int) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let database = try DatabaseQueue(path: "\(folder.path)/tollgate.sqlite")
        try database.write { database in
            try database.execute(sql: Self.first)
            if version == 1 { try database.execute(sql: "PRAGMA user_version = 1") }
            if version == 2 { try database.execute(sql: Self.second) }
        }
        try database.close()
    }

    @Test(arguments: [1, 2]) func `opens, and all that is in it is in the group default`(_ version: Int) async throws {
        try make(version)
        let store = try SQLiteStore(folder: folder.path)
        let loaded = try await store.load()
        #expect(loaded.revision == Int64(version) + 1)
        let route = DocumentKey(group: "default", kind: "route", id: "1")
        let jack = DocumentKey(group: "default", kind: "consumer", id: "jack")
        #expect(loaded.documents.map(\.key) == [route, jack])
        #expect(loaded.documents.map(\.body) == ["{\"uri\":\"/a\"}", "{}"])
        #expect(loaded.documents.map(\.createdRevision) == [1, 2])
        #expect(try await store.auditTrail(limit: 1).first?.keys.last == jack)
        if version == 2 {
            #expect(try await store.changes(backTo: 2) == [DocumentChange(key: jack, body: "{\"desc\":\"old\"}")])
        }
        let other = DocumentKey(group: "blue", kind: "route", id: "1")
        #expect(
            try await store.commit([DocumentChange(key: other, body: "{}")], audit: audit) == loaded.revision + 1)
        #expect(try await store.load().documents.count == 3)
    }

    @Test func `is not read beside a gateway before it was opened to be written`() throws {
        try make(2)
        let failure = #expect(throws: SQLiteStore.Failure.self) {
            _ = try SQLiteStore(folder: folder.path, access: .reading)
        }
        #expect(failure.map { "\($0)".contains("start a gateway on it once") } == true)
    }
}
