package import GatewayModel

/// Compiled `ConnectionSettings`.
package struct ConnectionLimits: Hashable, Sendable {
    /// Nil, of each: as the process does.
    package private(set) var connectSeconds: Int64?
    package let idleNanoseconds: Int64?
    package let maxIdle: Int?
    package let maxRequests: Int?

    /// The same for a server that has a time of its own to be connected to in.
    package func connecting(within timeout: Duration?) -> ConnectionLimits {
        var limits = self
        if let timeout { limits.connectSeconds = timeout.wholeSeconds }
        return limits
    }

    package init(_ settings: ConnectionSettings) {
        connectSeconds = settings.connectTimeout?.wholeSeconds
        idleNanoseconds = settings.idleTimeout?.nanoseconds
        maxIdle = settings.maxIdle
        maxRequests = settings.maxRequests
    }
}
