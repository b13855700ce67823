internal import Bytes
internal import CEL
package import GatewayModel
package import JOSE

/// What key sources held when they were last read.
package struct KeyMaterial: Sendable {
    package var keySets: [KeySource: KeySet]
    /// What stands in the files of `TLSTermination`, by path; a file that could not be read is not there.
    package var tlsFiles: [String: [UInt8]]

    package init(keySets: [KeySource: KeySet] = [:], tlsFiles: [String: [UInt8]] = [:]) {
        self.keySets = keySets
        self.tlsFiles = tlsFiles
    }
}

/// Compiles the model to a snapshot. Pure: the same model and keys give the same snapshot.
package struct Compiler {
    private let configuration: GatewayConfiguration
    let keys: KeyMaterial
    var diagnostics: [Diagnostic] = []
    /// By index of the attachment, so that routes share what they have in common.
    private var authenticators: [Int: JWTAuthenticator] = [:]
    private var programs: [String: CELProgram] = [:]
    /// Indices of the attachments of each scope, in the order written.
    private let attachments: [Attachment.Scope: [Int]]

    /// The snapshot, or nil where a diagnostic is an error.
    package static func compile(
        _ configuration: GatewayConfiguration, keys: KeyMaterial
    ) -> (snapshot: Snapshot?, diagnostics: [Diagnostic]) {
        var compiler = Compiler(configuration: configuration, keys: keys)
        let snapshot = compiler.compile()
        return (compiler.diagnostics.hasErrors ? nil : snapshot, compiler.diagnostics)
    }

    private init(configuration: GatewayConfiguration, keys: KeyMaterial) {
        self.configuration = configuration
        self.keys = keys
        var attachments: [Attachment.Scope: [Int]] = [:]
        for (index, attachment) in configuration.attachments.enumerated() {
            attachments[attachment.scope, default: []].append(index)
        }
        self.attachments = attachments
    }

    private mutating func compile() -> Snapshot {
        let upstreams = configuration.upstreams.map(UpstreamSnapshot.init)
        var indices: [UpstreamID: Int] = [:]
        for (index, upstream) in upstreams.enumerated() { indices[upstream.id] = index }
        let binds = configuration.binds.map { compile($0, upstreams: indices) }
        let traffic = TrafficPolicy(configuration.traffic, &diagnostics)
        return Snapshot(binds: binds, upstreams: upstreams, traffic: traffic)
    }

    private mutating func compile(_ bind: Bind, upstreams: [UpstreamID: Int]) -> BindSnapshot {
        let listeners = bind.listeners.map { compile($0, upstreams: upstreams) }
        let hosts = HostTable(bind.listeners.enumerated().map { ($0.element.hostname, $0.offset) })
        return BindSnapshot(address: bind.address, listeners: listeners, hosts: hosts, tls: tlsSettings(bind))
    }

    private mutating func compile(_ listener: Listener, upstreams: [UpstreamID: Int]) -> ListenerSnapshot {
        let scopes: [Attachment.Scope] = [.gateway(listener.gatewayName), .listener(listener.id)]
        var builder = RouteTableBuilder()
        for route in listener.routes {
            let policy = effectivePolicy(phase: .route, scopes: scopes + [.route(route.id)])
            var upstream: Int?
            if case .forward(let id) = route.action { upstream = upstreams[id] }
            builder.add(
                route,
                RouteSnapshot(name: route.name.isEmpty ? route.id.name : route.name, upstream: upstream, policy: policy)
            )
        }
        diagnostics += builder.diagnostics
        return ListenerSnapshot(
            id: listener.id, gatewayPolicy: effectivePolicy(phase: .gateway, scopes: scopes),
            unroutedPolicy: effectivePolicy(phase: .route, scopes: scopes),
            routes: builder.build(), refusalStyle: listener.refusalStyle)
    }

    /// The slots of a place. `scopes` go from the least to the most specific: of a kind the most specific
    /// counts, but authorization rules of all levels hold together.
    private mutating func effectivePolicy(phase: Attachment.Phase, scopes: [Attachment.Scope]) -> EffectivePolicy {
        var policy = EffectivePolicy()
        var rules: [AuthorizationRule] = []
        for scope in scopes {
            for index in attachments[scope] ?? [] where configuration.attachments[index].phase == phase {
                switch configuration.attachments[index].policy {
                case .jwtAuthentication(let authentication):
                    policy.jwtAuthentication = authenticator(index, authentication)
                case .authorization(let authorization):
                    rules += authorization.rules
                }
            }
        }
        policy.authorization = authorizer(rules)
        return policy
    }

    private mutating func authorizer(_ rules: [AuthorizationRule]) -> Authorizer? {
        guard !rules.isEmpty else { return nil }
        return Authorizer(rules.compactMap { rule in program(rule).map { (rule.effect, $0) } })
    }

    private mutating func program(_ rule: AuthorizationRule) -> CELProgram? {
        if let known = programs[rule.expression] { return known }
        do {
            let program = try CELProgram(rule.expression, environment: RequestAttribute.environment)
            programs[rule.expression] = program
            guard program.type == .bool || program.type == .dyn else {
                refuse(rule, "an authorization rule must be true or false, this one is a \(program.type)")
                return nil
            }
            return program
        } catch {
            for issue in error.issues {
                let location = CELSourceLocation(issue.offset, in: rule.expression)
                refuse(
                    rule, "\(issue.message), at \(location.line):\(location.column) of the expression",
                    excerpt: location.excerpt, hint: issue.hint)
            }
            return nil
        }
    }

    private mutating func refuse(
        _ rule: AuthorizationRule, _ message: String, excerpt: String? = nil, hint: String? = nil
    ) {
        var diagnostic = Diagnostic(.error, "expression_invalid", message, at: rule.provenance, hint: hint)
        diagnostic.excerpt = excerpt
        // One rule may stand in the slots of many routes.
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }

    private mutating func authenticator(_ index: Int, _ policy: JWTAuthentication) -> JWTAuthenticator {
        if let known = authenticators[index] { return known }
        let providers = policy.issuers.map { issuer in
            (rules(of: issuer, policy), issuer.keySources.compactMap { keys.keySets[$0] })
        }
        let authenticator = JWTAuthenticator(
            policy, verifier: TokenVerifier(providers: providers),
            provenance: configuration.attachments[index].provenance)
        authenticators[index] = authenticator
        return authenticator
    }

    private mutating func rules(of issuer: Issuer, _ policy: JWTAuthentication) -> IssuerRules {
        IssuerRules(
            issuers: issuer.names, audiences: issuer.audiences, algorithms: algorithms(of: issuer),
            requiredClaims: issuer.requiredClaims, clockSkewSeconds: issuer.clockSkewSeconds,
            maxLifetimeSeconds: nil, type: .ordinary, subjects: [], requiredScopes: [], claims: [],
            maxTokenBytes: policy.maxTokenBytes, refusesFutureIssuedAt: false, allowsUnprovenBinding: false)
    }

    private mutating func algorithms(of issuer: Issuer) -> AlgorithmSet? {
        guard let names = issuer.algorithms else { return nil }
        var set: [SignatureAlgorithm] = []
        for name in names {
            if let algorithm = SignatureAlgorithm(name: name) {
                set.append(algorithm)
            } else {
                diagnostics.append(
                    Diagnostic(
                        .error, "algorithm_unknown", "`\(name)` is not an algorithm that tokens may be signed with",
                        at: issuer.provenance,
                        hint: "offered: \(SignatureAlgorithm.allCases.map { "\($0)" }.joined(separator: ", "))"))
            }
        }
        return AlgorithmSet(set)
    }
}

extension HostTable {
    init(_ patterns: [(HostPattern, Int)]) {
        var exact: [(key: [UInt8], value: Int)] = []
        var wildcards: [(key: [UInt8], value: Int)] = []
        var any: Int?
        for (pattern, value) in patterns {
            switch pattern {
            case .exact(let name): exact.append((Array(name.utf8), value))
            case .wildcard(let suffix): wildcards.append((Array(suffix.utf8), value))
            case .any: any = any ?? value
            }
        }
        self.init(exact: ByteTable(exact), wildcards: ByteTable(wildcards), any: any)
    }
}
