internal import ArgumentParser
internal import Bytes
internal import GatewayAdmin
internal import GatewayStore

struct StoreExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all documents as one JSON text.",
        discussion: """
            Secrets are masked unless they are asked for. What is masked can be imported where the store knows the
            secret already.
            """
    )

    @OptionGroup var store: StoreOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("A new file; else the standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Write secrets as they are: whoever reads the file can sign tokens.")
    var withSecrets = false

    func run() async throws {
        let source = try store.sealed(store.store(.reading))
        let loaded = try await store.perform { try await LoadedDocuments(source) }
        let text = DocumentArchive.text(of: loaded, withSecrets: withSecrets)
        guard let output else { return print(String(decoding: text, as: UTF8.self), terminator: "") }
        do throws(OutputFile.Failure) {
            try OutputFile.create(secret: text, at: output)
        } catch {
            throw Exit.usage("cannot write `\(output)`: \(error.reason).")
        }
    }
}
