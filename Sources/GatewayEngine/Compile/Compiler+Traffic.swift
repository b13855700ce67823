internal import CEL
internal import GatewayModel

/// What the slots of `TrafficSlots` are filled from: of each kind the policy that holds.
struct TrafficPolicies: Equatable {
    /// A policy, and where it was written.
    struct Placed<Value: Equatable>: Equatable {
        let value: Value
        let provenance: Provenance
    }

    /// Policies that were written for one route and have an effect on what it forwards alone, each by the name of its
    /// field: the last one of each that holds.
    private(set) var ofForwarding: [String: Provenance] = [:]

    private(set) var urlRewrite: Placed<URLChange>?
    private(set) var requestRedirect: Placed<RequestRedirect>?
    private(set) var directResponse: Placed<DirectResponse>?
    private(set) var cors: Placed<CORS>?
    private(set) var timeouts: RouteTimeouts?
    private(set) var retry: RetryPolicy?
    /// The attachment: what it counts is one for all places it holds at.
    private(set) var rateLimit: Int?
    private(set) var transformation: Transformation?
    private(set) var balanceKey: Expression?
    /// The attachment: what it compiles to is one for all places it holds at.
    private(set) var refusals: Int?
    private(set) var requestID: RequestIDPolicy?
    private(set) var mirror: RequestMirror?
    private(set) var delay: Placed<RequestDelay>?

    /// Takes a policy that is more specific than those before it; kinds of other slots are left alone.
    mutating func add(_ attachment: Attachment, _ index: Int) {
        let place = attachment.provenance
        if let field = attachment.policy.fieldOfForwarding {
            switch attachment.scope {
            case .route, .policySet: ofForwarding[field] = place
            case .gateway, .listener, .overlay: ofForwarding[field] = nil
            }
        }
        switch attachment.policy {
        case .urlRewrite(let value): urlRewrite = Placed(value: value, provenance: place)
        case .requestRedirect(let value): requestRedirect = Placed(value: value, provenance: place)
        case .directResponse(let value): directResponse = Placed(value: value, provenance: place)
        case .cors(let value): cors = Placed(value: value, provenance: place)
        case .timeouts(let value): timeouts = value
        case .retry(let value): retry = value
        case .rateLimit: rateLimit = index
        case .transformation(let value): transformation = value
        case .balanceKey(let value): balanceKey = value
        case .refusals: refusals = index
        case .requestID(let value): requestID = value
        case .requestMirror(let value): mirror = value
        case .delay(let value): delay = Placed(value: value, provenance: place)
        default: break
        }
    }

    /// What answers every request in place of a backend, by the name of its field; nil where nothing does.
    var answering: (field: String, place: Provenance)? {
        if let requestRedirect, case .changed = requestRedirect.value.location {
            return ("requestRedirect", requestRedirect.provenance)
        }
        guard let directResponse, directResponse.value.answersAll else { return nil }
        return ("directResponse", directResponse.provenance)
    }

    /// Whether the delay, or what answers every request, reads the request as a rewrite leaves it.
    fileprivate var readsRewrite: Bool {
        if case .expression? = delay?.value { return true }
        return requestRedirect == nil && directResponse?.value.readsRequest ?? false
    }

    /// Policies that replace the prefix of a path, each by the name of its field.
    var prefixChanges: [(field: String, place: Provenance)] {
        var changes: [(field: String, place: Provenance)] = []
        if let rewrite = urlRewrite, case .prefix = rewrite.value.path {
            changes.append(("urlRewrite", rewrite.provenance))
        }
        if let redirect = requestRedirect, case .changed(_, let url) = redirect.value.location, case .prefix = url.path
        {
            changes.append(("requestRedirect", redirect.provenance))
        }
        return changes
    }
}

extension Policy {
    /// The name of its field, where it has an effect on what is forwarded alone; else nil.
    fileprivate var fieldOfForwarding: String? {
        switch self {
        case .urlRewrite: "urlRewrite"
        case .requestMirror: "requestMirror"
        case .retry: "retry"
        default: nil
        }
    }
}

extension Compiler {
    mutating func stages(of policies: TrafficPolicies) -> TrafficSlots.Stages {
        TrafficSlots.Stages(
            refusals: policies.refusals.flatMap { refusalForm($0) },
            cors: policies.cors.map { corsStage($0.value, at: $0.provenance) },
            rateLimits: policies.rateLimit.flatMap { rateLimitStage($0) },
            transformation: policies.transformation.map { transformationStage($0) },
            mirror: policies.mirror.flatMap(mirrorPlan),
            balanceKey: policies.balanceKey.flatMap { balanceKeyStage($0) },
            urlRewrite: policies.urlRewrite.map { urlRewriteStage($0.value) },
            redirect: policies.requestRedirect.flatMap { redirectStage($0.value) },
            directResponse: policies.directResponse.map { directResponseStage($0.value) },
            delay: policies.delay.flatMap { delayStage($0.value) })
    }

    mutating func urlRewriteStage(_ change: URLChange) -> URLRewriteStage {
        URLRewriteStage(
            CompiledURLChange(change) { program($0, of: .string, "a path must be a text", at: .forwarding) })
    }

    mutating func redirectStage(_ redirect: RequestRedirect) -> RedirectStage? {
        RedirectStage(redirect) { program($0, of: .string, "a location must be a text", at: .forwarding) }
    }

    /// Whether what was written for a route's backend ever gets there.
    mutating func checkForwarding(_ policies: TrafficPolicies) {
        guard let answer = policies.answering else { return }
        for (field, place) in policies.ofForwarding.sorted(by: { $0.key < $1.key })
        where field != "urlRewrite" || !policies.readsRewrite {
            report(
                Diagnostic(
                    .warning, "policy_unused",
                    "`\(field)` has no effect: the `\(answer.field)` at line \(answer.place.line) answers every request in "
                        + "place of a backend", at: place,
                    hint: answer.field == "requestRedirect" && field == "urlRewrite"
                        ? "say in the redirect what becomes of authority and path, or remove one of the two"
                        : "remove one of the two"))
        }
    }

    /// Only where a match has a prefix another one can take its place.
    mutating func checkPrefixes(_ slots: TrafficSlots, of route: Route) {
        for change in slots.prefixChanges {
            guard let match = route.matches.first(where: { !$0.path.isPrefix }) else { continue }
            report(
                Diagnostic(
                    .error, "prefix_not_matched",
                    "`\(change.field)` replaces a path prefix, and the match at line \(match.provenance.line) has none",
                    at: change.place, hint: "match the route by `pathPrefix`, or replace the path by `full`"))
        }
    }
}

extension PathMatch {
    fileprivate var isPrefix: Bool {
        if case .segmentPrefix = self { true } else { false }
    }
}
