package import GatewayModel

/// The configuration file of agentgateway's standalone mode: YAML, or JSON.
///
/// Differences that are meant: unknown fields are errors, explicit empty values are errors, variables
/// are expanded after parsing, two policies that would tie are an error instead of a coin toss.
/// Defaults of the dialect: `jwtAuth.mode` optional (with a warning), `exp` required, 60 s of clock
/// skew, tokens up to 16 KiB, a token in `Authorization: Bearer`, removed when forwarding; the
/// challenge's realm is `tollgate`.
package enum AgentgatewayDialect {
    /// Decodes a document.
    ///
    /// - Parameters:
    ///   - text: the whole document.
    ///   - documentName: the name places are reported with, such as the path the user gave.
    ///   - environment: the variables the document may use.
    ///   - strictly: what agentgateway does not have is an error, so that it can read the document too.
    /// - Returns: the model and all findings in the document's order. With an error among them the model is what
    ///   could be read, nil if nothing could: good for looking on for what else is wrong, never for serving.
    ///   Expressions, regular expressions and keys are not looked into: the compiler does.
    package static func decode(
        text: String, documentName: String, environment: [String: String], strictly: Bool = false
    ) -> (GatewayConfiguration?, [Diagnostic]) {
        let findings = Findings(dialectName: "agentgateway", outOfScope: outOfScope)
        var configuration: GatewayConfiguration?
        if let root = DocumentReader.read(
            text: text, documentName: documentName, environment: environment, findings: findings)
        {
            var decoder = AgentgatewayDecoder(findings: findings)
            configuration = decoder.decode(root)
            if strictly { StrictSchema(findings: findings).check(root, AgentgatewayShapes.document) }
        }
        return (configuration, findings.sorted)
    }

    /// Findings about a document as anybody may read them: with the lines and columns of what is wrong inside its
    /// values, and without what its variables hold, which may be secrets.
    ///
    /// - Parameter environment: the variables it was decoded with.
    package static func presented(
        _ diagnostics: [Diagnostic], text: String, documentName: String, environment: [String: String]
    ) -> [Diagnostic] {
        let located = located(diagnostics, text: text, documentName: documentName, environment: environment)
        guard !located.isEmpty,
            var values = VariableValues(of: text, documentName: documentName, environment: environment)
        else { return located }
        return located.map { values.withheld(from: $0) }
    }

    private static func located(
        _ diagnostics: [Diagnostic], text: String, documentName: String, environment: [String: String]
    ) -> [Diagnostic] {
        guard diagnostics.contains(where: { $0.inside != nil }) else { return diagnostics }
        let source = SourceText(text)
        return diagnostics.map { diagnostic in
            let place = diagnostic.provenance
            guard let inside = diagnostic.inside, place.document == documentName,
                let found = source.place(
                    of: inside.offset, in: inside.text, from: (place.line, place.column), environment: environment)
            else { return diagnostic }
            var located = diagnostic
            (located.provenance.line, located.provenance.column) = found
            located.inside = nil
            return located
        }
    }

    /// Findings about a document as people read them, with the lines they are about but without secrets.
    package static func rendered(_ diagnostics: [Diagnostic], text: String, documentName: String) -> [String] {
        func isInside(_ diagnostic: Diagnostic) -> Bool {
            diagnostic.provenance.document == documentName && diagnostic.provenance.line > 0
        }
        let places = diagnostics.filter(isInside)
        let excerpts = SourceExcerpts(
            of: SourceText(text), lines: Set(places.map(\.provenance.line)), AgentgatewayShapes.document,
            isWellFormed: !diagnostics.contains { $0.code.hasPrefix("yaml_") })
        return diagnostics.map { diagnostic in
            let place = diagnostic.provenance
            return diagnostic.rendered(
                excerpt: isInside(diagnostic) ? excerpts.excerpt(line: place.line, column: place.column) : nil)
        }
    }
}

/// One decoding of one document. Each feature adds its part in a file of its own.
struct AgentgatewayDecoder {
    let findings: Findings
    var names = UniqueNames()
    var upstreams: [Upstream] = []
    var listeners: [ListenerRecord] = []
    var routes: [RouteRecord] = []
    var namedBackends: [String: NamedBackend] = [:]
    var routeGroups: [String: RouteGroup] = [:]
    /// Which group a route leads to.
    var delegations: [RouteID: Delegation] = [:]
    /// Routes below others, each counted for every way that leads to it.
    var delegatedRouteCount = 0
    /// What routes may attach to: gateways and `gateway/listener`, with the listeners behind them.
    var attachable: [String: [ListenerID]] = [:]
    /// Matches that another route takes, each reported once however many listeners share the route.
    var takenMatches: Set<Provenance> = []
    /// Matches that are reported for another reason, and good for no comparison.
    var unreadableMatches: Set<Provenance> = []
    /// Listeners whose hostname is reported, and good for no comparison.
    var unreadableHostnames: Set<ListenerID> = []
    var policies = PolicyCollector()
    var policyNames: [QualifiedName: Provenance] = [:]
    /// Routes that belong to no listener, for want of the one they name, and stand-ins for what policies name in vain.
    /// That is reported; what else is wrong with them is looked for all the same.
    var strays: [Route] = []
    /// Routes none of whose hostnames can be read, which is reported.
    var unreadableHosts: Set<RouteID> = []
    /// What a bind listens on: all of IPv6 and IPv4, or IPv4 alone.
    var listenHost = "::"
    /// What the Admin API and its gateway groups listen on.
    var ownAddresses: [(address: ListenAddress, place: Provenance)] = []
    /// What is spoken where a listener's `tls` does not say.
    var spokenTLS = SpokenTLS()

    init(findings: Findings) {
        self.findings = findings
    }

    mutating func decode(_ root: DocumentNode) -> GatewayConfiguration? {
        guard let reader = MappingReader(root, AgentgatewayShapes.document, findings: findings) else { return nil }
        let settings = reader.mapping("config")
        let logging = settings?.mapping("logging")
        var (process, traffic) = config(settings, logging: logging, at: root.provenance)
        let frontend = reader.mapping("frontendPolicies")
        apply(frontend?.mapping("http"), to: &traffic, beside: settings)
        traffic.tcpKeepalive = frontend?.mapping("tcp")?.mapping("keepalives").map(tcpKeepalive)
        if let tls = frontend?.mapping("tls") {
            spokenTLS = spoken(
                tls, SpokenTLS(), minimum: "minVersion", maximum: "maxVersion")
            if let protocols = applicationProtocols(tls) { spokenTLS.protocols = protocols }
            traffic.handshakeTimeout = timeout("handshakeTimeout", tls)
        }
        let expressions = expressionSettings(settings)
        namedBackends(reader)
        routeGroups(reader)
        let binds = gateways(reader) + binds(reader)
        checkRouteGroups()
        checkPorts(binds)
        targetedPolicies(reader)
        checkFrontendTLS(frontend?.entry("tls")?.keyProvenance, binds)
        let all = binds + strayBind(at: root.provenance)
        return GatewayConfiguration(
            process: process, traffic: traffic, expressions: expressions, accessLog: accessLog(frontend, logging),
            binds: all, upstreams: upstreams,
            attachments: policies.resolved(findings), consumers: [])
    }
}

/// The field tables of the dialect.
enum AgentgatewayShapes {
    static let document = ObjectShape(
        "a configuration",
        [
            .optional("config", .object(config), "Settings of the whole process, read once at start."),
            .optional("frontendPolicies", .object(frontendPolicies), "What holds for all connections of clients."),
            .optional(
                "gateways", .map(of: .object(gateway)),
                "The ports to listen on, by name. `routes` attach to them."),
            .optional("routes", .list(of: .object(attachedRoute)), "The routes of the `gateways`."),
            .optional(
                "binds", .list(of: .object(bind)),
                "The ports to listen on, each with its listeners and their routes: the older form, which stays."),
            .optional("backends", .list(of: .object(namedBackend)), "Servers that several routes refer to by name."),
            .optional(
                "routeGroups", .list(of: .object(routeGroup)),
                "Routes that other routes lead to, by the group's name (`backends: [{routeGroup: NAME}]`)."),
            .optional(
                "policies", .list(of: .object(targetedPolicy)),
                "Policies attached by name to gateways, listeners or routes."),
            .ours(
                "gatewayPolicies", .list(of: .object(targetedPolicy)),
                "Another name of `policies`. Both may stand in one file."),
        ],
        notOffered: [
            "tcpRoutes", "workloads", "services", "llm", "mcp", "ui",
        ])
}
