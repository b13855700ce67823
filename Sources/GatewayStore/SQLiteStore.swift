internal import Bytes
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
        case missing(String)
        case newer(String, Int)
        case damaged(String, String)
        case full(String)
        case failed(String, String)

        package var description: String {
            switch self {
            case .folder(let path, let reason): "cannot use the folder `\(path)`: \(reason)"
            case .inUse(let path):
                "another process serves the folder `\(path)`; stop it, or give each gateway a folder of its own"
            case .missing(let path): "there is no store at `\(path)`"
            case .newer(let path, let version):
                "`\(path)` was written by a later version (format \(version)); this one reads up to "
                    + "\(SQLiteSchema.formatVersion)"
            case .damaged(let path, let reason):
                "`\(path)` can't be read: \(reason); restore it from a backup, or move it away to start anew"
            case .full(let path): "the disk of `\(path)` is full; nothing was changed"
            case .failed(let path, let reason): "`\(path)` can't be written: \(reason); nothing was changed"
            }
        }
    }

    package enum Access: Sendable {
        /// Nobody else may have it meanwhile.
        case writing
        /// Beside a gateway that writes.
        case reading
    }

    private let database: DatabaseQueue
    private let lock: FolderLock?
    private let path: String
    private let retention: HistoryRetention

    /// Opens the store in a folder; to write, the folder is made where it is missing.
    ///
    /// - Parameters:
    ///   - retention: what a write forgets.
    ///   - maxBytes: how large the file may get; nil: as the disk has room.
    package init(
        folder: String, access: Access = .writing, retention: HistoryRetention = .standard, maxBytes: Int? = nil
    ) throws {
        self.retention = retention
        path = folder + "/tollgate.sqlite"
        lock = access == .writing ? try FolderLock(folder) : nil
        if access == .reading, FolderLock.isMissing(path) { throw Failure.missing(path) }
        var configuration = Configuration()
        configuration.readonly = access == .reading
        configuration.prepareDatabase { database in
            guard access == .writing else { return }
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
            if let maxBytes {
                let page = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
                try database.execute(sql: "PRAGMA max_page_count = \(max(1, maxBytes / page))")
            }
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            let path = path
            switch access {
            case .writing: try database.write { try SQLiteSchema.prepare($0, path) }
            case .reading: try database.read { try SQLiteSchema.check($0, path) }
            }
        } catch let error as DatabaseError {
            throw Failure.damaged(path, error.message ?? "\(error)")
        }
        // What is in it lets its reader sign tokens.
        if access == .writing { for suffix in ["", "-wal", "-shm"] { _ = chmod(path + suffix, 0o600) } }
    }

    package func load() async throws -> StoredDocuments {
        try await reading { database in
            // Row by row: bodies stay, and between them all rows at once would leave holes that no page is given back
            // of.
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT gateway_group, kind, id, body, created, modified, place FROM documents
                    ORDER BY created, place, kind, id
                    """)
            var documents: [StoredDocument] = []
            while let row = try rows.next() {
                documents.append(
                    StoredDocument(
                        key: DocumentKey(group: row[0], kind: row[1], id: row[2]), body: row[3],
                        createdRevision: row[4], modifiedRevision: row[5], place: row[6]))
            }
            return StoredDocuments(documents: documents, revision: try SQLiteSchema.revision(database))
        }
    }

    package func commit(_ changes: [DocumentChange], audit: AuditEntry) async throws -> Int64 {
        do {
            return try await database.write { [retention] database in
                let revision = try SQLiteSchema.revision(database) + 1
                try database.execute(
                    sql: "INSERT INTO revisions VALUES (?, ?, ?, ?, ?)",
                    arguments: [revision, audit.time, audit.actor, audit.origin, audit.action])
                for (place, change) in changes.enumerated() { try change.apply(to: database, revision, place) }
                try SQLiteSchema.forget(behind: revision, at: audit.time, retention, database)
                return revision
            }
        } catch let error as DatabaseError {
            throw error.resultCode == .SQLITE_FULL
                ? Failure.full(path) : Failure.failed(path, error.message ?? "\(error)")
        }
    }

    package func auditTrail(limit: Int) async throws -> [AuditRecord] {
        try await reading { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT revision, time, actor, origin, action FROM revisions ORDER BY revision DESC LIMIT ?",
                arguments: [limit])
            return try rows.map { row in
                let revision: Int64 = row[0]
                let keys = try Row.fetchAll(
                    database, sql: "SELECT gateway_group, kind, id FROM changes WHERE revision = ? ORDER BY position",
                    arguments: [revision])
                return AuditRecord(
                    revision: revision, entry: AuditEntry(time: row[1], actor: row[2], origin: row[3], action: row[4]),
                    keys: keys.map { DocumentKey(group: $0[0], kind: $0[1], id: $0[2]) })
            }
        }
    }

    package func changes(backTo revision: Int64) async throws -> [DocumentChange] {
        try await reading { database in
            let known = try SQLiteSchema.remembered(database)
            guard known.contains(revision) else { throw RevisionUnknown(revision: revision, known: known) }
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT gateway_group, kind, id, before FROM changes WHERE revision > ?
                    ORDER BY revision, position
                    """,
                arguments: [revision])
            var seen: Set<DocumentKey> = []
            return rows.compactMap { row in
                let key = DocumentKey(group: row[0], kind: row[1], id: row[2])
                return seen.insert(key).inserted ? DocumentChange(key: key, body: row[3]) : nil
            }
        }
    }

    /// Writes all of it to a new file, which its owner alone can read.
    package func backUp(to file: String) async throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure.failed(file, systemMessage(errno)) }
        close(descriptor)
        do {
            try await database.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [file]) }
        } catch let error as DatabaseError {
            unlink(file)
            throw error.resultCode == .SQLITE_FULL
                ? Failure.full(file) : Failure.failed(file, error.message ?? "\(error)")
        }
    }

    private func reading<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value
    {
        do {
            return try await database.read(body)
        } catch let error as DatabaseError {
            throw Failure.damaged(path, error.message ?? "\(error)")
        }
    }
}

extension DocumentChange {
    fileprivate func apply(to database: Database, _ revision: Int64, _ place: Int) throws {
        let name: StatementArguments = [key.group, key.kind, key.id]
        let old = try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT modified, body FROM documents WHERE gateway_group = ? AND kind = ? AND id = ?"),
            arguments: name)
        let before: String? = old?[1]
        try check(old?[0])
        if let body {
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO documents (gateway_group, kind, id, body, created, modified, place)
                    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (gateway_group, kind, id)
                    DO UPDATE SET body = excluded.body, modified = excluded.modified
                    """)
            try statement.execute(arguments: name + [body, revision, revision, place])
        } else {
            try database.cachedStatement(
                sql: "DELETE FROM documents WHERE gateway_group = ? AND kind = ? AND id = ?"
            ).execute(arguments: name)
        }
        try database.cachedStatement(
            sql: """
                INSERT INTO changes (gateway_group, kind, id, revision, position, before) VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: name + [revision, place, before])
    }
}
