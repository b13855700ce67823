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
                ("filters", .array(of: filter, minItems: 1, maxItems: 16)),
                ("max_resp_body_size", .integer(min: 1)),
            ])),
        check: { value in
            if let problem = APISIXHeaders.problem(value["headers"]) { return problem }
            if let problem = APISIXCheck.conditionProblem(value["vars"]) {
                return "failed to validate the 'vars' expression: \(problem)"
            }
            if ResponseRewrite.body(value) == nil { return "invalid base64 content" }
            return ResponseRewrite.filterProblem(value)
        })

    private static let filter = APISIXSchema.object(
        .init(
            [
                ("regex", .string(.init(min: 1))),
                ("scope", .string(.init(choices: ["once", "global"], default: "once"))), ("replace", .string()),
                ("options", .string(.init(default: "jo"))),
            ], required: ["regex", "replace"]))

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
            change.removeAboutBodies(at: place)
        }
        change.filters = filters(value, at: place)
        if !change.filters.isEmpty {
            change.maxFilteredBytes = value["max_resp_body_size"]?.integer
            change.removeAboutBodies(at: place)
        }
        let isNothing =
            change.filters.isEmpty && change.add.isEmpty && change.set.isEmpty && change.remove.isEmpty
            && change.body == nil
        return isNothing ? nil : change
    }

    /// Nil for what is no base64; empty where there is none.
    static func body(_ value: JSONTree) -> [UInt8]? {
        let text = value["body"]?.string ?? ""
        guard value["body_base64"]?.boolean == true else { return Array(text.utf8) }
        return text.isEmpty ? nil : Base64Text.decode(Array(text.utf8).span)
    }
}

// MARK: - Filters

extension ResponseRewrite {
    private static func filters(_ value: JSONTree, at place: Provenance) -> [BodyFilter] {
        (value["filters"]?.array ?? []).compactMap { filter in
            guard let pattern = pattern(filter), let parts = replacement(filter["replace"]?.string ?? "") else {
                return nil
            }
            return BodyFilter(
                pattern: pattern, isGlobal: filter["scope"]?.string == "global", replacement: parts, provenance: place)
        }
    }

    /// What the schema can't say; whether patterns are any is found when they are compiled.
    static func filterProblem(_ value: JSONTree) -> String? {
        guard let filters = value["filters"]?.array else { return nil }
        if value["body"] != nil {
            return "failed to validate dependent schema for \"filters\": value wasn't supposed to match schema"
        }
        for filter in filters {
            let failed = "regex \(filter["regex"]?.text ?? "") validation failed: "
            let options = filter["options"]?.string ?? ""
            if let unknown = options.first(where: { !known.contains($0) }) {
                return "\(failed)unknown flag \"\(unknown)\" (flags \"\(options)\")"
            }
            if let other = options.first(where: { notOffered.contains($0) }) {
                return "\(failed)the flag `\(other)` is part of APISIX and not offered in this version; "
                    + (other == "a" ? "begin the pattern with `\\\\A`" : "write the pattern without blanks")
            }
            if replacement(filter["replace"]?.string ?? "") == nil {
                return "\(failed)a `$` in `replace` is followed by no group; write `$$` for a dollar"
            }
        }
        return nil
    }

    private static let known = Set("adDijJmosuUx")
    private static let notOffered = Set("ax")

    /// Nil where an option is not offered. The others say how PCRE goes about it.
    private static func pattern(_ filter: JSONTree) -> String? {
        let options = filter["options"]?.string ?? "jo"
        guard let regex = filter["regex"]?.string, !options.contains(where: notOffered.contains) else { return nil }
        let flags = options.filter("ims".contains)
        return flags.isEmpty ? regex : "(?\(flags))\(regex)"
    }

    /// `$1`, `${1}`, `$0` and `$$`; nil where a dollar is none of them.
    private static func replacement(_ text: String) -> [BodyFilter.Part]? {
        var parts: [BodyFilter.Part] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "$" else {
                literal.append(character)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                literal.append("$")
                continue
            }
            let isBraced = rest.first == "{"
            if isBraced { rest.removeFirst() }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits) else { return nil }
            rest = rest[digits.endIndex...]
            if isBraced, rest.popFirst() != "}" { return nil }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            parts.append(.group(number))
        }
        return literal.isEmpty ? parts : parts + [.text(literal)]
    }
}

extension Transformation.Change {
    /// What the backend says of its body is untrue of another one.
    fileprivate mutating func removeAboutBodies(at place: Provenance) {
        let written = Set((set + add).map { $0.name.lowercased() })
        remove += Self.aboutBodies.filter { !written.contains($0) }.map {
            HeaderMutation.Field(name: $0, value: "", provenance: place)
        }
    }

    private static let aboutBodies = [
        "content-encoding", "last-modified", "etag", "accept-ranges", "content-md5", "digest", "content-digest",
        "repr-digest",
    ]
}
