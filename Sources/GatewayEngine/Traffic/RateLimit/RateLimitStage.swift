internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire

/// The stage that counts requests. It stands behind authentication and authorization: a limit may go by who sent a
/// request, and whoever may not pass takes nothing from those who may.
final class RateLimitStage: Sendable {
    struct Limit: Sendable {
        let limiter: RateLimiter
        /// Nil: one bucket for all.
        let key: CELProgram?
        /// Nil: always.
        let condition: CELProgram?
        let quota: RateLimit.Quota
        /// What a request that is refused is answered; nil: as the table says.
        let answer: AuthorizationRule.Answer?
    }

    let limits: [Limit]
    let isFirstMatch: Bool

    init(_ limits: [Limit], isFirstMatch: Bool) {
        self.limits = limits
        self.isFirstMatch = isFirstMatch
    }

    /// Takes a token of each limit; of none where one of them has none.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(Refusal) {
        if limits.count == 1, limits[0].key == nil, limits[0].condition == nil {
            switch limits[0].limiter.take(Span(), uptime: setting.uptime) {
            case .taken(_, let left): return limits[0].tell(left, &scratch)
            case .empty(let wait): throw limits[0].refusal(wait)
            }
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
            case .taken(let bucket, let left):
                taken.append((limit.limiter, bucket))
                limit.tell(left, &scratch)
            case .empty(let wait):
                for (limiter, bucket) in taken { limiter.giveBack(to: bucket) }
                throw limit.refusal(wait)
            }
            if isFirstMatch { return }
        }
    }
}

extension RateLimitStage.Limit {
    private static let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]

    /// The field lines of a quota.
    private func lines(left: Int, seconds: Int64) -> [(name: [UInt8], value: [UInt8])] {
        let values = ["\(limiter.capacity)", "\(left)", "\(seconds)"]
        return zip(Self.names, values).map { (Array($0.utf8), Array($1.utf8)) }
    }

    /// Notes what the answer will say, where it says anything.
    func tell(_ left: RateLimiter.Left, _ scratch: inout RequestScratch) {
        guard quota == .always else { return }
        scratch.editResponse(FieldEdit(setting: lines(left: left.tokens, seconds: Self.seconds(left.nanoseconds))))
    }

    func refusal(_ nanoseconds: Int64) -> Refusal {
        let seconds = Self.seconds(nanoseconds)
        var lines = Array("retry-after: \(seconds)\r\n".utf8)
        if quota != .never { lines += FieldEdit.lines(self.lines(left: 0, seconds: seconds)) }
        return Refusal(.rateLimited, lines: lines, answer: answer)
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
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
