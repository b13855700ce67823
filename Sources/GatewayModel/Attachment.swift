/// A policy bound to a scope.
package struct Attachment: Equatable, Sendable {
    package enum Scope: Hashable, Sendable {
        /// All listeners of the gateway of that name.
        case gateway(String)
        case listener(ListenerID)
        case route(RouteID)
        /// All routes that take it (`Route.policySet`), as if it were written at each of them.
        case policySet(PolicySetID)
        /// The requests of consumers that name it, once they are known to be theirs. Of a kind it takes the place of a
        /// route's policy; authorization rules hold beside the route's.
        case overlay(OverlayID)
    }

    /// When the policy runs: before or after the route is chosen.
    package enum Phase: String, Hashable, Sendable {
        case gateway, route
    }

    package var scope: Scope
    package var phase: Phase
    package var policy: Policy
    package var provenance: Provenance

    package init(scope: Scope, phase: Phase, policy: Policy, provenance: Provenance) {
        self.scope = scope
        self.phase = phase
        self.policy = policy
        self.provenance = provenance
    }
}

package enum Policy: Equatable, Sendable {
    case jwtAuthentication(JWTAuthentication)
    case authorization(Authorization)
    case apiKeys(APIKeyAuthentication)
    case consumerAuthentication(ConsumerAuthentication)
    case basic(BasicAuthentication)
    case combined(CombinedAuthentication)
    case requestHeaders(HeaderMutation)
    case responseHeaders(HeaderMutation)
    case directResponse(DirectResponse)
    case requestRedirect(RequestRedirect)
    case urlRewrite(URLChange)
    /// Of the backends that have none of their own.
    case backendTLS(BackendTLS)
    case cors(CORS)
    case timeouts(RouteTimeouts)
    case retry(RetryPolicy)
    case transformation(Transformation)
    /// Of the backends that have none of their own.
    case backendAuthentication(BackendAuthentication)
    case rateLimit(LocalRateLimit)
    /// A text: where upstreams are balanced by keys, requests with the same one go to the same server. Where there is
    /// none, the source address stands for it.
    case balanceKey(Expression)
    case refusals(RefusalForm)
    case requestID(RequestIDPolicy)
    case requestMirror(RequestMirror)
    case delay(RequestDelay)
}
