internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayDialects

/// A language that configurations are written in.
enum DialectName: String, CaseIterable, ExpressibleByArgument {
    case agentgateway
    case apisix
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

    @Flag(help: "Print the calls of the Admin API as OpenAPI 3.1 instead (apisix).")
    var openapi = false

    @Flag(help: "Print the names of the plugins that are offered instead, one a line (apisix).")
    var plugins = false

    func validate() throws {
        if plugins || openapi, dialect != .apisix {
            throw ValidationError("--\(plugins ? "plugins" : "openapi") is for apisix.")
        }
    }

    func run() {
        if plugins { return print(APISIXPlugin.all.map(\.name).joined(separator: "\n")) }
        if openapi { return print(AdminOpenAPI.text, terminator: "") }
        switch dialect {
        case .agentgateway:
            print(markdown ? AgentgatewayDialect.reference : AgentgatewayDialect.jsonSchema, terminator: "")
        case .apisix: print(markdown ? APISIXDialect.reference : APISIXDialect.jsonSchema, terminator: "")
        }
    }
}
