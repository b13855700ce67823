/// How one backend is reached, and what is done to requests that go there and to what it answers, after the route's
/// policies.
package struct BackendPolicies: Equatable, Sendable {
    package var requestHeaders: HeaderMutation?
    package var responseHeaders: HeaderMutation?
    /// Nil: as the route says.
    package var tls: BackendTLS?
    /// Nil: as the route says.
    package var authentication: BackendAuthentication?
    /// Nil: `byRequest`, or as a less closely written policy says.
    package var version: BackendVersion?
    package var transformation: Transformation?
    /// Nil: requests go there whatever became of those before.
    package var health: HealthChecks?
    /// Opening a connection; nil: as the upstream says, or the process.
    package var connectTimeout: Duration?
    /// From a whole request to the first byte of an answer, for each attempt, where the route leaves no less; nil: as
    /// the route says, or the process.
    package var requestTimeout: Duration?
    /// Nil: at the system's times.
    package var keepalive: TCPKeepalive?

    package init(
        requestHeaders: HeaderMutation? = nil, responseHeaders: HeaderMutation? = nil, tls: BackendTLS? = nil,
        authentication: BackendAuthentication? = nil, version: BackendVersion? = nil,
        transformation: Transformation? = nil, health: HealthChecks? = nil
    ) {
        self.tls = tls
        self.authentication = authentication
        self.version = version
        self.transformation = transformation
        self.health = health
        self.requestHeaders = requestHeaders
        self.responseHeaders = responseHeaders
    }

    /// Of each kind the more closely written one holds.
    package mutating func override(by closer: BackendPolicies) {
        requestHeaders = closer.requestHeaders ?? requestHeaders
        responseHeaders = closer.responseHeaders ?? responseHeaders
        tls = closer.tls ?? tls
        authentication = closer.authentication ?? authentication
        version = closer.version ?? version
        transformation = closer.transformation ?? transformation
        health = closer.health ?? health
        connectTimeout = closer.connectTimeout ?? connectTimeout
        requestTimeout = closer.requestTimeout ?? requestTimeout
        keepalive = closer.keepalive ?? keepalive
    }

    /// What is spoken, once all that is said has been put together.
    package var spokenVersion: BackendVersion { version ?? tls?.offered ?? .byRequest }

    package static let none = BackendPolicies()
}

/// The version of HTTP that is spoken to a backend.
package enum BackendVersion: String, Hashable, Sendable {
    /// HTTP/2 for calls of gRPC, which know no other; else HTTP/1.1.
    case byRequest
    case http1
    /// By prior knowledge, or agreed on in TLS (RFC 9113 §3). WebSockets are asked for by HTTP/1.1.
    case http2
}
