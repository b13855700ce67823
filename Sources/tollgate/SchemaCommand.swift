internal import ArgumentParser
internal import GatewayDialects

/// A language that configurations are written in.
enum DialectName: String, CaseIterable, ExpressibleByArgument {
    case agentgateway
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a configuration.",
        discussion: """
            For editors that complete and check while one writes, and for other programs. Draft 2020-12. Fields that
            the original does not have are marked "x-tollgate". Docs/Reference is made from it.
            """
    )

    @Argument(help: "The language of the configuration.")
    var dialect = DialectName.agentgateway

    @Flag(help: "Print the reference as Markdown instead.")
    var markdown = false

    func run() {
        switch dialect {
        case .agentgateway:
            print(markdown ? AgentgatewayDialect.reference : AgentgatewayDialect.jsonSchema, terminator: "")
        }
    }
}
