internal import Bytes
import GatewayModel

extension AgentgatewayShapes {
    static let cors = ObjectShape(
        "a CORS policy",
        [
            .optional(
                "allowOrigins", .list(of: .string),
                "The sites whose scripts may ask: `https://app.example.com`, `https://*.example.com` where `*` stands "
                    + "for any characters, or `*` for all. Default: none."),
            .optional(
                "allowCredentials", .boolean,
                "Whether cookies and other credentials may go along. Of no effect for `*`, where agentgateway would "
                    + "let every site act for its visitors. Default: false."),
            .optional(
                "allowMethods", .list(of: .string),
                "Methods beside GET, HEAD and POST; `*` for whatever is asked for. Default: none."),
            .optional(
                "allowHeaders", .list(of: .string),
                "Headers a request may have beside the harmless ones; `*` for whatever is asked for. Default: none."),
            .optional(
                "exposeHeaders", .list(of: .string),
                "Headers of the answer a script may read beside the harmless ones. Default: none."),
            .optional(
                "maxAge", .duration, "For how long a browser may keep the answer to a pre-flight. Default: not said."),
        ])
}

extension AgentgatewayDecoder {
    func cors(_ reader: MappingReader) -> CORS {
        let origins = origins(reader)
        let allowsCredentials = reader.boolean("allowCredentials") ?? false
        if allowsCredentials, origins == .any, let place = reader.entry("allowCredentials")?.keyProvenance {
            findings.warning(
                "credentials_for_any_origin",
                "`allowCredentials` has no effect with `*`: every site could act for its visitors", at: place,
                hint: "list the origins, or remove `allowCredentials`")
        }
        return CORS(
            origins: origins, allowsCredentials: allowsCredentials && origins != .any,
            methods: names("allowMethods", reader), headers: names("allowHeaders", reader),
            exposedHeaders: names("exposeHeaders", reader), maxAgeSeconds: reader.duration("maxAge")?.components.seconds
        )
    }

    private func origins(_ reader: MappingReader) -> CORS.Origins {
        let items = reader.items("allowOrigins") ?? []
        if items.isEmpty {
            findings.warning(
                "origins_empty", "no origin is allowed: browsers let no other site read an answer", at: reader.place,
                hint: "add `allowOrigins`, or remove `cors`")
        }
        var patterns: [OriginPattern] = []
        var allowsAny = false
        for item in items {
            guard let text = item.text(findings) else { continue }
            if text == "*" {
                allowsAny = true
            } else if let pattern = OriginPattern(written: text) {
                patterns.append(pattern)
            } else {
                findings.error(
                    "origin_invalid", "\(item.label): `\(text)` is not an origin", at: item.provenance,
                    hint: "write scheme and host, such as https://app.example.com or http://localhost:3000, "
                        + "without a path")
            }
        }
        return allowsAny ? .any : .listed(patterns)
    }

    private func names(_ field: String, _ reader: MappingReader) -> CORS.Names {
        let items = reader.items(field) ?? []
        let names = items.compactMap { item -> String? in
            guard let text = item.text(findings) else { return nil }
            return token(text, item)
        }
        if names.contains("*") { return .any }
        return names.isEmpty ? .none : .listed(names)
    }

    /// The name of a method or header (RFC 9110 §5.6.2).
    func token(_ text: String, _ node: DocumentNode) -> String? {
        if text.utf8.allSatisfy(\.isTokenCharacter) { return text }
        findings.error(
            "name_invalid", "\(node.label): `\(text)` is not the name of a method or header", at: node.provenance)
        return nil
    }
}

extension OriginPattern {
    /// Reads `scheme://host` or `scheme://host:port`; nil for anything else.
    fileprivate init?(written text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        var host = text[separator.upperBound...]
        var port = scheme == "https" ? 443 : 80
        if let colon = host.lastIndex(of: ":"), host.last != "]" {
            let digits = host[host.index(after: colon)...]
            guard let number = Int(digits), digits.utf8.allSatisfy(\.isASCIIDigit), (1...65535).contains(number)
            else { return nil }
            port = number
            host = host[..<colon]
        }
        let isPlain = host.utf8.allSatisfy { byte in
            byte.isASCIILetter || byte.isASCIIDigit || "-._*".utf8.contains(byte)
        }
        guard !host.isEmpty, isPlain || host.hasPrefix("[") && HostSyntax.isIPv6(host.dropFirst().dropLast()) else {
            return nil
        }
        self.init(scheme: scheme, host: host.lowercased(), port: port)
    }
}
