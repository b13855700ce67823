internal import Bytes

extension AgentgatewayDialect {
    /// All objects of the dialect by the names its reference has for them.
    package static var shapes: CollectedShapes { AgentgatewayShapes.document.collected }

    /// The dialect as a JSON Schema.
    package static var jsonSchema: String {
        AgentgatewayShapes.document.jsonSchema(
            title: "A configuration of Tollgate in the dialect of agentgateway", reasons: outOfScope
        ).rendered() + "\n"
    }

    /// The reference of the dialect.
    package static var reference: String {
        var text = """
            # The dialect of agentgateway

            Made by `tollgate schema agentgateway --markdown` from the tables that documents are read with; do not edit.
            [agentgateway.schema.json](agentgateway.schema.json) is the same for editors and other programs.

            A configuration is one YAML or JSON document. Fields are those of agentgateway's standalone mode; what is
            marked **ours** is an addition of Tollgate, which agentgateway refuses. `tollgate validate --strict-schema
            agentgateway` finds such fields, and what is ours in expressions, in a file that has to go back. A field of agentgateway that is not offered
            is refused by name, never ignored.

            Every value may hold environment variables: `$NAME`, `${NAME}`, `${NAME:-otherwise}`; `$$` is a dollar
            sign. A duration is `500ms`, `60s`, `1m30s` or `12h`.

            ## Differences

            | difference | reason |
            |---|---|

            """
        for (difference, reason) in differences { text += "| \(difference) | \(reason) |\n" }
        text += "\n## Additions\n\nEach says below what it is for; agentgateway has no way to say it.\n\n"
        for (object, fields) in AgentgatewayShapes.document.extensions {
            text += "- [\(object)](#\(object.lowercased())): \(fields.map { "`\($0)`" }.joined(separator: ", "))\n"
        }
        return text + "\n" + AgentgatewayShapes.document.markdown(reasons: outOfScope)
    }
}
