import GatewayModel

/// A model as text that people can review: every field, one line each, nested by indentation.
struct ModelDump {
    private var text = ""
    private var indentation = 0
    private var routes: [Route] = []

    static func text(of configuration: GatewayConfiguration) -> String {
        var dump = ModelDump()
        dump.add(configuration)
        return dump.text
    }

    mutating func line(_ line: String) {
        text += String(repeating: "  ", count: indentation) + line + "\n"
    }

    mutating func block(_ title: String, _ provenance: Provenance, _ body: (inout ModelDump) -> Void) {
        line("\(title)  @\(provenance.line):\(provenance.column)")
        indentation += 1
        body(&self)
        indentation -= 1
    }

    private mutating func add(_ configuration: GatewayConfiguration) {
        routes = configuration.binds.flatMap(\.listeners).flatMap(\.routes)
        line("workerThreads: \(configuration.process.workerThreads.map(String.init) ?? "one per core")")
        dump(configuration.accessLog, configuration.process)
        dump(configuration.traffic)
        let expressions = configuration.expressions
        if expressions != ExpressionSettings(checking: .typed, onDenyError: .deny) {
            line(
                "expressions: \(expressions.checking.rawValue), deny rules that fail \(expressions.onDenyError.rawValue)"
            )
        }
        for bind in configuration.binds {
            block("bind \(bind.address.host) port \(bind.address.port)", bind.provenance) { dump in
                for listener in bind.listeners { dump.add(listener) }
            }
        }
        for upstream in configuration.upstreams {
            block("upstream \(upstream.id.name)", upstream.provenance) { dump in
                if upstream.balance != .shares { dump.line("balanced by \(upstream.balance)") }
                if upstream.connections != ConnectionSettings() { dump.line("\(upstream.connections)") }
                if let retry = upstream.retry { dump.block("retry", upstream.provenance) { $0.add(retry) } }
                for endpoint in upstream.endpoints {
                    dump.line("endpoint \(Self.words(endpoint.address)) weight \(endpoint.weight)")
                    if endpoint.priority != 0 { dump.line("  priority \(endpoint.priority)") }
                    dump.add(endpoint.policies)
                }
            }
        }
        for attachment in configuration.attachments { add(attachment) }
        for consumer in configuration.consumers { add(consumer) }
    }

    private static func words(_ address: StreamAddress) -> String {
        switch address {
        case .network(let host, let port): "\(host) port \(port)"
        case .unix: "\(address)"
        }
    }

    private mutating func add(_ tls: TLSTermination) {
        block("tls", tls.provenance) { dump in
            dump.line("certificate: \(tls.certificateFile.path), key: \(tls.keyFile.path)")
            switch tls.clients {
            case .notAsked: dump.line("clients: not asked")
            case .required(let roots): dump.line("clients: required, by \(roots.path)")
            }
            dump.line("versions: \(tls.minimumVersion) to \(tls.maximumVersion)")
            dump.line("suites: \(tls.cipherSuites.joined(separator: " "))")
            if tls.protocols != ["h2", "http/1.1"] { dump.line("protocols: \(tls.protocols.joined(separator: " "))") }
        }
    }

    private mutating func add(_ listener: Listener) {
        block("listener \(listener.id.name)", listener.provenance) { dump in
            dump.line("gateway: \(listener.gatewayName)")
            dump.line("name: \(listener.name.isEmpty ? "none" : listener.name)")
            dump.line("hostname: \(Self.written(listener.hostname))")
            if case .tls(let tls) = listener.security { dump.add(tls) }
            dump.line("refusals: \(listener.refusalStyle.rawValue)")
            for route in listener.routes { dump.add(route) }
        }
    }

    private mutating func add(_ route: Route) {
        block("route \(route.id.name)", route.provenance) { dump in
            dump.line("name: \(route.name.isEmpty ? "none" : route.name)")
            if !route.ancestors.isEmpty { dump.line("below: \(route.ancestors.map(\.name).joined(separator: ", "))") }
            if let document = route.document, document.name != nil || document.service != nil {
                let service = document.service.map { ", of the service \($0.id) (\($0.name ?? "no name"))" } ?? ""
                dump.line("document: \(document.id) (\(document.name ?? "no name"))\(service)")
            }
            dump.line("hostnames: \(route.hostnames.map(Self.written).joined(separator: " "))")
            for match in route.matches { dump.add(match) }
            switch route.action {
            case .forward(let id): dump.line("forward to: \(id.name)")
            case .noBackend: dump.line("forward to: nothing")
            case .delegate: dump.line("leads to the routes below it")
            }
        }
    }

    private mutating func add(_ match: RouteMatch) {
        block("match", match.provenance) { dump in
            switch match.path {
            case .exact(let path): dump.line("path: exactly \(path)")
            case .segmentPrefix(let path): dump.line("path: prefix \"\(path)\"")
            case .bytePrefix(let path): dump.line("path: begins with \"\(path)\"")
            case .regex(let regex): dump.line("path: regex \(regex)")
            }
            if let method = match.method { dump.line("method: \(method)") }
            for header in match.headers { dump.line("header \(header.name): \(header.value)") }
            for parameter in match.query { dump.line("query \(parameter.name): \(parameter.value)") }
            if let condition = match.condition { dump.line("if \(condition.text)") }
        }
    }

    private static func written(_ pattern: HostPattern) -> String {
        switch pattern {
        case .any: "any"
        case .exact(let name): name
        case .wildcard(let suffix): "*.\(suffix)"
        }
    }
}

extension ModelDump {
    private mutating func add(_ attachment: Attachment) {
        let scope =
            switch attachment.scope {
            case .gateway(let name): "gateway \(name)"
            case .listener(let id): "listener \(id.name)"
            case .route(let id): "route \(id.name)"
            case .policySet(let id):
                "route \(routes.filter { $0.policySet == id }.map(\.id.name).joined(separator: ", "))"
            case .overlay(let id): "consumers of \(id.name)"
            }
        let title = "for \(scope), \(attachment.phase.rawValue) phase:"
        switch attachment.policy {
        case .jwtAuthentication(let policy):
            block("\(title) jwtAuthentication", attachment.provenance) { $0.add(policy) }
        case .authorization(let policy):
            block("\(title) authorization", attachment.provenance) { $0.add(policy) }
        case .basic(let policy): block("\(title) basic", attachment.provenance) { $0.add(policy) }
        case .apiKeys(let policy): block("\(title) apiKeys", attachment.provenance) { $0.add(policy) }
        case .combined(let policy):
            block("\(title) combined", attachment.provenance) { dump in
                dump.line("presence: \(policy.presence.rawValue)")
                if policy.logsOnly { dump.line("logs only") }
                dump.add(policy.requirement)
            }
        case .consumerAuthentication(let policy):
            block("\(title) consumerAuthentication", attachment.provenance) { $0.add(policy) }
        case .requestHeaders(let mutation):
            block("\(title) request headers", attachment.provenance) { $0.add(mutation) }
        case .responseHeaders(let mutation):
            block("\(title) response headers", attachment.provenance) { $0.add(mutation) }
        case .directResponse, .requestRedirect, .urlRewrite, .cors, .timeouts, .retry, .rateLimit,
            .transformation, .refusals, .requestID, .requestMirror, .balanceKey, .delay:
            addTraffic(attachment, title)
        case .backendTLS(let tls):
            block("\(title) backend tls", attachment.provenance) { $0.add(tls) }
        case .backendAuthentication(let authentication):
            block("\(title) backend authentication", attachment.provenance) { $0.add(authentication) }
        }
    }

    private mutating func add(_ tls: BackendTLS) {
        line("roots: \(tls.rootsFile?.path ?? "the system's"), verification: \(tls.verification.rawValue)")
        if let offered = tls.offered { line("offered: \(offered.rawValue)") }
        if let identity = tls.identity {
            line("certificate: \(identity.certificateFile.path), key: \(identity.keyFile.path)")
        }
        if let name = tls.serverName { line("server name: \(name)") }
    }

    private mutating func add(_ authentication: BackendAuthentication) {
        for credential in authentication.credentials {
            switch credential.proof {
            case .verifiedToken: line("the verified token at \(credential.location)")
            case .secret(let text): line("secret \(text.origin) at \(credential.location)")
            case .signedToken(let signing):
                block("signed token at \(credential.location)", credential.provenance) { dump in
                    dump.line("key: \(signing.key.origin), \(signing.algorithm), kid \(signing.kid ?? "none")")
                    dump.line("claims: \(String(decoding: signing.claims, as: UTF8.self))")
                    dump.line("lifetimeSeconds: \(signing.lifetimeSeconds)")
                }
            }
        }
    }

    private mutating func add(_ mutation: HeaderMutation) {
        for field in mutation.add { line("add \(field.name): \(field.value)  @\(field.provenance.line)") }
        for field in mutation.set { line("set \(field.name): \(field.value)  @\(field.provenance.line)") }
        for field in mutation.remove { line("remove \(field.name)  @\(field.provenance.line)") }
    }

    /// Only what is there.
    private mutating func add(_ policies: BackendPolicies) {
        indentation += 1
        if let mutation = policies.requestHeaders {
            line("request headers")
            add(mutation)
        }
        if let mutation = policies.responseHeaders {
            line("response headers")
            add(mutation)
        }
        if let tls = policies.tls { block("tls", tls.provenance) { $0.add(tls) } }
        if let authentication = policies.authentication {
            line("authentication")
            indentation += 1
            add(authentication)
            indentation -= 1
        }
        if let version = policies.version { line("version: \(version.rawValue)") }
        if let timeout = policies.requestTimeout { line("request timeout: \(timeout)") }
        if let transformation = policies.transformation { add(transformation) }
        if let health = policies.health { add(health) }
        indentation -= 1
    }

    private mutating func add(_ checks: HealthChecks) {
        line("health checks of \(checks.name)")
        indentation += 1
        if let probe = checks.probe {
            line(
                "probed every \(probe.healthyInterval), or \(probe.unhealthyInterval), for \(probe.timeout), "
                    + "\(probe.concurrency) at a time, port \(probe.port as Int?)")
            if case .request(let request) = probe.kind {
                line("by \(request.method) \(request.target) of \(request.host ?? "the server") \(request.fields)")
                if !request.body.isEmpty { line("with \(request.body)") }
                if let tls = request.tls { block("tls", tls.provenance) { $0.add(tls) } }
            }
            add(probe.criteria)
        }
        if let answers = checks.answers {
            line("judged by answers\(answers.addsUpFailures ? ", of all kinds in one row" : "")")
            add(answers)
        }
        if let expression = checks.unhealthyAnswer { line("unhealthy: \(expression.text)") }
        if let outage = checks.outage { line("out for \(outage)") }
        indentation -= 1
    }

    private mutating func add(_ criteria: HealthCriteria) {
        func words(_ statuses: [Int]) -> String {
            statuses.count > 50 ? "\(statuses[0])...\(statuses[statuses.count - 1])" : "\(statuses)"
        }
        line("in after \(criteria.successes) of \(words(criteria.healthyStatuses))")
        line(
            "out after \(criteria.statusFailures) of \(words(criteria.unhealthyStatuses)), "
                + "\(criteria.connectionFailures) connections or \(criteria.timeouts) timeouts")
    }

    private mutating func add(_ policy: JWTAuthentication) {
        line("presence: \(policy.presence.rawValue)")
        for location in policy.locations { add(location) }
        line("forwards token: \(policy.forwardsToken), unverified: \(policy.forwardsUnverifiedToken)")
        if let header = policy.tokenHeader { line("token in header: \(header.name), behind \"\(header.prefix)\"") }
        line("realm: \(policy.realm)")
        line("maxTokenBytes: \(policy.maxTokenBytes)")
        if policy.logsOnly { line("logs only") }
        if let metadata = policy.resourceMetadata {
            block("resource at \(metadata.url)", metadata.provenance) { dump in
                dump.line("path: \(metadata.path)")
                dump.line(String(decoding: metadata.document, as: UTF8.self))
            }
        }
        for issuer in policy.issuers { add(issuer) }
    }

    private mutating func add(_ handling: CredentialHandling) {
        line("presence: \(handling.presence.rawValue)")
        for location in handling.locations { add(location) }
        line("forwards verified: \(handling.forwardsVerified), unverified: \(handling.forwardsUnverified)")
        line("realm: \(handling.realm)")
        if handling.logsOnly { line("logs only") }
    }

    private mutating func add(_ location: TokenLocation) {
        guard case .expression(let expression) = location else { return line("location: \(location)") }
        block("location: expression \(String(reflecting: expression.text))", expression.provenance) { _ in }
    }

    private mutating func add(_ issuer: Issuer) {
        block("issuer \(issuer.names.joined(separator: " "))", issuer.provenance) { dump in
            dump.line("audiences: \(issuer.audiences.isEmpty ? "any" : issuer.audiences.joined(separator: " "))")
            dump.line("algorithms: \(issuer.algorithms?.joined(separator: " ") ?? "those of the keys")")
            dump.line("requiredClaims: \(issuer.requiredClaims.joined(separator: " "))")
            dump.line("clockSkewSeconds: \(issuer.clockSkewSeconds)")
            dump.line("allowsWeakKeys: \(issuer.allowsWeakKeys)")
            dump.add(issuer.requirements)
            for header in issuer.claimHeaders {
                dump.line(
                    "header \(header.name) from \(header.path), \(header.listFormat), \(header.encoding)  "
                        + "@\(header.provenance.line)")
            }
            for source in issuer.keySources { dump.add(source) }
        }
    }

    private mutating func add(_ source: KeySource) {
        guard case .remote(let keys) = source.origin else {
            return block("keys \(source.origin)", source.provenance) { _ in }
        }
        let title =
            switch keys.place {
            case .keySet(let url): "keys at \(url)"
            case .metadata(let url, let issuer): "keys by metadata of \(issuer) at \(url)"
            }
        block(title, source.provenance) { dump in
            let request = keys.request
            dump.line("caFile: \(request.caFile ?? "the system's")")
            for header in request.headers { dump.line("header \(header.name): \(header.value)") }
            dump.line("timeout: \(request.timeout), at most \(request.maxBytes) bytes")
            dump.line("redirects: \(request.maxRedirects), allows http: \(request.allowsHTTP)")
            dump.line("refuses private addresses: \(request.refusesPrivateAddresses)")
            let refresh = keys.refresh
            dump.line("fresh: \(refresh.shortest) to \(refresh.longest), usually \(refresh.usual)")
            dump.line("refetched every \(refresh.minRefetchInterval) at most, stale for \(refresh.staleLimit)")
        }
    }

    /// Only what is asked for.
    private mutating func add(_ requirements: TokenRequirements) {
        if requirements.type != .ordinary { line("type: \(requirements.type)") }
        if let seconds = requirements.maxLifetimeSeconds { line("maxLifetimeSeconds: \(seconds)") }
        for subject in requirements.subjects { line("subject: \(subject)") }
        if !requirements.scopes.isEmpty { line("scopes: \(requirements.scopes.joined(separator: " "))") }
        for claim in requirements.claims { line("claim \(claim.path): \(claim.test)") }
    }

    private mutating func add(_ policy: Authorization) {
        if policy.logsOnly { line("logs only") }
        for rule in policy.rules {
            block("\(rule.effect.rawValue) \(String(reflecting: rule.expression))", rule.provenance) { dump in
                if let answer = rule.answer { dump.line("answers \(answer.status) \(answer.message ?? "as ever")") }
            }
        }
    }
}

extension ModelDump {
    private mutating func add(_ policy: BasicAuthentication) {
        add(policy.handling)
        block("users \(policy.users.origin)", policy.users.provenance) { _ in }
    }

    private mutating func add(_ policy: APIKeyAuthentication) {
        add(policy.handling)
        for key in policy.keys {
            line("key \(key.secret), metadata \(String(decoding: key.metadata, as: UTF8.self))")
        }
    }

    private mutating func add(_ requirement: AuthenticationRequirement) {
        switch requirement {
        case .token(let policy, let place): block("token", place) { $0.add(policy) }
        case .apiKey(let policy): nested("API key") { $0.add(policy) }
        case .password(let policy): nested("password") { $0.add(policy) }
        case .anyOf(let parts): nested("any of") { dump in for part in parts { dump.add(part) } }
        case .allOf(let parts): nested("all of") { dump in for part in parts { dump.add(part) } }
        }
    }

    private mutating func nested(_ title: String, _ body: (inout ModelDump) -> Void) {
        line(title)
        indentation += 1
        body(&self)
        indentation -= 1
    }
}
