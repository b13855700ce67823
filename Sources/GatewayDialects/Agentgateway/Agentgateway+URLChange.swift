import GatewayModel

extension AgentgatewayShapes {
    static let requestRedirect = ObjectShape(
        "a redirect",
        [
            .optional("scheme", .choice(["http", "https"]), "The scheme. Default: that of the request."),
            .optional(
                "authority", authorityField, "The host and port. Default: those of the request's `Host`."),
            .optional("path", .object(pathChange), "The path; the query is kept. Default: that of the request."),
            .optional(
                "status", .integer(300...399), "The status: 301, 302, 303, 307 or 308. Default: 302."),
        ])

    static let urlRewrite = ObjectShape(
        "a rewrite",
        [
            .optional(
                "authority", authorityField,
                "The `Host` for the backend. `auto`: the backend's own, also where it is an address; `none`: as the "
                    + "client sent it. Default: the backend's where that has a name, else as the client sent it."),
            .optional("path", .object(pathChange), "The path for the upstream; the query is kept. Default: as it is."),
        ])

    /// A word, or one of several fields.
    private static let authorityField = FieldShape.Kind.either([.choice(["auto", "none"]), .object(authorityChange)])

    static let authorityChange = ObjectShape(
        "an authority",
        [
            .optional("full", .string, "Host and port, as `example.com` or `example.com:8443`."),
            .optional(
                "host", .string,
                "Another host. A redirect without a scheme of its own keeps the port of the request; a rewrite "
                    + "does not."),
            .optional("port", .integer(1...65535), "Another port; left out where the scheme implies it."),
        ],
        exactlyOne: ["full", "host", "port"])

    static let pathChange = ObjectShape(
        "a path",
        [
            .optional("full", .string, "The whole path."),
            .optional(
                "prefix", .string,
                "What takes the place of the prefix the route matched, which has to match by `pathPrefix`."),
        ],
        exactlyOne: ["full", "prefix"])
}

extension AgentgatewayDecoder {
    func requestRedirect(_ reader: MappingReader) -> RequestRedirect {
        let status = reader.integer("status") ?? 302
        if ![301, 302, 303, 307, 308].contains(status), let node = reader.node("status") {
            findings.error(
                "value_unknown", "`status` of a redirect has to be 301, 302, 303, 307 or 308, found \(status)",
                at: node.provenance)
        }
        checkChange(reader, of: ["scheme", "authority", "path"], "sends clients where they come from, again and again")
        return RequestRedirect(
            location: .changed(scheme: reader.choice("scheme"), urlChange(reader)), status: status)
    }

    /// The fields that a redirect and a rewrite share.
    func urlChange(_ reader: MappingReader) -> URLChange {
        URLChange(
            authority: reader.entry("authority").flatMap(authorityChange) ?? .asReceived,
            path: reader.mapping("path").flatMap(pathChange) ?? .asReceived)
    }

    /// - Parameter fields: one of which at least has to be there.
    func checkChange(_ reader: MappingReader, of fields: [String], _ outcome: String) {
        guard reader.isSound, !fields.contains(where: reader.has) else { return }
        findings.warning(
            "policy_without_effect", "\(reader.shape.name) without \(Suggestion.inWords(fields)) \(outcome)",
            at: reader.place)
    }

    private func authorityChange(_ entry: DocumentEntry) -> URLChange.Authority? {
        if case .scalar = entry.value.content {
            let word = entry.value.choice(["auto", "none"], findings)
            return word == "auto" ? .upstream : .client
        }
        guard
            let reader = MappingReader(
                entry.value, AgentgatewayShapes.authorityChange, introducedAt: entry.keyProvenance, findings: findings),
            let chosen = reader.theOne()
        else { return nil }
        if chosen.key == "port" { return reader.integer("port").map { .port($0) } }
        guard let text = chosen.value.text(findings) else { return nil }
        do {
            return chosen.key == "full"
                ? .full(try HostSyntax.authority(text)) : .host(try HostSyntax.authorityHost(text))
        } catch {
            findings.error(
                "host_invalid", "\(chosen.value.label) \(error.message)", at: chosen.value.provenance, hint: error.hint)
            return nil
        }
    }

    private func pathChange(_ reader: MappingReader) -> URLChange.Path? {
        guard let chosen = reader.theOne() else { return nil }
        let isPrefix = chosen.key == "prefix"
        guard let text = chosen.value.text(allowingEmpty: isPrefix, findings) else { return nil }
        if isPrefix, text.isEmpty { return .prefix("") }
        if let problem = PathSyntax.problem(of: text) {
            let hint = text.contains("?") ? "the query of the request is kept" : problem.hint
            findings.error(
                "path_invalid", "\(chosen.value.label) \(problem.message)", at: chosen.value.provenance, hint: hint)
            return nil
        }
        return isPrefix ? .prefix(text) : .full(text)
    }
}
