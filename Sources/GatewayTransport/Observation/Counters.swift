package import GatewayModel

/// What one event loop has counted since the start. Added up over the loops when somebody asks.
package struct Counters: Sendable {
    package static let statusRange = 100..<600

    /// Answers by status; index 0 is 100.
    package private(set) var statuses = [UInt64](repeating: 0, count: statusRange.count)
    package private(set) var refusals: [RefusalCode: UInt64] = [:]
    /// What policies that only log would have refused.
    package private(set) var loggedRefusals: [RefusalCode: UInt64] = [:]
    /// Copies of requests.
    package private(set) var mirrored: [MirrorFate: UInt64] = [:]
    /// Probes of servers.
    package private(set) var probes: [ProbeResult: UInt64] = [:]
    /// Requests that took at most so long, not cumulative; the last takes the rest.
    package private(set) var durations = [UInt64](repeating: 0, count: durationBounds.count + 1)
    package private(set) var durationNanoseconds: UInt64 = 0
    package var aborted: UInt64 = 0
    package var connectionsAccepted: UInt64 = 0
    package var connectionsOpen: UInt64 = 0
    /// Times that no descriptor or memory was left to accept a connection.
    package var acceptFailures: UInt64 = 0
    package var upstreamConnections: UInt64 = 0
    package var upstreamRetries: UInt64 = 0
    package var tokenCacheHits: UInt64 = 0
    package var tokenCacheMisses: UInt64 = 0
    package var tokenCacheEvictions: UInt64 = 0
    package var tokenCacheEntries: UInt64 = 0
    package var tokenCacheBytes: UInt64 = 0
    package var droppedLogLines: UInt64 = 0

    /// In microseconds.
    package static let durationBounds: [Int64] = [
        100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000,
    ]

    package init() {}

    mutating func countAnswer(_ status: Int, nanoseconds: Int64) {
        if Self.statusRange.contains(status) { statuses[status - Self.statusRange.lowerBound] &+= 1 }
        let microseconds = nanoseconds / 1000
        var index = 0
        while index < Self.durationBounds.count, microseconds > Self.durationBounds[index] { index += 1 }
        durations[index] &+= 1
        durationNanoseconds &+= UInt64(max(0, nanoseconds))
    }

    mutating func count(_ refusal: RefusalCode) {
        refusals[refusal, default: 0] &+= 1
    }

    mutating func countLogged(_ refusal: RefusalCode) {
        loggedRefusals[refusal, default: 0] &+= 1
    }

    mutating func count(_ fate: MirrorFate) {
        mirrored[fate, default: 0] &+= 1
    }

    mutating func count(_ probe: ProbeResult) {
        probes[probe, default: 0] &+= 1
    }

    package mutating func add(_ other: Counters) {
        for index in statuses.indices { statuses[index] += other.statuses[index] }
        for (code, count) in other.refusals { refusals[code, default: 0] += count }
        for (code, count) in other.loggedRefusals { loggedRefusals[code, default: 0] += count }
        for (fate, count) in other.mirrored { mirrored[fate, default: 0] += count }
        for (result, count) in other.probes { probes[result, default: 0] += count }
        for index in durations.indices { durations[index] += other.durations[index] }
        durationNanoseconds += other.durationNanoseconds
        aborted += other.aborted
        connectionsAccepted += other.connectionsAccepted
        connectionsOpen += other.connectionsOpen
        acceptFailures += other.acceptFailures
        upstreamConnections += other.upstreamConnections
        upstreamRetries += other.upstreamRetries
        tokenCacheHits += other.tokenCacheHits
        tokenCacheMisses += other.tokenCacheMisses
        tokenCacheEvictions += other.tokenCacheEvictions
        tokenCacheEntries += other.tokenCacheEntries
        tokenCacheBytes += other.tokenCacheBytes
        droppedLogLines += other.droppedLogLines
    }
}
