internal import Bytes
internal import CEL
internal import GatewayModel

/// The stage that counts requests. It stands behind authentication and authorization: a limit may go by who sent a
/// request, and whoever may not pass takes nothing from those who may.
final class RateLimitStage: Sendable {
    struct Limit: Sendable {
        let limiter: RateLimiter
        /// Nil: one bucket for all.
        let key: CELProgram?
        /// Nil: always.
        let condition: CELProgram?
    }

    private let limits: [Limit]
    private let isFirstMatch: Bool

    init(_ limits: [Limit], isFirstMatch: Bool) {
        self.limits = limits
        self.isFirstMatch = isFirstMatch
    }

    /// Takes a token of each limit; of none where one of them has none.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(Refusal) {
        if limits.count == 1, limits[0].key == nil, limits[0].condition == nil {
            let limiter = limits[0].limiter
            guard case .empty(let wait) = limiter.take(Span(), uptime: setting.uptime) else { return }
            throw Self.refusal(limiter, wait)
        }
        try runAll(setting, bytes, &scratch, listener)
    }

    private func runAll(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(Refusal) {
        var taken: [(RateLimiter, Int)] = []
        for limit in limits {
            if let condition = limit.condition {
                guard condition.holds(setting, bytes, &scratch, listener) else { continue }
            }
            // Where it cannot be evaluated, all such requests have one bucket together.
            let key = limit.key.flatMap { $0.text(setting, bytes, &scratch, listener) } ?? []
            switch limit.limiter.take(key.span, uptime: setting.uptime) {
            case .taken(let bucket): taken.append((limit.limiter, bucket))
            case .empty(let wait):
                for (limiter, bucket) in taken { limiter.giveBack(to: bucket) }
                throw Self.refusal(limit.limiter, wait)
            }
            if isFirstMatch { return }
        }
    }

    private static func refusal(_ limiter: RateLimiter, _ nanoseconds: Int64) -> Refusal {
        let seconds = (nanoseconds + 999_999_999) / 1_000_000_000
        let lines = """
            retry-after: \(seconds)\r
            x-ratelimit-limit: \(limiter.capacity)\r
            x-ratelimit-remaining: 0\r
            x-ratelimit-reset: \(seconds)\r

            """
        return Refusal(.rateLimited, lines: Array(lines.utf8))
    }
}

extension CELProgram {
    /// Whether a condition is true of a request; what cannot be evaluated is not.
    func holds(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) -> Bool {
        RequestActivation.show(setting, bytes, &scratch, listener) { request in
            if case .bool(true) = evaluate(request) { true } else { false }
        }
    }
}
