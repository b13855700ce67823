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
        /// Nil: all requests have the same.
        let stated: StatedWindow?
        let quota: RateLimit.Quota
        let quotaNames: [[UInt8]]
        /// What a request that is refused is answered; nil: as the table says.
        let answer: AuthorizationRule.Answer?
    }

    let limits: [Limit]
    let isFirstMatch: Bool
    /// Without any of which a request is refused.
    let required: [CELProgram]

    init(_ limits: [Limit], isFirstMatch: Bool, required: [CELProgram] = []) {
        self.limits = limits
        self.isFirstMatch = isFirstMatch
        self.required = required
        isPlain =
            limits.count == 1 && limits[0].key == nil && limits[0].condition == nil && limits[0].stated == nil
            && required.isEmpty
    }

    /// Whether there is one bucket for all, which nothing of a request changes.
    private let isPlain: Bool

    /// Takes a token of each limit; of none where one of them has none.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(Refusal) {
        if isPlain {
            switch limits[0].limiter.take(Span(), uptime: setting.uptime) {
            case .taken(_, let left): return limits[0].tell(left, of: limits[0].limiter.capacity, &scratch)
            case .empty(let wait): throw limits[0].refusal(wait, of: limits[0].limiter.capacity)
            }
        }
        try runAll(setting, bytes, &scratch, listener)
    }

    private func runAll(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(Refusal) {
        for program in required where !program.holds(setting, bytes, &scratch, listener) {
            throw Refusal(.rateLimitUnknown)
        }
        var taken: [(RateLimiter, Int)] = []
        for limit in limits {
            if let condition = limit.condition {
                guard condition.holds(setting, bytes, &scratch, listener) else { continue }
            }
            var window: RequestWindows.Window?
            if let stated = limit.stated {
                window = stated.window(setting, bytes, &scratch, listener, of: limit.limiter)
                if window == nil {
                    if stated.isOptional { continue }
                    Self.giveBack(taken)
                    throw Refusal(.rateLimitUnknown)
                }
            }
            let capacity = window?.limit ?? limit.limiter.capacity
            // Where it cannot be evaluated, all such requests have one bucket together.
            let key = limit.key.flatMap { $0.text(setting, bytes, &scratch, listener) } ?? []
            switch limit.limiter.take(key.span, uptime: setting.uptime, in: window) {
            case .taken(let bucket, let left):
                taken.append((limit.limiter, bucket))
                limit.tell(left, of: capacity, &scratch)
            case .empty(let wait):
                Self.giveBack(taken)
                throw limit.refusal(wait, of: capacity)
            }
            if isFirstMatch { return }
        }
    }

    private static func giveBack(_ taken: [(RateLimiter, Int)]) {
        for (limiter, bucket) in taken { limiter.giveBack(to: bucket) }
    }
}

extension RateLimitStage.Limit {
    static func quotaNames(_ prefix: String?) -> [[UInt8]] {
        let prefix = prefix.map { $0.lowercased() + "-" } ?? ""
        return ["limit", "remaining", "reset"].map { Array("x-\(prefix)ratelimit-\($0)".utf8) }
    }

    /// The field lines of a quota.
    private func lines(left: Int, of capacity: Int, seconds: Int64) -> [(name: [UInt8], value: [UInt8])] {
        let values = ["\(capacity)", "\(left)", "\(seconds)"]
        return zip(quotaNames, values).map { ($0, Array($1.utf8)) }
    }

    /// Notes what the answer will say, where it says anything.
    func tell(_ left: RateLimiter.Left, of capacity: Int, _ scratch: inout RequestScratch) {
        guard quota == .always else { return }
        let seconds = Self.seconds(left.nanoseconds)
        scratch.editResponse(FieldEdit(setting: lines(left: left.tokens, of: capacity, seconds: seconds)))
    }

    func refusal(_ nanoseconds: Int64, of capacity: Int) -> Refusal {
        let seconds = Self.seconds(nanoseconds)
        var lines = Array("retry-after: \(seconds)\r\n".utf8)
        if quota != .never { lines += FieldEdit.lines(self.lines(left: 0, of: capacity, seconds: seconds)) }
        return Refusal(.rateLimited, lines: lines, answer: answer)
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}

/// What requests say of their windows themselves.
struct StatedWindow: Sendable {
    /// Nil: the limiter's.
    let maxTokens: CELProgram?
    let seconds: CELProgram?
    let isOptional: Bool

    /// Nil where either can't be had, or is no whole number above zero.
    func window(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot,
        of limiter: RateLimiter
    ) -> RequestWindows.Window? {
        RequestActivation.show(setting, bytes, &scratch, listener) { request in
            var (limit, nanoseconds) = (limiter.capacity, limiter.intervalNanoseconds)
            if let maxTokens {
                guard let amount = Self.amount(maxTokens.evaluate(request).value) else { return nil }
                limit = amount
            }
            if let seconds {
                guard let amount = Self.amount(seconds.evaluate(request).value) else { return nil }
                nanoseconds = Int64(amount) * 1_000_000_000
            }
            return RequestWindows.Window(limit: limit, nanoseconds: nanoseconds)
        }
    }

    private static func amount(_ value: CELValue) -> Int? {
        guard case .int(let amount) = value, amount > 0 else { return nil }
        return Int(min(amount, Int64(RateLimit.maxAmount)))
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
