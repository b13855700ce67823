/// How long requests of a route may take.
package struct RouteTimeouts: Equatable, Sendable {
    /// From the first byte of a request to the last one of its answer; nil: no bound beside those of the process.
    package var request: Duration?
    /// From a whole request to the first byte of its upstream's answer, in place of the process's bound; nil: that of
    /// `request`, or else the process's.
    package var upstream: Duration?
    /// From one piece of the answer to the next, in place of the process's bound; nil: that one.
    package var silence: Duration?

    package init(request: Duration?, upstream: Duration?, silence: Duration? = nil) {
        self.request = request
        self.upstream = upstream
        self.silence = silence
    }
}
