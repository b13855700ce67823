/// What is done to requests that go to one backend, and to what it answers; after the route's policies.
package struct BackendPolicies: Equatable, Sendable {
    package var requestHeaders: HeaderMutation?
    package var responseHeaders: HeaderMutation?

    package init(requestHeaders: HeaderMutation?, responseHeaders: HeaderMutation?) {
        self.requestHeaders = requestHeaders
        self.responseHeaders = responseHeaders
    }

    /// Of each kind the more closely written one holds.
    package mutating func override(by closer: BackendPolicies) {
        requestHeaders = closer.requestHeaders ?? requestHeaders
        responseHeaders = closer.responseHeaders ?? responseHeaders
    }

    package static let none = BackendPolicies(requestHeaders: nil, responseHeaders: nil)
}
