/// A copy of some requests, for a backend whose answers nobody reads.
package struct RequestMirror: Equatable, Sendable {
    /// Of one server.
    package var upstream: UpstreamID
    /// Which part of the requests: 0 to 1.
    package var share: Double

    package init(upstream: UpstreamID, share: Double) {
        self.upstream = upstream
        self.share = share
    }
}
