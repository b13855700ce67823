internal import Bytes
internal import Synchronization

/// Where requests and the fetching of one remote key set meet.
///
/// A request whose token names a key that is not there says so (`keyIsMissing`), and may wait until a fetch has
/// ended (`whenSettled`). Whoever fetches says when it begins (`began`) and when its outcome is served (`settled`).
/// Requests come here only when a key is missing; what is remembered does not grow with their number.
package final class KeyRefresh: Sendable {
    private struct State {
        /// Somebody asked for a fetch that has not begun.
        var isWanted = false
        var isRunning = false
        /// No fetch that is asked for begins before, in Unix seconds.
        var allowedAt = Int64.min
        var missing = MissingKeyMemory()
        var waiters: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let wake: @Sendable () -> Void

    /// Requests that may wait, over all event loops.
    package static let maxWaiters = 1024

    /// - Parameter wake: called once when a fetch comes to be wanted, from any thread; must not block.
    package init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    /// Notes that a token's key is in no set, and asks for a fetch unless one has just failed to bring that key.
    /// Answers whether a fetch runs or begins at once, so that waiting for it is worth while.
    ///
    /// - Parameters:
    ///   - kid: the name of the key; not verified.
    ///   - now: Unix seconds.
    package func keyIsMissing(_ kid: Span<UInt8>, now: Int64) -> Bool {
        let (isWorthWaiting, isNew) = state.withLock { state -> (Bool, Bool) in
            // Its answer may hold the key. Whether it does is not known yet, so nothing is remembered.
            if state.isRunning { return (true, false) }
            // The fetch that is asked for begins after now, and will tell about this key too.
            let wasWanted = state.isWanted
            guard state.missing.insert(kid, now: now) || wasWanted else { return (false, false) }
            state.isWanted = true
            return (now >= state.allowedAt, !wasWanted)
        }
        if isNew { wake() }
        return isWorthWaiting
    }

    /// Calls `resume` once the fetch that runs or is wanted has ended and what it brought is served by every event
    /// loop; from another thread. False, and never called, where there is none, or too many wait.
    package func whenSettled(_ resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.isRunning || state.isWanted, state.waiters.count < Self.maxWaiters else { return false }
            state.waiters.append(resume)
            return true
        }
    }

    /// Whether a fetch is asked for that has not begun.
    package var isWanted: Bool { state.withLock { $0.isWanted } }

    /// A fetch begins.
    package func began() {
        state.withLock {
            $0.isRunning = true
            $0.isWanted = false
        }
    }

    /// A fetch has ended and what it brought is served.
    ///
    /// - Parameters:
    ///   - isComplete: whether the keys are known now: then keys that were missing before it are known to be missing.
    ///   - nextAllowedAt: the earliest Unix second at which the next one may begin that is asked for.
    package func settled(isComplete: Bool, nextAllowedAt: Int64) {
        let waiters = state.withLock { state in
            state.isRunning = false
            state.allowedAt = nextAllowedAt
            if !isComplete { state.missing = MissingKeyMemory() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for resume in waiters { resume() }
    }
}

/// Remembers names of keys that a fetch was made for, for a while, in constant room.
///
/// Two names may displace each other: then one fetch more is asked for, and the minimum interval holds all the same.
struct MissingKeyMemory {
    private struct Slot {
        var hash: UInt64 = 0
        var seenAt = Int64.min
    }

    /// How long a key counts as missing, in seconds: issuers sign with keys that they publish a little later.
    static let lifetime: Int64 = 60
    private static let size = 256

    private let hash = KeyedHash.random()
    private var slots = [Slot](repeating: Slot(), count: size)

    /// Remembers a name; false where it was remembered already.
    mutating func insert(_ name: Span<UInt8>, now: Int64) -> Bool {
        let hash = self.hash(name)
        let index = Int(hash % UInt64(Self.size))
        let slot = slots[index]
        if slot.hash == hash, slot.seenAt != .min, now >= slot.seenAt, now < slot.seenAt + Self.lifetime {
            return false
        }
        slots[index] = Slot(hash: hash, seenAt: now)
        return true
    }
}
