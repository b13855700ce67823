/// How long a request waits before it is forwarded, or answered directly: a fault for tests.
package enum RequestDelay: Equatable, Sendable {
    case fixed(Duration)
    /// A duration, or a number of milliseconds; what is not positive, or fails, is no delay.
    case expression(Expression)

    /// What is longer is cut to it.
    package static let longest = Duration.seconds(300)
}
