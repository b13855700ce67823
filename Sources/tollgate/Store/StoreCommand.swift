internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayControl
internal import GatewayModel
internal import GatewayStore
internal import GatewayTransport

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Export, import, back up and roll back what the Admin API stored.",
        discussion: """
            `export`, `backup` and `history` read beside a gateway that runs. `import` and `rollback` write, all or
            nothing, and only while none runs.
            """,
        subcommands: [
            StoreExportCommand.self, StoreImportCommand.self, StoreBackupCommand.self, StoreHistoryCommand.self,
            StoreRollbackCommand.self,
        ]
    )
}

/// The folder of a store.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder that `tollgate run --data` names.", valueName: "folder"))
    var data: String

    @Option(help: ArgumentHelp("As of `tollgate run`, for `import` and `rollback`.", valueName: "folder"))
    var secretsDir: String?

    @OptionGroup var key: StoreKeyOptions

    @OptionGroup var history: HistoryOptions

    /// What the key opens of a store.
    func sealed(_ store: SQLiteStore) throws -> SealedStore { try key.sealing(store, folder: data) }

    func store(_ access: SQLiteStore.Access) throws -> SQLiteStore {
        do {
            return try SQLiteStore(folder: data, access: access, retention: history.retention)
        } catch {
            throw Exit.usage("\(error).")
        }
    }

    func writer(_ store: SealedStore) -> StoreWriter {
        let compiler = DocumentCompiler(
            process: RunCommand.process(control: .off), environment: Environment.variables,
            remote: RemoteKeySources(store: nil, clock: .system()),
            secrets: SecretSource(environment: Environment.variables, folder: secretsDir))
        return StoreWriter(store, compiler: compiler, now: WallClock.now(), actor: "tollgate store")
    }

    /// Does what a store is asked for; says what stands in the way, and that nothing was changed.
    func perform<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let problems as StoreWriter.Problems {
            for line in problems.lines.prefix(Self.maxProblems) { StandardError.print("error: \(line)") }
            let rest = problems.lines.count - Self.maxProblems
            if rest > 0 { StandardError.print("and \(rest) more") }
            StandardError.print("nothing was changed.")
            throw Exit.refused
        } catch let exit as ExitCode {
            throw exit
        } catch {
            StandardError.print("error: \(error)")
            throw Exit.refused
        }
    }

    private static let maxProblems = 20
}

/// The file of documents that a command reads or writes.
struct StoreFileArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The file.", valueName: "file"), completion: .file())
    var file: String
}

/// How much of the changes is remembered.
struct HistoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many of the latest revisions the store remembers the changes of. (default: \(HistoryRetention.standard.maxRevisions))",
            valueName: "revisions"))
    var keepHistory: Int64?

    @Option(
        help: ArgumentHelp(
            "For how many days it does; without it, however old they are.", valueName: "days"))
    var keepHistoryDays: Int64?

    func validate() throws {
        guard keepHistory.map({ $0 > 0 }) ?? true else { throw ValidationError("--keep-history is a number from 1.") }
        guard keepHistoryDays.map({ (1...36500).contains($0) }) ?? true else {
            throw ValidationError("--keep-history-days is a number from 1 to 36500.")
        }
    }

    var retention: HistoryRetention { HistoryRetention(revisions: keepHistory, days: keepHistoryDays) }
}

extension HistoryRetention {
    init(revisions: Int64?, days: Int64?) {
        self.init(maxRevisions: revisions ?? Self.standard.maxRevisions, maxAge: days.map { $0 * 86400 })
    }
}

extension StoreWriter.Summary {
    /// Prints what was done, in a sentence; what there is to be said of it stands before, on standard error.
    func report() {
        StandardError.report(warnings)
        print(words)
    }

    private var words: String {
        written + deleted == 0
            ? "nothing to change; revision \(revision)"
            : "\(written) written, \(deleted) deleted, \(unchanged) unchanged; revision \(revision)"
    }
}
