/// How the other side of a silent connection is asked, below HTTP, whether it is still there (RFC 9293 §3.8.4).
package enum TCPKeepalive: Hashable, Sendable {
    case off
    /// After so long without a byte, and again after each `every`; once `count` were not answered the connection is
    /// over.
    case probes(after: Duration, every: Duration, count: Int)
}
