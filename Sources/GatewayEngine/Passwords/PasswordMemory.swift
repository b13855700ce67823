internal import JOSE
internal import Synchronization

/// What came of checking passwords, for the whole process: a check is slow on purpose, and clients send their
/// password with every request.
///
/// A verdict is kept under a digest of the password, of the stored hash it was held against and of a secret of this
/// process: a changed hash makes it unreachable, a changed configuration does not. Passwords are not kept.
package final class PasswordMemory: Sendable {
    struct Key: Hashable, Sendable {
        fileprivate let digest: [UInt8]
    }

    private struct State {
        var good = RecentSet(limit: PasswordMemory.maxGood)
        var bad = RecentSet(limit: PasswordMemory.maxBad)
        var pending = 0
    }

    /// One for all snapshots and event loops: none of them is worth checking a password again.
    static let shared = PasswordMemory()

    static let maxGood = 8192
    /// Apart from the good ones, so that who guesses drives out nobody.
    static let maxBad = 1024
    /// Checks that wait or run.
    static let maxPending = 64

    private let state = Mutex(State())
    private let secret: [UInt8] = {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }()

    /// - Parameter stored: what the password is held against, 32 bytes.
    func key(_ password: [UInt8], against stored: [UInt8]) -> Key {
        Key(digest: SecretDigest.of(secret + stored + password))
    }

    /// A number that only this process can tell from a name's digest.
    func choice(for name: [UInt8]) -> UInt64 {
        SecretDigest.of(secret + name).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether the password is right; nil where nobody has checked it lately.
    func verdict(_ key: Key) -> Bool? {
        state.withLock { state in
            if state.good.contains(key) { return true }
            return state.bad.contains(key) ? false : nil
        }
    }

    /// False where too many checks wait.
    func beginCheck() -> Bool {
        state.withLock { state in
            guard state.pending < Self.maxPending else { return false }
            state.pending += 1
            return true
        }
    }

    func endCheck() {
        state.withLock { $0.pending -= 1 }
    }

    func remember(_ key: Key, isRight: Bool) {
        state.withLock { state in
            if isRight { state.good.insert(key) } else { state.bad.insert(key) }
        }
    }
}

/// The keys inserted last, so many at most.
private struct RecentSet {
    private let limit: Int
    private var keys: Set<PasswordMemory.Key> = []
    private var order: [PasswordMemory.Key] = []
    private var oldest = 0

    init(limit: Int) {
        self.limit = limit
    }

    func contains(_ key: PasswordMemory.Key) -> Bool { keys.contains(key) }

    mutating func insert(_ key: PasswordMemory.Key) {
        guard keys.insert(key).inserted else { return }
        guard order.count == limit else { return order.append(key) }
        keys.remove(order[oldest])
        order[oldest] = key
        oldest = (oldest + 1) % limit
    }
}
