import Bytes
import GatewayModel

extension AgentgatewayShapes {
    static let match = ObjectShape(
        "a match",
        [
            .optional("path", .object(pathMatch), "What path a request has. Default: every path."),
            .optional("method", .string, "The method, in upper case. Default: every method."),
            .optional("headers", .list(of: .object(headerMatch)), "Headers a request has; all of them."),
            .optional("query", .list(of: .object(queryMatch)), "Query parameters a request has; all of them."),
        ])

    static let pathMatch = ObjectShape(
        "a path match",
        [
            .optional("exact", .string, "The whole path."),
            .optional("pathPrefix", .string, "The first segments of the path: `/a` takes `/a` and `/a/b`, not `/ab`."),
            .optional("regex", .string, "A regular expression for the whole path."),
        ],
        exactlyOne: ["exact", "pathPrefix", "regex"])

    static let headerMatch = ObjectShape(
        "a header match",
        [
            .required("name", .string, "The header's name."),
            .required("value", .object(valueMatch), "The value it has."),
        ])

    static let queryMatch = ObjectShape(
        "a query match",
        [
            .required("name", .string, "The parameter's name."),
            .required("value", .object(valueMatch), "The value it has."),
        ])

    static let valueMatch = ObjectShape(
        "a value match",
        [
            .optional("exact", .string, "The whole value."),
            .optional("regex", .string, "A regular expression for the whole value."),
        ],
        exactlyOne: ["exact", "regex"])
}

extension AgentgatewayDecoder {
    static func everyPath(at place: Provenance) -> RouteMatch {
        RouteMatch(path: .segmentPrefix(""), method: nil, headers: [], query: [], provenance: place)
    }

    mutating func match(_ node: DocumentNode) -> RouteMatch? {
        guard let reader = MappingReader(node, AgentgatewayShapes.match, findings: findings) else { return nil }
        var match = Self.everyPath(at: node.provenance)
        if let path = reader.mapping("path").flatMap(path) { match.path = path }
        match.method = reader.node("method").flatMap(method)
        match.headers = (reader.items("headers") ?? []).compactMap(header)
        match.query = (reader.items("query") ?? []).compactMap(queryParameter)
        if !reader.isSound { unreadableMatches.insert(match.provenance) }
        return match
    }

    private func path(_ reader: MappingReader) -> PathMatch? {
        guard let entry = reader.theOne(), let text = entry.value.text(findings) else { return nil }
        if entry.key == "regex" { return .regex(text) }
        let isExact = entry.key == "exact"
        guard let problem = isExact ? PathSyntax.problem(of: text) : PathSyntax.problem(ofPrefix: text) else {
            return isExact ? .exact(text) : .segmentPrefix(PathSyntax.withoutTrailingSlash(text))
        }
        findings.error(
            "path_invalid", "\(entry.value.label) \(problem.message)", at: entry.value.provenance, hint: problem.hint)
        return nil
    }

    private func method(_ node: DocumentNode) -> String? {
        guard let text = node.text(findings) else { return nil }
        guard text.utf8.allSatisfy(\.isTokenCharacter) else {
            findings.error("method_invalid", "\(node.label) is no HTTP method", at: node.provenance)
            return nil
        }
        if text != text.uppercased() {
            findings.warning(
                "method_case", "methods are compared with case: `\(text)` is not `\(text.uppercased())`",
                at: node.provenance, hint: "write \(text.uppercased())")
        }
        return text
    }

    private func header(_ node: DocumentNode) -> FieldMatch? {
        guard let reader = MappingReader(node, AgentgatewayShapes.headerMatch, findings: findings) else { return nil }
        let value = reader.mapping("value").flatMap(fieldValue)
        guard let name = reader.node("name").flatMap(headerName), let value else { return nil }
        return FieldMatch(name: name, value: value)
    }

    private func queryParameter(_ node: DocumentNode) -> FieldMatch? {
        guard let reader = MappingReader(node, AgentgatewayShapes.queryMatch, findings: findings) else { return nil }
        let value = reader.mapping("value").flatMap(fieldValue)
        guard let name = reader.text("name"), let value else { return nil }
        return FieldMatch(name: name, value: value)
    }

    private func fieldValue(_ reader: MappingReader) -> FieldMatch.Value? {
        guard let entry = reader.theOne() else { return nil }
        if entry.key == "regex" { return entry.value.text(findings).map(FieldMatch.Value.regex) }
        return entry.value.text(allowingEmpty: true, findings).map(FieldMatch.Value.exact)
    }

    /// The name of a header in lower case.
    func headerName(_ node: DocumentNode) -> String? {
        guard let text = node.text(findings) else { return nil }
        if text.hasPrefix(":") {
            let hint = text == ":method" ? "write it as `method`" : text == ":path" ? "write it as `path`" : nil
            findings.valueNotOffered(text, of: node.label, at: node.provenance, hint: hint)
            return nil
        }
        guard text.utf8.allSatisfy(\.isTokenCharacter) else {
            findings.error("header_invalid", "\(node.label) is no header name", at: node.provenance)
            return nil
        }
        return text.lowercased()
    }
}
