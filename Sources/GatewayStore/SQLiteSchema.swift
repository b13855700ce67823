internal import GRDB

/// The tables of a store, and what they were in versions before.
enum SQLiteSchema {
    /// A file with a higher one is not touched.
    static let formatVersion = 3

    /// Revisions that documents can be brought back behind.
    private static let rememberedRevisions: Int64 = 10_000

    /// Throws where the file is none of ours, or is damaged.
    static func check(_ database: Database, _ path: String) throws {
        let version = try version(database)
        guard version <= formatVersion else { throw SQLiteStore.Failure.newer(path, version) }
        guard version == formatVersion else {
            throw SQLiteStore.Failure.damaged(path, "it is of a version before; start a gateway on it once")
        }
        try checkPages(database, path)
    }

    /// Makes the tables, or brings them to this version's.
    static func prepare(_ database: Database, _ path: String) throws {
        let version = try version(database)
        guard version <= formatVersion else { throw SQLiteStore.Failure.newer(path, version) }
        if version > 0 { try checkPages(database, path) }
        if version == 0 { try database.execute(sql: first) }
        if version < 2 { try database.execute(sql: second) }
        if version < 3 { try database.execute(sql: third) }
    }

    private static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    private static func checkPages(_ database: Database, _ path: String) throws {
        let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
        if problem != "ok" { throw SQLiteStore.Failure.damaged(path, problem) }
    }

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
        """

    /// `before`: what the document was; null where it was not there, or where that is forgotten. What revisions before
    /// this format changed nobody knows.
    private static let second = """
        ALTER TABLE documents ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE changes ADD COLUMN before TEXT;
        CREATE TABLE horizon (revision INTEGER NOT NULL);
        INSERT INTO horizon SELECT coalesce(max(revision), 0) FROM revisions;
        PRAGMA user_version = 2;
        """

    /// Gateway groups came; what was there is in the one that all had.
    private static let third = """
        CREATE TABLE grouped (
            gateway_group TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
            created INTEGER NOT NULL, modified INTEGER NOT NULL, place INTEGER NOT NULL,
            PRIMARY KEY (gateway_group, kind, id)
        ) WITHOUT ROWID;
        INSERT INTO grouped SELECT 'default', kind, id, body, created, modified, place FROM documents;
        DROP TABLE documents;
        ALTER TABLE grouped RENAME TO documents;
        ALTER TABLE changes ADD COLUMN gateway_group TEXT NOT NULL DEFAULT 'default';
        PRAGMA user_version = 3;
        """

    // MARK: - Revisions

    static func revision(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT max(revision) FROM revisions") ?? 0
    }

    /// The revisions that documents can be brought back to.
    static func remembered(_ database: Database) throws -> ClosedRange<Int64> {
        let last = try revision(database)
        let horizon = try Int64.fetchOne(database, sql: "SELECT revision FROM horizon") ?? 0
        return max(horizon, last - rememberedRevisions)...last
    }

    /// Drops what only bringing back would need, and what is too old for the audit trail.
    static func forget(behind revision: Int64, at time: Int64, _ retention: HistoryRetention, _ database: Database)
        throws
    {
        try database.cachedStatement(sql: "UPDATE changes SET before = NULL WHERE revision = ?")
            .execute(arguments: [revision - rememberedRevisions])
        guard let oldest = try Int64.fetchOne(database.cachedStatement(sql: "SELECT min(revision) FROM revisions"))
        else { return }
        var last = revision - retention.maxRevisions
        if let maxAge = retention.maxAge {
            let statement = try database.cachedStatement(
                sql: "SELECT revision FROM revisions WHERE time >= ? ORDER BY revision LIMIT 1")
            let young = try Int64.fetchOne(statement, arguments: [time - maxAge]) ?? revision
            last = max(last, young - 1)
        }
        // The latest one says at which revision the store is.
        last = min(last, revision - 1, oldest + HistoryRetention.maxForgottenAtOnce - 1)
        guard last >= oldest else { return }
        for sql in [
            "DELETE FROM changes WHERE revision <= ?", "DELETE FROM revisions WHERE revision <= ?",
            "UPDATE horizon SET revision = max(revision, ?)",
        ] { try database.cachedStatement(sql: sql).execute(arguments: [last]) }
    }
}
