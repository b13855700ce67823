internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let responseRewrite = APISIXPlugin(
        name: "response-rewrite", priority: 899, isAuthentication: false,
        schema: .object(
            .init([
                ("headers", responseHeaders), ("body", .string()), ("body_base64", .boolean(default: false)),
                ("status_code", .integer(min: 200, max: 598)),
                ("vars", .array(of: .anything)),
                ("filters", .notOffered("a body is replaced whole: write `body`")),
                ("max_resp_body_size", .integer(min: 1)),
            ])),
        check: { value in
            if let problem = APISIXHeaders.problem(value["headers"]) { return problem }
            if let problem = APISIXCheck.conditionProblem(value["vars"]) {
                return "failed to validate the 'vars' expression: \(problem)"
            }
            return ResponseRewrite.body(value) == nil ? "invalid base64 content" : nil
        })

    private static let responseHeaders = APISIXSchema.either([
        .object(
            .init(
                [
                    ("add", .array(of: .string(.init(Patterns.headerLine)), minItems: 1)),
                    ("set", .object(.init([], others: .all(APISIXHeaders.value), minProperties: 1))),
                    ("remove", .array(of: .string(.init(Patterns.headerName)), minItems: 1)),
                ], others: .forbidden, minProperties: 1)),
        .object(.init([], others: .all(APISIXHeaders.value), minProperties: 1)),
    ])
}

/// `response-rewrite` at one place.
enum ResponseRewrite {
    /// Nil where it says nothing.
    static func change(
        _ value: JSONTree, _ variables: APISIXVariables, at place: Provenance
    ) -> Transformation.Change? {
        var variables = variables
        variables.knowAnswer()
        var change = APISIXHeaders(value["headers"]).fields(variables, at: place)
        if let vars = value["vars"] {
            // What is no condition was refused when it was written.
            let condition = try? APISIXCondition(vars, variables).expression
            change.condition = Expression(condition ?? "false", at: place)
        }
        if let status = value["status_code"]?.integer {
            change.set.append(
                Transformation.Field(name: ":status", value: Expression("\(status)", at: place), provenance: place))
        }
        if let text = value["body"]?.string {
            let isEncoded = value["body_base64"]?.boolean == true
            change.body = Expression(
                isEncoded ? "base64.decode(\(text.celLiteral))" : text.celLiteral, at: place)
            let written = Set((change.set + change.add).map { $0.name.lowercased() })
            change.remove += aboutBodies.filter { !written.contains($0) }.map {
                HeaderMutation.Field(name: $0, value: "", provenance: place)
            }
        }
        let isNothing = change.add.isEmpty && change.set.isEmpty && change.remove.isEmpty && change.body == nil
        return isNothing ? nil : change
    }

    /// What the backend says of its body is untrue of another one.
    private static let aboutBodies = ["content-encoding", "last-modified", "etag"]

    /// Nil for what is no base64; empty where there is none.
    static func body(_ value: JSONTree) -> [UInt8]? {
        let text = value["body"]?.string ?? ""
        guard value["body_base64"]?.boolean == true else { return Array(text.utf8) }
        return text.isEmpty ? nil : Base64Text.decode(Array(text.utf8).span)
    }
}
