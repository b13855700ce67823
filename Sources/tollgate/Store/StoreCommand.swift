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

    /// What the key opens of a store.
    func sealed(_ store: SQLiteStore) throws -> SealedStore { try key.sealing(store, folder: data) }

    func store(_ access: SQLiteStore.Access) throws -> SQLiteStore {
        do {
            return try SQLiteStore(folder: data, access: access)
        } catch {
            throw Exit.usage("\(error).")
        }
    }

    func writer(_ store: SealedStore) -> StoreWriter {
        let compiler = DocumentCompiler(
            listen: AdminOptions.standardListen, process: RunCommand.adminProcess,
            environment: Environment.variables, remote: RemoteKeySources(store: nil, clock: .system()),
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

extension StoreWriter.Summary {
    /// What was done, in a sentence.
    var words: String {
        written + deleted == 0
            ? "nothing to change; revision \(revision)"
            : "\(written) written, \(deleted) deleted, \(unchanged) unchanged; revision \(revision)"
    }
}
