internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayStore

struct StoreImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write the documents of an export, as one revision.",
        discussion: "All of them are checked first, and compiled; one that can't be served keeps out all of them."
    )

    @OptionGroup var store: StoreOptions

    @OptionGroup var argument: StoreFileArgument

    @Flag(help: "Delete the documents that are not in the file.")
    var replace = false

    func run() async throws {
        let text = try InputArgument.document(argument.file, maxBytes: DocumentArchive.maxBytes)
        let archive: DocumentArchive
        do throws(DocumentArchive.Problem) {
            archive = try DocumentArchive(text)
        } catch {
            throw Exit.usage("cannot import \(argument.file): \(error.message).")
        }
        let target = try store.sealed(store.store(.writing))
        let summary = try await store.perform {
            try await store.writer(target).add(archive, isReplacing: replace)
        }
        summary.report()
    }
}
