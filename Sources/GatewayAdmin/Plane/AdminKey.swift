internal import Bytes
internal import Synchronization

/// What the bearer of a key may do.
package enum AdminRole: String, Sendable {
    case admin
    /// Reads, and changes nothing.
    case viewer
}

/// A key of the Admin API.
package struct AdminKey: Sendable {
    /// For the audit trail; never the key itself.
    package var name: String
    package var role: AdminRole
    /// The gateway group that it opens, and no other; nil: it opens all, and the groups themselves.
    package var group: String?
    fileprivate let secret: [UInt8]

    package init(name: String, role: AdminRole, group: String? = nil, secret: String) {
        self.name = name
        self.role = role
        self.group = group
        self.secret = Array(secret.utf8)
    }

    /// 128 bits in hexadecimal digits.
    package static let unguessableBytes = 32
    /// Different bytes among them; random digits hardly ever have fewer.
    package static let unguessableKinds = 8

    /// Whether guessing leads nowhere, however often somebody tries: it is as long as the keys that are generated, and
    /// not one character over and over.
    package var isBeyondGuessing: Bool {
        secret.count >= Self.unguessableBytes && Set(secret).count >= Self.unguessableKinds
    }
}

/// Tells who calls by the key they show.
///
/// Too many wrong keys lock their address for a while, which may be that of others, too: a proxy's, or this machine's.
/// So that an enemy there keeps nobody out, keys that can't be guessed pass all the same; the lock is for the others.
final class AdminGuard: Sendable {
    enum Verdict: Sendable {
        case allowed(AdminKey)
        case missing
        case wrong
        /// Too many wrong keys came from there of late.
        case tooMany
    }

    private struct Failures {
        var since: Int64
        var count: Int
    }

    private let keys: [AdminKey]
    private let failures = Mutex<[String: Failures]>([:])
    /// Wrong keys of one address within a window; who guesses gets no further.
    private static let maxFailures = 20
    private static let windowSeconds: Int64 = 60
    private static let maxAddresses = 4096

    init(_ keys: [AdminKey]) {
        self.keys = keys
    }

    /// - Parameter now: Unix seconds.
    func judge(_ shown: String?, from address: String, now: Int64) -> Verdict {
        let isLocked = isLocked(address, now)
        guard let shown else { return isLocked ? .tooMany : .missing }
        let bytes = Array(shown.utf8)
        var found: AdminKey?
        // All of them, so that time tells nothing of which came near.
        for key in keys where constantTimeEquals(key.secret.span, bytes.span) { found = key }
        if isLocked, found?.isBeyondGuessing != true { return .tooMany }
        guard let found else {
            note(address, now)
            return .wrong
        }
        return .allowed(found)
    }

    private func isLocked(_ address: String, _ now: Int64) -> Bool {
        failures.withLock { failures in
            guard let known = failures[address], now - known.since < Self.windowSeconds else { return false }
            return known.count >= Self.maxFailures
        }
    }

    private func note(_ address: String, _ now: Int64) {
        failures.withLock { failures in
            if failures.count >= Self.maxAddresses {
                failures = failures.filter { now - $0.value.since < Self.windowSeconds }
                if failures.count >= Self.maxAddresses { failures.removeAll() }
            }
            var known = failures[address] ?? Failures(since: now, count: 0)
            if now - known.since >= Self.windowSeconds { known = Failures(since: now, count: 0) }
            known.count += 1
            failures[address] = known
        }
    }
}
