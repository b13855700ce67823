internal import CEL

extension RequestEnvironment {
    /// The reference page of expressions, made from the tables.
    package static var markdown: String {
        """
        # Expressions

        Made by `tollgate cel reference` from the code; do not edit.

        Authorization rules are written in the [Common Expression Language](https://cel.dev), whole, without
        protocol-buffer messages. `tollgate cel check` says what is wrong with a rule, `tollgate cel eval` what comes of
        an expression.

        A rule that cannot be evaluated decides against the request: `allow` and `require` do not hold, `deny` does
        (`config.denyOnError: ignore` changes the last). What may be absent is asked for first, `has(jwt.team) &&
        jwt.team == "red"`, or given a value, `default(jwt.team, "none")`. Names and types are checked when the
        configuration is loaded (`config.celCheck: parseOnly` leaves that to the evaluation, and so to the requests).

        ## What can be read

        | name | type | there | what it is |
        |---|---|---|---|
        \(RequestAttribute.allCases.map(row).joined(separator: "\n"))

        `dyn` is checked when a rule is evaluated. A root that is null has no members: `has(jwt.sub)` is false then. To
        read what is there sometimes is an error at other times; `has()` tells.

        ## Macros

        | form | what it is |
        |---|---|
        \(CELMacroReference.all.map { "| `\($0.form)` | \($0.documentation) |" }.joined(separator: "\n"))

        ## Functions

        Member forms have their receiver before the dot. Regular expressions are RE2's; they run in time linear in the
        text.

        | function | forms |
        |---|---|
        \(authorization.allFunctions.map(row).joined(separator: "\n"))

        Not there, although agentgateway has it: `unvalidatedJwtPayload` (a token that nobody verified proves nothing),
        `variables`, `flatten` and `flattenRecursive` (for logs), `setQuery` and `addQuery` (rules change nothing).

        """
    }

    private static func row(_ attribute: RequestAttribute) -> String {
        let entry = attribute.entry
        return "| `\(entry.path)` | \(entry.type) | \(entry.availability.words) | \(entry.documentation) |"
    }

    private static func row(_ function: CELFunction) -> String {
        let forms = function.signatures.map { "`\($0.text(of: function.name))`" }
        return "| `\(function.name)` | \(forms.joined(separator: "<br>")) |"
    }
}

extension RequestAttribute.Availability {
    fileprivate var words: String {
        switch self {
        case .always: "always"
        case .sometimes: "sometimes"
        case .notYet: "not yet"
        case .body: "always; requests are held for it"
        case .backend: "no: chosen later"
        case .response: "no: comes later"
        case .secret: "no: not for rules"
        }
    }
}
