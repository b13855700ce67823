internal import CEL
internal import GatewayModel

/// The stage that says how long a request waits.
final class DelayStage: Sendable {
    enum Length: Sendable {
        case nanoseconds(Int64)
        case expression(CELProgram)
    }

    let length: Length

    var readsRequest: Bool { if case .expression = length { true } else { false } }

    init(_ length: Length) {
        self.length = length
    }

    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) {
        let nanoseconds =
            switch length {
            case .nanoseconds(let count): count
            case .expression(let program):
                RequestActivation.show(setting, bytes, &scratch, listener) { program.evaluate($0).value.delay }
            }
        scratch.delayNanoseconds = min(max(nanoseconds, 0), RequestDelay.longest.nanoseconds)
    }
}

extension CELValue {
    /// In nanoseconds, of a duration or a number of milliseconds; 0 of everything else, errors among it.
    fileprivate var delay: Int64 {
        switch self {
        case .duration(let length): length.nanoseconds
        case .int(let count): Int64.clamping(milliseconds: Double(count))
        case .uint(let count): Int64.clamping(milliseconds: Double(count))
        case .double(let count): Int64.clamping(milliseconds: count)
        default: 0
        }
    }
}

extension Int64 {
    fileprivate static func clamping(milliseconds: Double) -> Int64 {
        // No number is no delay, and what no `Int64` holds is longer than any.
        guard milliseconds > 0 else { return 0 }
        return milliseconds < 1e9 ? Int64(milliseconds * 1_000_000) : .max
    }
}
