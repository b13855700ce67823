internal import Bytes
internal import GatewayModel

/// What the variables of nginx and APISIX stand for, as expressions of type string: `$arg_x`, `$http_x`, `$uri`.
///
/// Reading a variable that a request does not have fails, so that whoever uses it says what then holds.
struct APISIXVariables {
    /// What is known of requests beforehand, as expressions.
    private var known: [String: String] = [:]

    /// Of requests of whichever route.
    init() {}

    /// Of one route's requests, which may not have been told from others yet.
    init(of route: RouteDocument) {
        let names = [
            "route_id": route.id, "route_name": route.name, "service_id": route.service?.id,
            "service_name": route.service?.name,
        ]
        known = names.mapValues { $0?.celLiteral ?? "fail()" }
    }

    /// Whether there is an answer, whose status and headers have names, too.
    private var hasAnswer = false

    mutating func knowAnswer() { hasAnswer = true }

    /// Nil: there is no such variable, or this version does not offer it.
    func expression(_ name: String) -> String? {
        if let known = known[name] { return known }
        if hasAnswer, let plain = Self.ofAnswers[name] { return plain }
        if let plain = Self.plain[name] { return plain }
        for (prefix, expression) in Self.families + (hasAnswer ? Self.answerFamilies : [])
        where name.hasPrefix(prefix) && name.count > prefix.count {
            return expression(String(name.dropFirst(prefix.count)))
        }
        return nil
    }

    private static let plain: [String: String] = [
        "uri": "request.path", "document_uri": "request.path", "request_uri": "request.pathAndQuery",
        "args": query, "query_string": query,
        "is_args": "(size(request.pathAndQuery) > size(request.path) ? '?' : '')",
        "host": "request.host", "server_name": "request.host", "scheme": "request.scheme",
        "request_method": "request.method",
        "method": "request.method", "server_protocol": "request.version",
        "remote_addr": "source.address", "remote_port": "string(source.port)",
        "server_addr": "destination.address", "server_port": "string(destination.port)",
        "https": "(request.scheme == 'https' ? 'on' : fail())",
        "content_type": "request.headers['content-type']", "content_length": "request.headers['content-length']",
        "consumer_name": "string(consumer.name)", "consumer_group_id": "string(consumer.group)",
        "route_id": "route.id", "route_name": "route.givenName", "service_id": "service.id",
        "service_name": "service.name",
    ]

    private static let query =
        "(size(request.pathAndQuery) > size(request.path) + 1"
        + " ? request.pathAndQuery.substring(size(request.path) + 1) : fail())"

    private static let families: [(prefix: String, expression: @Sendable (String) -> String)] = [
        // The first one, where there are several.
        ("arg_", { "request.pathAndQuery.query(\($0.celLiteral))[0]" }),
        ("http_", { field($0, of: "request") }),
        ("cookie_", { "request.headers.cookie(\($0.celLiteral))" }),
        ("post_arg_", { "(\(isForm) ? form.decode(string(request.body))[\($0.celLiteral)] : fail())" }),
    ]

    private static let ofAnswers = ["status": "string(response.code)", "upstream_status": "string(response.code)"]

    private static let answerFamilies: [(prefix: String, expression: @Sendable (String) -> String)] = [
        ("sent_http_", { field($0, of: "response") }), ("upstream_http_", { field($0, of: "response") }),
    ]

    /// The underscores of a variable stand for hyphens; a header may have underscores itself.
    private static func field(_ name: String, of message: String) -> String {
        let (name, headers) = (name.lowercased(), "\(message).headers")
        guard name.contains("_") else { return "\(headers)[\(name.celLiteral)]" }
        return "default(\(headers)[\(name.replacing("_", with: "-").celLiteral)], \(headers)[\(name.celLiteral)])"
    }

    static let isForm = bodyIs("application/x-www-form-urlencoded")
    static let isJSON = bodyIs("application/json")

    private static func bodyIs(_ type: String) -> String {
        "request.headers['content-type'].lowerAscii().startsWith(\(type.celLiteral))"
    }
}

extension String {
    /// As CEL writes a text, which is how JSON does.
    var celLiteral: String { JSONTree.string(self).text }
}
