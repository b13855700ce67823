/// Which server of an upstream takes a request, among those of the highest priority that can be reached.
package enum Balance: Hashable, Sendable {
    /// By their shares.
    case shares
    /// The one with the fewest requests in service for its share.
    case leastRequests
    /// Of two the one that has answered sooner of late.
    case latency
    /// The same one for the same `Policy.balanceKey`; a server that comes or goes moves its share of them alone.
    case keys
}

/// How connections to servers are opened and kept; nil, of each: as the process does.
package struct ConnectionSettings: Hashable, Sendable {
    package var connectTimeout: Duration?
    /// How long one without a request is kept.
    package var idleTimeout: Duration?
    /// How many of those are kept by each event loop, for each server.
    package var maxIdle: Int?
    /// How many requests one carries.
    package var maxRequests: Int?

    package init(
        connectTimeout: Duration? = nil, idleTimeout: Duration? = nil, maxIdle: Int? = nil, maxRequests: Int? = nil
    ) {
        self.connectTimeout = connectTimeout
        self.idleTimeout = idleTimeout
        self.maxIdle = maxIdle
        self.maxRequests = maxRequests
    }
}
