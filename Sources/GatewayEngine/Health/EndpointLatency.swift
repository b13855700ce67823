internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// How long a server takes to answer, as an average that forgets; one word, so that loops share it without a lock.
private struct Latency {
    /// In milliseconds; its bits are the upper half of the word.
    let average: Float
    /// When the average was taken, in milliseconds of the uptime: the lower half.
    let time: UInt32

    init(average: Float, time: UInt32) {
        self.average = average
        self.time = time
    }

    init(word: UInt64) {
        average = Float(bitPattern: UInt32(truncatingIfNeeded: word >> 32))
        time = UInt32(truncatingIfNeeded: word)
    }

    var word: UInt64 { UInt64(average.bitPattern) << 32 | UInt64(time) }

    /// What it still counts for.
    func weight(at now: UInt32) -> Float {
        // Loops read the clock at different times.
        exp(-Float(max(0, Int32(bitPattern: now &- time))) / Self.decayMilliseconds)
    }

    private static let decayMilliseconds: Float = 10_000
}

extension EndpointCondition {
    /// Takes the time of an answer into the average.
    ///
    /// - Parameter uptime: in nanoseconds.
    package func note(answerAfter nanoseconds: Int64, at uptime: Int64) {
        let now = Self.milliseconds(uptime)
        let before = latency.load(ordering: .relaxed)
        let known = Latency(word: before)
        let weight = before == 0 ? 0 : known.weight(at: now)
        let average = known.average * weight + Float(nanoseconds) / 1_000_000 * (1 - weight)
        // Of two loops that come at once one is enough.
        _ = latency.weakCompareExchange(
            expected: before, desired: Latency(average: average, time: now).word, ordering: .relaxed)
    }

    /// What the average has come to; 0 of a server that has not answered yet.
    func expectedLatency(at uptime: Int64) -> Float {
        let known = Latency(word: latency.load(ordering: .relaxed))
        return known.average * known.weight(at: Self.milliseconds(uptime))
    }

    private static func milliseconds(_ uptime: Int64) -> UInt32 { UInt32(truncatingIfNeeded: uptime / 1_000_000) }
}
