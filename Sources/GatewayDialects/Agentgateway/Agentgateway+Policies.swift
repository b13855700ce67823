import GatewayModel

extension AgentgatewayShapes {
    /// The policies this version offers in both phases.
    private static let offeredPolicies: [FieldShape] = [
        .optional(
            "jwtAuth", .either([.object(jwtSingle), .object(jwtMulti)]),
            "Who sent the request, proven by a JSON Web Token."),
        .optional("authorization", .object(authorization), "Whether the request may pass."),
        .optional("cors", .object(cors), "Which other sites' scripts may ask."),
        .optional("apiKey", .object(apiKeys), "Who sent the request, by a key that the client shares."),
        .optional("basicAuth", .object(basicAuthentication), "Who sent the request, by user and password."),
        .ours(
            "authentication", .object(combinedAuthentication),
            "Who sent the request, by one of several credentials or by several together: a token or an API key, say. "
                + "What stands beside it is asked for, too."),
        .optional(
            "transformations", .either([.object(transformations), .object(conditionalTransformations)]),
            "Changes of requests and answers by expressions. `jwt.rawToken` is there, a secret that `.unredacted()` shows."
        ),
        .ours(
            "refusals", .object(refusals),
            "How refusals are written from here on. Those that come before a listener is known are agentgateway's."),
        .ours(
            "requestId", .object(requestID),
            "A name for each request, in the access log as `request_id`, in headers and in bodies of refusals."),
    ]

    /// Those that need a route that has been chosen.
    private static let offeredRoutePolicies: [FieldShape] =
        [
            .optional(
                "requestHeaderModifier", .object(headerModifier),
                "Headers added to, set in and removed from the request, after all other policies of the route."),
            .optional(
                "responseHeaderModifier", .object(headerModifier),
                "The same of the answer, be it the backend's or a refusal."),
            .optional(
                "backendTLS", .object(backendTLS), "TLS to the backends that have no `backendTLS` of their own."),
            .optional(
                "backendAuth", .object(backendAuth),
                "What proves to the backends who asks, where they have no `backendAuth` of their own."),
        ] + trafficPolicies

    /// Names of the policies that are offered.
    static var policyNames: [String] { (offeredPolicies + offeredRoutePolicies).map(\.name) }

    /// Names of those that cannot run before a route is chosen.
    static var routePolicyNames: [String] { offeredRoutePolicies.map(\.name) }

    /// What may stand at a listener: run before a route is chosen.
    static let gatewayPolicies = ObjectShape(
        "a listener's policies", offeredPolicies,
        notOffered: ["oidc", "extAuthz", "extProc"],
        elsewhere: (routePolicyNames, "at a route, or under `policies` with the gateway as its target"))

    /// What may stand at a route, or be attached by name.
    static let routePolicies = ObjectShape(
        "a route's policies", offeredPolicies + offeredRoutePolicies,
        notOffered: [
            "mcpAuthorization", "mcpGuardrails", "mcpAuthentication", "a2a", "ai",
            "backendTunnel", "remoteRateLimit", "oidc",
            "extAuthz", "extProc", "csrf", "buffer",
        ], elsewhere: (backendPolicyNames, "under `policies` of a backend"))

    /// What only a backend may have.
    private static let backendPolicyNames = backendPolicies.fields.map(\.name).filter { name in
        !policyNames.contains(name)
            && !["extAuthz", "authorization", "mcpAuthorization", "mcpGuardrails", "a2a", "ai"].contains(name)
    }
}

extension AgentgatewayDecoder {
    /// Policies written at what they are for.
    mutating func inlinePolicies(_ reader: MappingReader?, scope: Attachment.Scope, phase: Attachment.Phase) {
        guard let reader else { return }
        // A listener's own policies rank like those attached to it by name; a route's own come first.
        let specificity: PolicyCollector.Specificity = if case .route = scope { .inline } else { .target }
        for (policy, place) in decodedPolicies(reader) {
            policies.add(
                Attachment(scope: scope, phase: phase, policy: policy, provenance: place), specificity: specificity)
        }
    }

    /// The policies of one mapping, each with the place of its name.
    mutating func decodedPolicies(_ reader: MappingReader) -> [(Policy, Provenance)] {
        var decoded: [(Policy, Provenance)] = []
        if let entry = reader.entry("jwtAuth"), let policy = jwtAuthentication(entry) {
            decoded.append((.jwtAuthentication(policy), entry.keyProvenance))
        }
        if let policy = reader.mapping("authorization"), let authorization = authorization(policy) {
            decoded.append((.authorization(authorization), policy.place))
        }
        if let policy = reader.mapping("basicAuth"), let basic = basicAuthentication(policy) {
            decoded.append((.basic(basic), policy.place))
        }
        if let policy = reader.mapping("authentication"), let combined = combinedAuthentication(policy) {
            decoded.append((.combined(combined), policy.place))
        }
        if let policy = reader.mapping("apiKey") { decoded.append((.apiKeys(apiKeys(policy)), policy.place)) }
        if let policy = reader.mapping("cors") { decoded.append((.cors(cors(policy)), policy.place)) }
        if let entry = reader.entry("transformations"), let policy = transformation(entry) {
            decoded.append((.transformation(policy), entry.keyProvenance))
        }
        if let policy = reader.mapping("refusals") { decoded.append((.refusals(refusals(policy)), policy.place)) }
        if let policy = reader.mapping("requestId") { decoded.append((.requestID(requestID(policy)), policy.place)) }
        // A listener's policies have none of the others.
        guard reader.shape.field("requestHeaderModifier") != nil else { return decoded }
        if let policy = reader.mapping("requestHeaderModifier") {
            decoded.append((.requestHeaders(headerMutation(policy)), policy.place))
        }
        if let policy = reader.mapping("responseHeaderModifier") {
            decoded.append((.responseHeaders(headerMutation(policy)), policy.place))
        }
        if let policy = reader.mapping("backendTLS") { decoded.append((.backendTLS(backendTLS(policy)), policy.place)) }
        if let entry = reader.entry("backendAuth"), let policy = backendAuthentication(entry) {
            decoded.append((.backendAuthentication(policy), entry.keyProvenance))
        }
        decoded += decodedTrafficPolicies(reader)
        return decoded
    }
}

/// The attachments of a document, and which of them hold where several meet.
struct PolicyCollector {
    /// How closely a policy names what it is for; the closest holds.
    enum Specificity: Int, Comparable {
        case target, rule, inline

        static func < (a: Specificity, b: Specificity) -> Bool { a.rawValue < b.rawValue }
    }

    private var collected: [(attachment: Attachment, specificity: Specificity)] = []

    mutating func add(_ attachment: Attachment, specificity: Specificity) {
        collected.append((attachment, specificity))
    }

    /// The attachments in the document's order, at most one of a kind per scope and phase.
    ///
    /// Of several, the most closely named one holds and the others get a warning; a tie is an error.
    /// Authorizations add up, so all of them stay.
    func resolved(_ findings: Findings) -> [Attachment] {
        var holders: [SlotKey: (index: Int, specificity: Specificity)] = [:]
        var dropped: Set<Int> = []
        var reported: Set<Provenance> = []
        for (index, (attachment, specificity)) in collected.enumerated() {
            if case .authorization = attachment.policy { continue }
            let key = SlotKey(
                scope: attachment.scope, phase: attachment.phase, policy: Self.name(of: attachment.policy))
            guard let holder = holders[key] else {
                holders[key] = (index, specificity)
                continue
            }
            let loser = specificity > holder.specificity ? holder.index : index
            dropped.insert(loser)
            if loser == holder.index { holders[key] = (index, specificity) }
            let winner = loser == index ? holder.index : index
            guard reported.insert(collected[loser].attachment.provenance).inserted else { continue }
            report(loser: loser, winner: winner, isTie: specificity == holder.specificity, findings)
        }
        return collected.indices.filter { !dropped.contains($0) }.map { collected[$0].attachment }
    }

    private func report(loser: Int, winner: Int, isTie: Bool, _ findings: Findings) {
        let loser = collected[loser].attachment
        let other = collected[winner].attachment.provenance
        let target = Self.inWords(loser.scope)
        let policy = Self.name(of: loser.policy)
        if isTie {
            let others = policy == "jwtAuth" ? "; several issuers go under its `providers`" : ""
            findings.error(
                "policy_duplicate", "\(target) has a `\(policy)` for this phase already, at line \(other.line)",
                at: loser.provenance, hint: "keep one of them\(others)")
        } else {
            findings.warning(
                "policy_overridden", "for \(target) the `\(policy)` at line \(other.line) holds instead of this one",
                at: loser.provenance)
        }
    }

    private static func name(of policy: Policy) -> String {
        switch policy {
        case .jwtAuthentication: "jwtAuth"
        case .authorization: "authorization"
        case .apiKeys: "apiKey"
        case .basic: "basicAuth"
        case .combined: "authentication"
        // Other dialects have these.
        case .consumerAuthentication: "consumers"
        case .balanceKey: "balance key"
        case .requestHeaders: "requestHeaderModifier"
        case .responseHeaders: "responseHeaderModifier"
        case .directResponse: "directResponse"
        case .requestRedirect: "requestRedirect"
        case .urlRewrite: "urlRewrite"
        case .backendTLS: "backendTLS"
        case .cors: "cors"
        case .timeouts: "timeout"
        case .retry: "retry"
        case .transformation: "transformations"
        case .backendAuthentication: "backendAuth"
        case .rateLimit: "localRateLimit"
        case .refusals: "refusals"
        case .requestID: "requestId"
        case .requestMirror: "requestMirror"
        case .delay: "delay"
        }
    }

    private static func inWords(_ scope: Attachment.Scope) -> String {
        switch scope {
        case .gateway(let name): "the gateway `\(name)`"
        case .listener(let id): "the listener `\(id.name)`"
        case .route(let id): "the route `\(id.name)`"
        // Other dialects have these.
        case .overlay(let id): "consumers of `\(id.name)`"
        case .policySet(let id): "routes of `\(id.documents.joined(separator: ", "))`"
        }
    }
}

private struct SlotKey: Hashable {
    var scope: Attachment.Scope
    var phase: Attachment.Phase
    /// The policy's name.
    var policy: String
}
