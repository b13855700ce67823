internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let cors = APISIXPlugin(
        name: "cors", priority: 4000, isAuthentication: false,
        schema: .object(
            .init([
                ("allow_origins", .string(.init(Patterns.origins, default: "*"))),
                ("allow_methods", .string(.init(default: "*"))), ("allow_headers", .string(.init(default: "*"))),
                ("expose_headers", .string()), ("max_age", .integer(default: 5)),
                ("allow_credential", .boolean(default: false)), ("allow_origins_by_regex", patterns),
                ("allow_origins_by_metadata", .notOffered("there is no plugin metadata; write `allow_origins`")),
                ("timing_allow_origins", .string(.init(Patterns.origins))), ("timing_allow_origins_by_regex", patterns),
            ])),
        check: { value in
            guard value["allow_credential"]?.boolean == true else { return nil }
            let isOpen = ["allow_origins", "allow_methods", "allow_headers"].contains {
                (value[$0]?.string ?? "*") == "*"
            }
            let isOpenElsewhere = ["expose_headers", "timing_allow_origins"].contains { value[$0]?.string == "*" }
            return isOpen || isOpenElsewhere
                ? "you can not set '*' for other option when 'allow_credential' is true" : nil
        })

    private static let patterns = APISIXSchema.array(
        of: .string(.init(min: 1, max: 4096)), minItems: 1, isUnique: true)
}

extension APISIXDecoder {
    static func cors(_ value: JSONTree) -> CORS {
        CORS(
            origins: origins(value["allow_origins"]?.string ?? "*", value.strings("allow_origins_by_regex")),
            allowsCredentials: value["allow_credential"]?.boolean == true,
            methods: names(value["allow_methods"]?.string ?? "*", everything: .listed([everyMethod])),
            headers: names(value["allow_headers"]?.string ?? "*", everything: .any),
            exposedHeaders: value["expose_headers"]?.string.map { names($0, everything: .listed(["*"])) } ?? .none,
            maxAgeSeconds: Int64(value["max_age"]?.integer ?? 5), isEager: true, timingOrigins: timingOrigins(value))
    }

    private static let everyMethod = "GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE"

    private static func timingOrigins(_ value: JSONTree) -> CORS.Origins? {
        let patterns = value.strings("timing_allow_origins_by_regex")
        guard patterns != nil || value["timing_allow_origins"] != nil else { return nil }
        return origins(value["timing_allow_origins"]?.string ?? "*", patterns)
    }

    /// Where there are patterns, they alone count.
    private static func origins(_ text: String, _ patterns: [String]?) -> CORS.Origins {
        if let patterns { return .matching(patterns) }
        switch text {
        case "*": return .any
        case "**": return .everyone
        default: return .exact(text.split(separator: ",").map(String.init))
        }
    }

    /// As written: browsers read lists with and without blanks.
    private static func names(_ text: String, everything: CORS.Names) -> CORS.Names {
        text == "**" ? everything : text.isEmpty ? .none : .listed([text])
    }
}
