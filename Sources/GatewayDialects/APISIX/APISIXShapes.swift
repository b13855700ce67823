internal import Bytes

/// The resources of the dialect: which fields their documents have.
enum APISIXShapes {
    static let id = APISIXSchema.either([
        .string(.init(min: 1, max: 64, Patterns.id)), .integer(min: 1),
    ])
    static let name = APISIXSchema.string(.init(min: 1, max: 256))
    static let description = APISIXSchema.string(.init(max: 256))
    static let labels = APISIXSchema.object(
        .init([], others: .all(.string(.init(min: 1, max: 256, Patterns.labelValue)))))
    static let host = APISIXSchema.string(.init(Patterns.host))
    static let address = APISIXSchema.either([.string(.init(Patterns.address))])
    static let methods = [
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE",
    ]

    /// What every resource has.
    private static let common: [(String, APISIXSchema)] = [
        ("id", id), ("desc", description), ("labels", labels), ("create_time", .integer()),
        ("update_time", .integer()),
    ]

    static let route = APISIXSchema.object(
        .init(
            common + [
                ("name", name), ("uri", .string(.init(min: 1, max: 4096))),
                ("uris", .array(of: .string(), minItems: 1, isUnique: true)),
                ("paths", .array(of: .string(.init(min: 1, max: 4096)), minItems: 1, isUnique: true)),
                ("priority", .integer(default: 0)),
                ("methods", .array(of: .string(.init(choices: methods)), isUnique: true)),
                ("host", host), ("hosts", .array(of: host, minItems: 1, isUnique: true)),
                ("remote_addr", address),
                ("remote_addrs", .array(of: address, minItems: 1, isUnique: true)),
                ("timeout", timeout),
                ("vars", .array(of: .anything)),
                ("filter_func", .notOffered("there is no Lua here")), ("script", .notOffered("there is no Lua here")),
                ("script_id", .notOffered("there is no Lua here")), ("plugins", .plugins),
                ("plugin_config_id", id), ("upstream", upstream), ("upstream_id", id), ("service_id", id),
                ("service_protocol", .notOffered("routes are HTTP")), ("enable_websocket", .boolean()),
                ("status", .flag(default: 1)),
            ], others: .forbidden))

    static let service = APISIXSchema.object(
        .init(
            common + [
                ("name", name), ("plugins", .plugins), ("upstream", upstream), ("upstream_id", id),
                ("script", .notOffered("there is no Lua here")),
                ("enable_websocket", .boolean()), ("hosts", .array(of: host, minItems: 1, isUnique: true)),
                ("type", .string(.init(choices: ["http"]))), ("status", .flag()),
                ("path_prefix", .notOffered("write the whole path into the routes")),
                ("strip_path_prefix", .boolean()),
            ], others: .forbidden))

    static let upstream = APISIXSchema.object(
        .init(
            common + [
                ("name", name), ("nodes", nodes),
                ("retries", .integer(min: 0)), ("retry_timeout", .number(min: 0)), ("timeout", timeout),
                ("tls", tls), ("keepalive_pool", keepalivePool),
                ("type", .string(.init(default: "roundrobin"))),
                ("checks", checks),
                ("hash_on", .string(.init(choices: ["vars", "header", "cookie", "consumer", "vars_combinations"]))),
                ("key", .string()),
                (
                    "scheme",
                    .string(
                        .init(
                            choices: ["grpc", "grpcs", "http", "https", "tcp", "tls", "udp", "kafka"], default: "http"))
                ),
                ("discovery_type", .notOffered("list the nodes")), ("discovery_args", .notOffered("list the nodes")),
                ("service_name", .notOffered("list the nodes")),
                ("pass_host", .string(.init(choices: ["pass", "node", "rewrite"], default: "pass"))),
                ("upstream_host", host),
            ], others: .forbidden, anyOf: [["nodes"], ["service_name", "discovery_type"]]))

    private static let timeout = APISIXSchema.object(
        .init(
            [("connect", .number(moreThan: 0)), ("send", .number(moreThan: 0)), ("read", .number(moreThan: 0))],
            required: ["connect", "send", "read"]))

    private static let tls = APISIXSchema.object(
        .init([
            ("verify", .boolean(default: false)),
            ("client_cert_id", .notOffered("upstreams are shown no certificate")),
            ("client_cert", .notOffered("upstreams are shown no certificate")),
            ("client_key", .notOffered("upstreams are shown no certificate")),
        ]))

    private static let keepalivePool = APISIXSchema.object(
        .init([
            ("size", .integer(min: 1, default: 320)), ("idle_timeout", .number(min: 0)),
            ("requests", .integer(min: 1, default: 1000)),
        ]))

    private static let nodes = APISIXSchema.either([
        .object(.init([], others: .all(.integer(min: 0)))),
        .array(
            of: .object(
                .init(
                    [
                        ("host", host), ("port", .integer(min: 1, max: 65535)), ("weight", .integer(min: 0)),
                        ("priority", .integer(default: 0)), ("metadata", .anything),
                    ], required: ["host", "weight"]))),
    ])

    static let consumer = APISIXSchema.object(
        .init(
            common + [
                ("username", .string(.init(min: 1, max: 256, Patterns.userName))), ("group_id", id),
                ("plugins", .plugins),
            ], required: ["username"], others: .forbidden))

    static let credential = APISIXSchema.object(
        .init(common + [("name", name), ("plugins", .plugins)], others: .forbidden))

    static let globalRule = APISIXSchema.object(
        .init(
            [("id", id), ("create_time", .integer()), ("update_time", .integer()), ("plugins", .plugins)],
            required: ["id", "plugins"], others: .forbidden))

    static let pluginConfig = APISIXSchema.object(
        .init(common + [("name", .string()), ("plugins", .plugins)], required: ["id", "plugins"], others: .forbidden))

    static let consumerGroup = APISIXSchema.object(
        .init(common + [("name", name), ("plugins", .plugins)], required: ["id", "plugins"], others: .forbidden))
}

extension APISIXShapes {
    /// Of a vault. It is kept for clients that write it, and not asked.
    static let secret = APISIXSchema.object(
        .init(
            [
                ("id", .string()), ("create_time", .integer()), ("update_time", .integer()),
                ("uri", .string(.init(Patterns.secretManager))), ("prefix", .string()), ("token", .string()),
                ("namespace", .string()),
            ], required: ["uri", "prefix", "token"], others: .forbidden))
}

/// The patterns of APISIX's schemas, as predicates.
enum Patterns {
    static let id = APISIXSchema.Pattern("^[a-zA-Z0-9-_.]+$") { text in
        !text.isEmpty && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") }
    }
    static let userName = APISIXSchema.Pattern("^[a-zA-Z0-9_\\-]+$") { text in
        !text.isEmpty && text.utf8.allSatisfy(isWord)
    }
    static let labelValue = APISIXSchema.Pattern("^\\S+$") { text in
        !text.isEmpty && !text.unicodeScalars.contains { $0.properties.isWhitespace }
    }
    static let host = APISIXSchema.Pattern("^\\*$|^\\*?[0-9a-zA-Z-._\\[\\]:]+$") { text in
        let rest = text.hasPrefix("*") ? text.dropFirst() : text[...]
        return (text == "*" || !rest.isEmpty)
            && rest.utf8.allSatisfy { isWord($0) || ".[]:".utf8.contains($0) }
    }
    static let address = APISIXSchema.Pattern("address or network", APISIXAddresses.isNetwork)
    static let realm = APISIXSchema.Pattern("^[ -!#-[\\]-~]+$") { text in
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
    }

    static let secretManager = APISIXSchema.Pattern(
        "^[^\\/]+:\\/\\/([\\da-zA-Z.-]+|\\[[\\da-fA-F:]+\\])(:\\d+)?"
    ) { text in
        guard let separator = text.firstRange(of: "://"), separator.lowerBound > text.startIndex,
            !text[..<separator.lowerBound].contains("/"), let first = text[separator.upperBound...].utf8.first
        else { return false }
        return first.isASCIILetter || first.isASCIIDigit || ".-[".utf8.contains(first)
    }
    /// Of a header or a cookie.
    static let fieldName = APISIXSchema.Pattern("^[a-zA-Z0-9-_]+$") { text in
        !text.isEmpty && text.utf8.allSatisfy(isWord)
    }
    static let hashVariable = APISIXSchema.Pattern(
        "^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname|mqtt_client_id)"
            + "|arg_[0-9a-zA-z_-]+)$"
    ) { text in
        hashVariables.contains(text)
            || text.hasPrefix("arg_") && text.utf8.count > 4 && text.utf8.dropFirst(4).allSatisfy(isWord)
    }
    private static let hashVariables: Set<String> = [
        "uri", "server_name", "server_addr", "request_uri", "remote_port", "remote_addr", "query_string", "host",
        "hostname", "mqtt_client_id",
    ]
    static let rewrittenURI = APISIXSchema.Pattern("^\\/.*") { $0.hasPrefix("/") }
    static let rewrittenHost = APISIXSchema.Pattern("^[0-9a-zA-Z-.]+(:\\d{1,5})?$") { text in
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count < 3 && !parts[0].isEmpty
            && parts[0].utf8.allSatisfy { isWord($0) && $0 != UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
            && (parts.count == 1 || (1...5).contains(parts[1].count) && parts[1].utf8.allSatisfy(\.isASCIIDigit))
    }
    static let headerName = APISIXSchema.Pattern("^[^:]+$") { !$0.isEmpty && !$0.contains(":") }
    /// A field name (RFC 9110 §5.1), or what stands for the request line.
    static let signedHeader = APISIXSchema.Pattern("^(@request-target|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$") { text in
        text == "@request-target" || !text.isEmpty && text.utf8.allSatisfy(\.isTokenCharacter)
    }
    static let fieldValue = APISIXSchema.Pattern("^[!-~]([ -~]*[!-~])?$") { text in
        !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.hasPrefix(" ")
            && !text.hasSuffix(" ")
    }
    static let target = APISIXSchema.Pattern("^/[!-~]*$") { text in
        text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
    /// Of a probe: neither what it says itself, nor a second line.
    static let probeHeader = APISIXSchema.Pattern(
        "^(?!host|content-length|transfer-encoding|connection|expect|upgrade)[A-Za-z0-9-_]+:[ -~]*$"
    ) { text in
        guard let colon = text.firstIndex(of: ":") else { return false }
        let name = text[..<colon]
        let own = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"]
        return !name.isEmpty && name.utf8.allSatisfy(isWord) && !own.contains(name.lowercased())
            && text[colon...].utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
    static let headerLine = APISIXSchema.Pattern("^[^:]+:[^:]*[^/]$") { text in
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && !text.hasSuffix("/")
    }
    static let visible = APISIXSchema.Pattern("^[!-~]+$") { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
    static let origins = APISIXSchema.Pattern("^(\\*|\\*\\*|null|\\w+://[^,]+(,\\w+://[^,]+)*)$") { text in
        if ["*", "**", "null"].contains(text) { return true }
        return text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { origin in
            guard let mark = origin.firstRange(of: "://") else { return false }
            let scheme = origin[..<mark.lowerBound]
            return !scheme.isEmpty && scheme.utf8.allSatisfy { isWord($0) && $0 != UInt8(ascii: "-") }
                && mark.upperBound < origin.endIndex && origin.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
