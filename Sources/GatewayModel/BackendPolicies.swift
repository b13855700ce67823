/// How one backend is reached, and what is done to requests that go there and to what it answers, after the route's
/// policies.
package struct BackendPolicies: Equatable, Sendable {
    package var requestHeaders: HeaderMutation?
    package var responseHeaders: HeaderMutation?
    /// Nil: as the route says.
    package var tls: BackendTLS?
    /// Nil: as the route says.
    package var authentication: BackendAuthentication?

    package init(
        requestHeaders: HeaderMutation? = nil, responseHeaders: HeaderMutation? = nil, tls: BackendTLS? = nil,
        authentication: BackendAuthentication? = nil
    ) {
        self.tls = tls
        self.authentication = authentication
        self.requestHeaders = requestHeaders
        self.responseHeaders = responseHeaders
    }

    /// Of each kind the more closely written one holds.
    package mutating func override(by closer: BackendPolicies) {
        requestHeaders = closer.requestHeaders ?? requestHeaders
        responseHeaders = closer.responseHeaders ?? responseHeaders
        tls = closer.tls ?? tls
        authentication = closer.authentication ?? authentication
    }

    package static let none = BackendPolicies()
}
