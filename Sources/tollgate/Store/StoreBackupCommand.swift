internal import ArgumentParser
internal import GatewayStore

struct StoreBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store with its history to a new file, while a gateway writes to it.",
        discussion: "To restore it, put the file into an empty folder as `tollgate.sqlite`."
    )

    @OptionGroup var store: StoreOptions

    @OptionGroup var argument: StoreFileArgument

    func run() async throws {
        let source = try store.store(.reading)
        try await store.perform { try await source.backUp(to: argument.file) }
    }
}
