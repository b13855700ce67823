internal import Bytes
internal import CEL
package import GatewayModel
internal import HTTPWire
package import JOSE

/// What key sources held when they were last read.
package struct KeyMaterial: Sendable {
    package var keySets: [KeySource: KeySet]
    /// What fetches those that are fetched.
    package var refreshes: [KeySource: KeyRefresh]
    /// What stands in the files of `TLSTermination` and `BackendTLS`, by path; a file that could not be read is not
    /// there.
    package var tlsFiles: [String: [UInt8]] = [:]
    /// What stands in the files of `TextSource`, by path; a file that could not be read is not there.
    package var textFiles: [String: [UInt8]] = [:]

    package init(keySets: [KeySource: KeySet] = [:], refreshes: [KeySource: KeyRefresh] = [:]) {
        self.keySets = keySets
        self.refreshes = refreshes
    }
}

/// Compiles the model to a snapshot. Pure: the same model and keys give the same snapshot.
package struct Compiler {
    let configuration: GatewayConfiguration
    let instance: GatewayInstance
    let keys: KeyMaterial
    /// What expressions may use, where it is not all.
    var vocabulary: OriginalVocabulary?
    var diagnostics: [Diagnostic] = []
    /// What was reported already: one policy may stand in the slots of many routes.
    private var reported: Set<Diagnostic> = []
    /// By index of the attachment, so that routes share what they have in common.
    var authenticators: [Int: Shared<JWTAuthenticator>] = [:]
    var apiKeyAuthenticators: [Int: Shared<APIKeyAuthenticator>] = [:]
    var basicAuthenticators: [Int: Shared<BasicAuthenticator>] = [:]
    var combinedAuthenticators: [Int: Shared<CombinedAuthenticator>] = [:]
    var consumerAuthenticators: [Int: Shared<ConsumerAuthenticator>] = [:]
    /// By policy, wherever that was written: of ten thousand routes that ask alike, each would else have one of its
    /// own, which no cache holds when a request comes. Those whose expressions are looked at place by place are not
    /// here.
    var consumerAuthentications: [ConsumerAuthentication: FurtherAuthentication] = [:]
    /// The upstreams so far.
    var upstreams = UpstreamTable()
    var conditions: EndpointConditions
    var rules = RuleCompiler()
    var fillers = FillerCheck()
    var headers = HeaderCompiler()
    var rateLimits: RateLimitCompiler
    /// What the routes of policy sets have in common, in the listener that is compiled.
    private var routePolicies: [PolicySetID: RoutePolicies] = [:]
    /// By index of the attachment; nil where it is none, which has been reported.
    var refusalForms: [Int: CompiledRefusalForm?] = [:]
    /// Indices of the attachments of each scope, in the order written.
    let attachments: [Attachment.Scope: [Int]]
    var backendCredentials: [BackendAuthentication: [BackendCredential]] = [:]
    /// Indices of the upstreams that copies go to.
    var mirrorUpstreams: [UpstreamID: Int] = [:]
    var trustPlaces: [(trust: UpstreamTrust, place: Provenance)] = []

    /// The snapshot, or nil where a diagnostic is an error.
    ///
    /// - Parameters:
    ///   - instance: which gateway this process is.
    ///   - tls: tells whether certificates and keys can be served; nil: nobody looks.
    ///   - vocabulary: what expressions use besides is an error; nil: they may use all.
    ///   - previous: what is served so far; limits that are the same go on with its counts.
    package static func compile(
        _ configuration: GatewayConfiguration, keys: KeyMaterial, instance: GatewayInstance = GatewayInstance(),
        tls: (any TLSChecking)? = nil, keepingTo vocabulary: OriginalVocabulary? = nil,
        previous: Snapshot? = nil
    ) -> (snapshot: Snapshot?, diagnostics: [Diagnostic]) {
        var compiler = Compiler(configuration: configuration, keys: keys, instance: instance, previous: previous)
        compiler.vocabulary = vocabulary
        let snapshot = compiler.compile()
        if let tls { compiler.diagnostics += snapshot.tlsProblems(tls) }
        return (compiler.diagnostics.hasErrors ? nil : snapshot, compiler.diagnostics)
    }

    init(
        configuration: GatewayConfiguration, keys: KeyMaterial, instance: GatewayInstance, previous: Snapshot?
    ) {
        conditions = EndpointConditions(previous: previous)
        rateLimits = RateLimitCompiler(previous: previous?.rateLimiters ?? [:])
        self.configuration = configuration
        self.instance = instance
        self.keys = keys
        var attachments: [Attachment.Scope: [Int]] = [:]
        for (index, attachment) in configuration.attachments.enumerated() {
            attachments[attachment.scope, default: []].append(index)
        }
        self.attachments = attachments
    }

    private mutating func compile() -> Snapshot {
        gatherIdentityHeaders()
        let indices = compileUpstreams()
        let consumers = consumerDirectory()
        let binds = configuration.binds.map { compile($0, upstreams: indices, consumers) }
        let traffic = TrafficPolicy(configuration.traffic, &diagnostics)
        let accessLog = accessLogPolicy()
        for diagnostic in fillers.diagnostics(knowsAll: true) { report(diagnostic) }
        return Snapshot(
            binds: binds, upstreams: upstreams.snapshots, upstreams.revision, traffic: traffic, accessLog: accessLog,
            trustPlaces: trustPlaces, rateLimiters: rateLimits.limiters)
    }

    /// The headers by which backends are told who a request is from.
    mutating func gatherIdentityHeaders() {
        checkClaimHeaders()
        if configuration.namesConsumers { headers.addIdentity(IdentifiedConsumer.fieldNames) }
    }

    /// All consumers, in the order written.
    private mutating func consumerDirectory() -> ConsumerDirectory {
        let written = configuration.consumers.enumerated().map { place, consumer in
            (consumer, DocumentRank(revision: 0, place: place))
        }
        return ConsumerDirectory(
            .empty, replacing: [], by: written, overlays: consumerOverlays(), dates: configuration.checkedDates,
            keys: keys, &diagnostics)
    }

    private mutating func compile(
        _ bind: Bind, upstreams: [UpstreamID: Int], _ consumers: ConsumerDirectory
    ) -> BindSnapshot {
        let listeners = bind.listeners.map { compile($0, upstreams: upstreams) }
        let hosts = HostTable(bind.listeners.enumerated().map { ($0.element.hostname, $0.offset) })
        return BindSnapshot(
            address: bind.address, listeners: listeners, hosts: hosts, tls: tlsSettings(bind),
            identityHeaders: headers.identity, consumers: consumers)
    }

    /// All that a `RouteSnapshot` is made of and that routes of one listener do not have in common.
    private struct Treatment: Hashable {
        var attachments: [Int]?
        var upstream: Int?
        var document: RouteDocument?
    }

    private mutating func compile(_ listener: Listener, upstreams: [UpstreamID: Int]) -> ListenerSnapshot {
        let gatewayPolicy = effectivePolicy(.gatewayPhase(of: listener))
        routePolicies = [:]
        var builder = RouteTableBuilder()
        let names = RouteNames(listener.routes.map(\.displayName))
        var snapshots: [Treatment: RouteSnapshot] = [:]
        for route in listener.routes {
            // No request stays there: its policies are looked at where they lead.
            if case .delegate = route.action {
                builder.add(route, .leading(names), conditions: [])
                continue
            }
            let treatment = treatment(of: route, upstreams: upstreams)
            let snapshot =
                snapshots[treatment]
                ?? self.snapshot(of: route, treatment, names, in: listener, after: gatewayPolicy)
            snapshots[treatment] = snapshot
            if let traffic = snapshot.policy.traffic { checkPrefixes(traffic, of: route) }
            builder.add(route, snapshot, conditions: conditions(of: route, in: listener, after: gatewayPolicy))
        }
        // A route may stand in several listeners.
        for diagnostic in builder.diagnostics { report(diagnostic) }
        let unroutedPolicy = effectivePolicy(.unrouted(in: listener, after: gatewayPolicy))
        let documents = resourceDocuments([gatewayPolicy, unroutedPolicy] + snapshots.values.map(\.policy))
        return ListenerSnapshot(
            listener, gatewayPolicy: gatewayPolicy, unroutedPolicy: unroutedPolicy, routes: builder.build(),
            resourceMetadata: documents, instance: instance)
    }

    /// What each match asks of a request besides; empty where none of them asks anything. One that is no expression has
    /// been reported.
    mutating func conditions(
        of route: Route, in listener: Listener, after gatewayPolicy: EffectivePolicy
    ) -> [CELProgram?] {
        guard route.matches.contains(where: { $0.condition != nil }) else { return [] }
        defer { fillers.settle(EffectivePolicy(), at: .route(route, in: listener, after: gatewayPolicy)) }
        return route.matches.map { match in
            match.condition.flatMap { program($0, of: .bool, "a condition must be true or false", at: .routeMatch) }
        }
    }

    private func treatment(of route: Route, upstreams: [UpstreamID: Int]) -> Treatment {
        var treatment = Treatment(attachments: attachments[.route(route.id)], document: route.document)
        if !route.ancestors.isEmpty || route.policySet != nil {
            treatment.attachments = route.scopes(behind: []).flatMap { attachments[$0] ?? [] }
        }
        if case .forward(let id) = route.action { treatment.upstream = upstreams[id] }
        return treatment
    }

    private mutating func snapshot(
        of route: Route, _ treatment: Treatment, _ names: RouteNames, in listener: Listener,
        after gatewayPolicy: EffectivePolicy
    ) -> RouteSnapshot {
        let policies = policies(of: route, in: listener, after: gatewayPolicy)
        return RouteSnapshot(
            names: names, upstream: treatment.upstream, policies, upstreams, document: route.document)
    }

    /// What becomes of a route's requests whichever upstream and names it has. Routes of one set share it.
    mutating func policies(
        of route: Route, in listener: Listener, after gatewayPolicy: EffectivePolicy
    ) -> RoutePolicies {
        let set = attachments[.route(route.id)] == nil && route.ancestors.isEmpty ? route.policySet : nil
        if let set, let known = routePolicies[set] { return known }
        let place = PolicyPlace.route(route, in: listener, after: gatewayPolicy)
        let policy = effectivePolicy(place)
        warnOfRivals(in: place.scopes)
        warnOfChangedClaims(in: place.scopes)
        let guarded = FieldNames.union(gatewayPolicy.traffic?.guardedNames, policy.traffic?.guardedNames)
        let policies = RoutePolicies(
            policy: policy, guardedNames: .union(headers.guardedNames(policy.requestEdit), guarded))
        if let set { routePolicies[set] = policies }
        return policies
    }

    /// What becomes of one route's requests, shared with no other.
    mutating func snapshot(
        of route: Route, in listener: Listener, upstreams: [UpstreamID: Int], after gatewayPolicy: EffectivePolicy
    ) -> RouteSnapshot {
        let snapshot = snapshot(
            of: route, treatment(of: route, upstreams: upstreams), RouteNames([route.displayName]), in: listener,
            after: gatewayPolicy)
        if let traffic = snapshot.policy.traffic { checkPrefixes(traffic, of: route) }
        return snapshot
    }

    mutating func overlayPolicy(_ id: OverlayID) -> EffectivePolicy {
        effectivePolicy(.overlay(id))
    }

    /// The slots of a place: of a kind the most specific scope counts, but authorization rules of all levels hold
    /// together.
    mutating func effectivePolicy(_ place: PolicyPlace) -> EffectivePolicy {
        var policy = EffectivePolicy()
        var authorizations: [Int] = []
        var combined: CombinedAuthenticator?
        var basic: BasicAuthenticator?
        var apiKeys: APIKeyAuthenticator?
        var traffic = TrafficPolicies()
        var consumers: FurtherAuthentication?
        for scope in place.scopes {
            for index in attachments[scope] ?? [] where configuration.attachments[index].phase == place.phase {
                switch configuration.attachments[index].policy {
                case .jwtAuthentication(let authentication):
                    policy.jwtAuthentication = authenticator(index, authentication)
                case .authorization: authorizations.append(index)
                case .combined(let authentication): combined = combinedAuthenticator(index, authentication)
                case .basic(let authentication): basic = basicAuthenticator(index, authentication)
                case .apiKeys(let authentication): apiKeys = apiKeyAuthenticator(index, authentication)
                case .consumerAuthentication(let authentication):
                    consumers = consumerAuthentication(index, authentication)
                case .requestHeaders(let mutation): policy.requestEdit = fieldEdit(index, mutation, of: .request)
                case .responseHeaders(let mutation): policy.responseEdit = fieldEdit(index, mutation, of: .response)
                case .directResponse, .requestRedirect, .urlRewrite, .cors, .timeouts, .retry,
                    .rateLimit, .transformation, .refusals, .requestID, .requestMirror, .balanceKey, .delay:
                    traffic.add(configuration.attachments[index], index)
                    checkRequestID(configuration.attachments[index].policy)
                // They belong to the upstream.
                case .backendTLS, .backendAuthentication: break
                }
            }
        }
        policy.furtherAuthentication =
            combined == nil && basic == nil && apiKeys == nil
            ? consumers
            : FurtherAuthentication(
                consumers: consumers?.consumers, combined: combined, basic: basic, apiKeys: apiKeys)
        policy.authorization = authorizer(authorizations, beside: policy, at: place)
        checkForwarding(traffic)
        policy.traffic = TrafficSlots(traffic, stages(of: traffic))
        fillers.settle(policy, at: place)
        return policy
    }

    /// Nil where its file could not be read, which has been reported.
    func content(of text: TextSource) -> String? {
        switch text.origin {
        case .inline(let written): written
        case .file(let path): keys.textFiles[path].map { String(decoding: $0, as: UTF8.self) }
        }
    }

    mutating func report(_ diagnostic: Diagnostic) {
        if reported.insert(diagnostic).inserted { diagnostics.append(diagnostic) }
    }

    private mutating func authenticator(_ index: Int, _ policy: JWTAuthentication) -> JWTAuthenticator {
        shared(\.authenticators, index) { $0.authenticator(policy, at: $0.configuration.attachments[index].provenance) }
    }

    mutating func authenticator(_ policy: JWTAuthentication, at place: Provenance) -> JWTAuthenticator {
        let issuers = policy.issuers.map { issuer in
            JWTAuthenticator.Issuer(
                rules: IssuerRules(issuer, algorithms: algorithms(of: issuer), maxTokenBytes: policy.maxTokenBytes),
                keySources: issuer.keySources)
        }
        return JWTAuthenticator(
            policy,
            locations: policy.locations.compactMap { location($0, of: .jwtAuth, staysByWish: policy.forwardsToken) },
            issuers: issuers, keys: keys, provenance: place)
    }

    private mutating func consumerAuthentication(
        _ index: Int, _ written: ConsumerAuthentication
    ) -> FurtherAuthentication? {
        var policy = written
        for step in policy.steps.indices { policy.steps[step].provenance = Provenance(document: "") }
        if let known = consumerAuthentications[policy] { return known }
        let consumers = shared(\.consumerAuthenticators, index) { compiler in
            let locations = policy.steps.map { step in
                step.schemes.map { scheme in
                    scheme.locations.compactMap { compiler.location($0, of: .consumers, staysByWish: true) }
                }
            }
            return ConsumerAuthenticator(policy, locations: locations)
        }
        let compiled = FurtherAuthentication(consumers: consumers, combined: nil, basic: nil, apiKeys: nil)
        if !policy.hasExpressions, consumerAuthentications.count < Self.maxSharedPolicies {
            consumerAuthentications[policy] = compiled
        }
        return compiled
    }

    /// They are kept for the changes that follow.
    private static let maxSharedPolicies = 256

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

extension Route {
    /// Its name, or its place where it has none.
    var displayName: String { name.isEmpty ? id.name : name }

    /// What its policies may be attached to, from the least to the most specific.
    ///
    /// - Parameter outer: what those of its listener may be attached to.
    func scopes(behind outer: [Attachment.Scope]) -> [Attachment.Scope] {
        var scopes: [Attachment.Scope] = []
        scopes.reserveCapacity(outer.count + ancestors.count + 2)
        scopes += outer
        for ancestor in ancestors { scopes.append(.route(ancestor)) }
        if let policySet { scopes.append(.policySet(policySet)) }
        scopes.append(.route(id))
        return scopes
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

extension ConsumerAuthentication {
    fileprivate var hasExpressions: Bool {
        steps.flatMap(\.schemes).flatMap(\.locations).contains { location in
            if case .expression = location { return true }
            return false
        }
    }
}
