internal import GRDB

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Documents in a SQLite file: write-ahead log, and a sync to the disk before a commit is answered.
package final class SQLiteStore: DocumentStore {
    package enum Failure: Error, CustomStringConvertible {
        case folder(String, String)
        case inUse(String)
        case newer(String, Int)
        case damaged(String, String)

        package var description: String {
            switch self {
            case .folder(let path, let reason): "cannot use the folder `\(path)`: \(reason)"
            case .inUse(let path):
                "another process serves the folder `\(path)`; give each gateway a folder of its own"
            case .newer(let path, let version):
                "`\(path)` was written by a later version (format \(version)); this one reads up to \(formatVersion)"
            case .damaged(let path, let reason):
                "`\(path)` can't be read: \(reason); restore it from a backup, or move it away to start anew"
            }
        }
    }

    /// Of the tables; a file with a higher one is not touched.
    private static let formatVersion = 1

    private let database: DatabaseQueue
    private let lock: FolderLock

    /// Opens the store in a folder, which is made where it is missing; nobody else may open it meanwhile.
    package init(folder: String) throws {
        lock = try FolderLock(folder)
        let path = folder + "/tollgate.sqlite"
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            try database.write { try Self.prepare($0, path) }
        } catch let error as DatabaseError {
            throw Failure.damaged(path, error.message ?? "\(error)")
        }
        // What is in it lets its reader sign tokens.
        for suffix in ["", "-wal", "-shm"] { _ = chmod(path + suffix, 0o600) }
    }

    private static func prepare(_ database: Database, _ path: String) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version <= formatVersion else { throw Failure.newer(path, version) }
        guard version == 0 else {
            let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
            if problem != "ok" { throw Failure.damaged(path, problem) }
            return
        }
        try database.execute(
            sql: """
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
                PRAGMA user_version = \(formatVersion);
                """)
    }

    package func load() async throws -> StoredDocuments {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT kind, id, body, created, modified FROM documents ORDER BY created, kind, id")
            return StoredDocuments(
                documents: rows.map { row in
                    StoredDocument(
                        key: DocumentKey(kind: row[0], id: row[1]), body: row[2], createdRevision: row[3],
                        modifiedRevision: row[4])
                }, revision: try Self.revision(database))
        }
    }

    private static func revision(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT max(revision) FROM revisions") ?? 0
    }

    package func commit(_ changes: [DocumentChange], audit: AuditEntry) async throws -> Int64 {
        try await database.write { database in
            let revision = try Self.revision(database) + 1
            try database.execute(
                sql: "INSERT INTO revisions VALUES (?, ?, ?, ?, ?)",
                arguments: [revision, audit.time, audit.actor, audit.origin, audit.action])
            for (position, change) in changes.enumerated() {
                try Self.apply(change, at: revision, database)
                try database.execute(
                    sql: "INSERT INTO changes VALUES (?, ?, ?, ?)",
                    arguments: [revision, position, change.key.kind, change.key.id])
            }
            return revision
        }
    }

    private static func apply(_ change: DocumentChange, at revision: Int64, _ database: Database) throws {
        let key = change.key
        let actual = try Int64.fetchOne(
            database, sql: "SELECT modified FROM documents WHERE kind = ? AND id = ?", arguments: [key.kind, key.id])
        switch change.expectation {
        case .anything: break
        case .absent: if actual != nil { throw DocumentConflict(key: key, actual: actual) }
        case .revision(let expected): if actual != expected { throw DocumentConflict(key: key, actual: actual) }
        }
        guard let body = change.body else {
            return try database.execute(
                sql: "DELETE FROM documents WHERE kind = ? AND id = ?", arguments: [key.kind, key.id])
        }
        try database.execute(
            sql: """
                INSERT INTO documents VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, modified = excluded.modified
                """,
            arguments: [key.kind, key.id, body, revision, revision])
    }

    package func auditTrail(limit: Int) async throws -> [AuditRecord] {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT revision, time, actor, origin, action FROM revisions ORDER BY revision DESC LIMIT ?",
                arguments: [limit])
            return try rows.map { row in
                let revision: Int64 = row[0]
                let keys = try Row.fetchAll(
                    database, sql: "SELECT kind, id FROM changes WHERE revision = ? ORDER BY position",
                    arguments: [revision])
                return AuditRecord(
                    revision: revision, entry: AuditEntry(time: row[1], actor: row[2], origin: row[3], action: row[4]),
                    keys: keys.map { DocumentKey(kind: $0[0], id: $0[1]) })
            }
        }
    }
}

/// A lock on a folder that goes with its holder, however that ends.
private final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: String) throws {
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw SQLiteStore.Failure.folder(folder, String(cString: strerror(errno)))
        }
        let descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteStore.Failure.folder(folder, String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw SQLiteStore.Failure.inUse(folder)
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
