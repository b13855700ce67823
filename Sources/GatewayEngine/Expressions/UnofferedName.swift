/// What expressions of agentgateway read or call, and these cannot: each is refused with what to do instead.
enum UnofferedName {
    /// Paths, or roots with all they have.
    static let attributes: [(path: String, instead: String)] = [
        ("llm", models), ("llmRequest", models), ("mcp", contexts), ("mcpGuardrails", contexts),
        ("extproc", "decisions of other programs are out of scope"),
        ("request.bodyPrefix", "`request.body` is the whole body, or the request is refused"),
        ("request.endTime", "the access log says how long a request took"),
        ("response.bodyPrefix", "`response.body` is the whole body"),
        ("source.unverifiedWorkload", "`source.identity` is who a client has proven to be"),
        ("source.connectHeaders", "requests come without tunnels here"),
        ("destination.hostname", "`request.host` is the host asked for"),
        ("proxy.gateway.namespace", "`proxy.gateway.name` has no namespace here"),
        ("proxy.route.namespace", "`proxy.route.name` has no namespace here"),
        ("proxy.route.kind", "there is one kind of routes"), ("proxy.route.rule", "rules of routes have no names"),
        ("proxy.requestProcessingDuration", durations), ("proxy.upstreamDuration", durations),
        ("proxy.responseProcessingDuration", durations),
    ]

    /// By their last name, as functions are called.
    static let functions: [(name: String, instead: String)] = [
        ("redacted", "the access log withholds credentials by itself"),
        ("raw", "lines of one name are one text: `request.headers[\"x\"]`"),
        ("variables", "name a value by `x.with(name, …)`"),
        ("flattenRecursive", "write a field for each value"),
    ]

    static func sentence(_ name: String, _ instead: String) -> String {
        "'\(name)' is part of agentgateway and not offered: \(instead)"
    }

    private static let models = "language models (LLM) are out of scope"
    private static let contexts = "the Model Context Protocol (MCP) is out of scope"
    private static let durations = "the access log says how long a request took"
}
