internal import ArgumentParser
internal import GatewayStore

struct StoreHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show who changed what, when and from where, the latest first."
    )

    @OptionGroup var store: StoreOptions

    @Option(help: "How many revisions.")
    var limit = 20

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number from 1.") }
    }

    func run() async throws {
        let source = try store.store(.reading)
        let records = try await store.perform { try await source.auditTrail(limit: limit) }
        var table = Table(["revision", "when", "who", "from", "what", "documents"])
        for record in records {
            let entry = record.entry
            table.add([
                "\(record.revision)", DateWords.date(entry.time), entry.actor, entry.origin, entry.action,
                Self.words(record.keys),
            ])
        }
        print(table.rendered, terminator: "")
    }

    private static func words(_ key: DocumentKey) -> String {
        ["", DocumentKey.standardGroup].contains(key.group)
            ? "\(key.kind) \(key.id)" : "\(key.kind) \(key.id) of \(key.group)"
    }

    private static func words(_ keys: [DocumentKey]) -> String {
        let shown = keys.prefix(3).map(Self.words).joined(separator: ", ")
        return keys.count > 3 ? "\(shown) and \(keys.count - 3) more" : shown
    }
}
