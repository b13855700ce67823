internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayStore

struct StoreRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Make the documents what they were at a revision, as a new revision.",
        discussion: "`tollgate store history` shows the revisions; a rollback can be rolled back."
    )

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("The revision to go back to; 0: nothing was stored.", valueName: "revision"))
    var to: Int64

    func run() async throws {
        let target = try store.sealed(store.store(.writing))
        let summary = try await store.perform { try await store.writer(target).bringBack(to: to) }
        summary.report()
    }
}
