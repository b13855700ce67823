extension AgentgatewayDialect {
    /// Fields and values of agentgateway that are no business of this gateway, with what they belong to.
    ///
    /// Whatever else is refused may be offered one day.
    package static let outOfScope: [String: String] = [
        "llm": models, "ai": models, "modelCatalog": models, "inferenceRouting": models,
        "mcp": contexts, "mcpAuthentication": contexts, "mcpAuthorization": contexts, "mcpGuardrails": contexts,
        "session": contexts,
        "a2a": "the Agent2Agent protocol (A2A)",
        "aws": "signing for a cloud's services", "gcp": "signing for a cloud's services",
        "azure": "signing for a cloud's services", "copilot": "signing for a cloud's services",
        "extAuthz": "decisions of other programs (extAuthz)",
        "networkExtAuthz": "decisions of other programs (extAuthz)",
        "extProc": "decisions of other programs (extProc)",
        "remoteRateLimit": "decisions of other programs (a rate limit service)",
        "xdsAddress": controlPlane, "xdsAuthToken": controlPlane, "localXdsPath": controlPlane,
        "caAddress": controlPlane, "caAuthToken": controlPlane, "namespace": controlPlane, "gateway": controlPlane,
        "serviceAccount": controlPlane, "clusterId": controlPlane, "network": controlPlane,
        "trustDomain": mesh, "additionalTrustDomains": mesh, "skipValidateTrustDomain": mesh, "spiffe": mesh,
        "hbone": mesh, "HBONE": mesh, "hboneWaypoint": mesh, "hboneGateway": mesh, "workloads": mesh, "services": mesh,
        "service": mesh, "listenerSet": controlPlane, "internal": "what agentgateway serves inside itself",
        "ui": "the console of agentgateway", "storage": "the console of agentgateway",
        "tcpRoutes": streams, "TCP": streams, "TLS": streams,
        "database": "logs and settings in a database",
        "TLS_V1_0": oldVersions, "TLS_V1_1": oldVersions,
    ]

    private static var oldVersions: String { "versions of TLS that RFC 8996 forbids; write `TLS_V1_2`" }
    private static var models: String { "language models (LLM)" }
    private static var contexts: String { "the Model Context Protocol (MCP)" }
    private static var controlPlane: String { "the control plane of agentgateway (xDS, Kubernetes)" }
    private static var mesh: String { "service meshes (HBONE, SPIFFE)" }
    private static var streams: String { "streams that are not HTTP" }

    /// Where the same file means something else than with agentgateway, and why.
    package static let differences: [(difference: String, reason: String)] = [
        (
            "Variables (`$NAME`, `${NAME}`, `${NAME:-otherwise}`, `$$`) are expanded in values after parsing; "
                + "agentgateway expands the text of the whole file first. `~` is not expanded.",
            "What a variable holds can never add structure to a file."
        ),
        (
            "A field without a value (`jwtAuth:`) is an error; agentgateway takes it for absent.",
            "An empty policy would open what looks protected."
        ),
        (
            "A `jwtAuth` without `mode` is `optional`, as there, with a warning.",
            "That requests without a token pass is seldom meant."
        ),
        (
            "`nbf` is checked.", "RFC 7519 §4.1.5: such a token must not be accepted."
        ),
        (
            "A token whose `iat` is later than now, beyond `clockSkew`, is refused.",
            "No honest clock wrote it, and a late `iat` hides a long life."
        ),
        (
            "Credentials are read from the request as it was received: a `jwtAuth` at the listener and one at the route "
                + "both find the token, where agentgateway's second one finds none. What one policy has verified is "
                + "nothing to those of other kinds, as there.",
            "What the route asks for does not hang on what its listener has asked for."
        ),
        (
            "Unless it is set, the wait for the head of an answer ends after 60 s, with 504.",
            "A backend that never answers would hold the client for ever."
        ),
        (
            "Keys that are too weak for their algorithm are left out (`allowWeak`), and a `typ` other than `JWT` and "
                + "`at+jwt` is refused unless `typ` asks for it.",
            "RFC 7518 §3.3 and RFC 8725 §3.11: a token made for something else is not taken."
        ),
        (
            "Keys are fetched over `http` only where `allowHTTP` says so.",
            "Whoever stands between could hand out keys of its own."
        ),
        (
            "A token without `kid` is verified by whichever key of its issuer fits; agentgateway refuses it.",
            "RFC 7515 §4.1.4: `kid` is a hint, and many issuers with one key write none."
        ),
        (
            "Blanks around a token are no part of it.", "RFC 9110 §5.5 and §11.4: they are none of the credential."
        ),
        (
            "Refusals have `WWW-Authenticate` (RFC 6750 §3) and `Tollgate-Refusal`, with the code.",
            "Clients learn what they have to send, operators what was wrong."
        ),
        (
            "Routes match the method by `method`, not by a header `:method`; `requestHeaderModifier` can't set `host`, "
                + "which `urlRewrite.authority` does.",
            "What frames a request has one way to be read and one way to be changed."
        ),
        (
            "A request that has the header of a credential twice is 400; with `permissive` it passes without them.",
            "Two readers could take different ones."
        ),
        (
            "Two policies that would tie are an error; agentgateway leaves open which one holds.",
            "One file means one thing."
        ),
        (
            "Expressions are checked for names and types when the file is loaded (`config.celCheck: parseOnly` is "
                + "agentgateway's way).",
            "A mistyped claim in a rule is found before a request is refused, or passes, for it."
        ),
        (
            "A `deny` rule that cannot be evaluated denies (`config.denyOnError: ignore` is agentgateway's way).",
            "Rules fail closed."
        ),
        (
            "Paths are matched in their canonical form, see [CanonicalRequest.md](../CanonicalRequest.md); agentgateway "
                + "matches them as they were sent.",
            "What is matched is what the backend reads."
        ),
        (
            "`statsAddr` is on the loopback address by default and has readiness too; `adminAddr` and `readinessAddr` "
                + "are off.", "What a gateway says of itself is not for its clients."
        ),
        (
            "Where no route matches, the policies of the route phase that stand at the gateway or listener run before "
                + "the 404.",
            "Strangers cannot map the routes."
        ),
        (
            "A policy that names a target which is not there is an error.", "A policy for nothing protects nothing."
        ),
    ]
}
