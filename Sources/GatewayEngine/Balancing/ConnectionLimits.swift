package import GatewayModel

/// Compiled `ConnectionSettings`.
package struct ConnectionLimits: Hashable, Sendable {
    /// Nil, of each: as the process does.
    package private(set) var connectSeconds: Int64?
    /// From a whole request to the first byte of an answer, where the route leaves no less.
    package private(set) var attemptNanoseconds: Int64?
    package let idleNanoseconds: Int64?
    package let maxIdle: Int?
    package let maxRequests: Int?

    /// The same for a server that has times of its own.
    package func limited(by policies: BackendPolicies) -> ConnectionLimits {
        var limits = self
        if let timeout = policies.connectTimeout { limits.connectSeconds = timeout.wholeSeconds }
        limits.attemptNanoseconds = policies.requestTimeout?.nanoseconds
        return limits
    }

    package init(_ settings: ConnectionSettings) {
        connectSeconds = settings.connectTimeout?.wholeSeconds
        idleNanoseconds = settings.idleTimeout?.nanoseconds
        maxIdle = settings.maxIdle
        maxRequests = settings.maxRequests
    }
}
