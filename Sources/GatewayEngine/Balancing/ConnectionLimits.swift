package import GatewayModel

/// Compiled `ConnectionSettings`.
package struct ConnectionLimits: Hashable, Sendable {
    /// Nil, of each: as the process does.
    package let connectSeconds: Int64?
    package let idleNanoseconds: Int64?
    package let maxIdle: Int?
    package let maxRequests: Int?

    package init(_ settings: ConnectionSettings) {
        connectSeconds = settings.connectTimeout?.wholeSeconds
        idleNanoseconds = settings.idleTimeout?.nanoseconds
        maxIdle = settings.maxIdle
        maxRequests = settings.maxRequests
    }
}
