internal import Bytes
internal import GatewayModel

/// Compiled `RouteTimeouts`.
package struct RequestBounds: Sendable {
    /// From the first byte of a request to the last one of its answer, in nanoseconds; nil: no bound.
    package let requestNanoseconds: Int64?
    /// From a whole request to the first byte of the answer; nil: that of the process.
    package let attemptNanoseconds: Int64?
    /// From one piece of the answer to the next; nil: the process's bound.
    package let silenceNanoseconds: Int64?

    init(_ timeouts: RouteTimeouts) {
        requestNanoseconds = timeouts.request?.nanoseconds
        silenceNanoseconds = timeouts.silence?.nanoseconds
        attemptNanoseconds = (timeouts.upstream ?? timeouts.request)?.nanoseconds
    }
}

extension Duration {
    /// Rounded up.
    var wholeSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }

    /// Of a duration of some years at most.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

/// A compiled `RetryPolicy`.
package final class RetryPlan: Sendable {
    package let retries: Int
    package let backoffNanoseconds: Int64
    /// From the first attempt to the beginning of the last one; nil: no bound.
    package let withinNanoseconds: Int64?
    let codes: Set<Int>
    let methods: [[UInt8]]

    init(_ policy: RetryPolicy) {
        retries = policy.retries
        withinNanoseconds = policy.within?.nanoseconds
        backoffNanoseconds = policy.backoff.nanoseconds
        codes = Set(policy.codes)
        methods = policy.methods.map { Array($0.utf8) }
    }

    package func countsAsFailure(_ status: Int) -> Bool { codes.contains(status) }

    /// Whether a request of this method that is not idempotent may be sent once more.
    package func admits(method: Span<UInt8>) -> Bool {
        for name in methods where name.span.equals(method) { return true }
        return false
    }
}
