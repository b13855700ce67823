internal import Passwords

/// A password that somebody has to check: slow, and so not on an event loop. The request waits meanwhile, and is
/// decided on anew.
package final class PasswordCheck: Sendable {
    private let key: PasswordMemory.Key
    private let password: [UInt8]
    private let hash: PasswordHash
    /// Nobody has that name: the work is the same, so that the time taken tells nobody which names there are.
    private let isOfNobody: Bool

    init(_ key: PasswordMemory.Key, _ password: [UInt8], against hash: PasswordHash, isOfNobody: Bool) {
        self.key = key
        self.password = password
        self.hash = hash
        self.isOfNobody = isOfNobody
    }

    /// Takes a place among the checks that may wait; false where there is none. `run` has to follow.
    package func begin() -> Bool { PasswordMemory.shared.beginCheck() }

    /// Checks the password, unless somebody has done so meanwhile; takes up to seconds.
    package func run() {
        let memory = PasswordMemory.shared
        if memory.verdict(key) == nil {
            let isRight = hash.matches(password)
            memory.remember(key, isRight: isRight && !isOfNobody)
        }
        memory.endCheck()
    }
}
