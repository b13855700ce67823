internal import Bytes
internal import CEL
internal import GatewayModel
internal import JOSE
internal import Passwords

/// A compiled `BasicAuthentication`.
package final class BasicAuthenticator: Sendable {
    let credential: CompiledCredential
    private let names: ByteTable
    private let users: [KnownUser]
    /// How many there are.
    var count: Int { users.count }

    init(_ policy: BasicAuthentication, locations: [CompiledTokenLocation], users: [KnownUser]) {
        credential = CompiledCredential(
            policy.handling, locations: locations, missing: .basicMissing, invalid: .basicInvalid)
        names = ByteTable(users.enumerated().map { ($0.element.name, $0.offset) })
        self.users = users
    }

    enum Verdict {
        case user(KnownUser)
        case invalid
        /// Nobody knows yet.
        case unchecked(PasswordCheck)
    }

    /// Whose `user:password`, in base64, that is.
    func verdict(_ text: Span<UInt8>) -> Verdict {
        guard let sent = BasicCredentials(base64: text), !sent.hasControlCharacters, !users.isEmpty else {
            return .invalid
        }
        let user = names.find(sent.user.span).map { users[$0] }
        let stored = user?.identity ?? SecretDigest.of(sent.user)
        let key = PasswordMemory.shared.key(sent.password, against: stored)
        switch PasswordMemory.shared.verdict(key) {
        case true?: return user.map { .user($0) } ?? .invalid
        case false?: return .invalid
        case nil:
            return .unchecked(
                PasswordCheck(
                    key, sent.password, against: (user ?? somebody(for: stored)).hash, isOfNobody: user == nil))
        }
    }

    /// The user against whose hash a name that nobody has is held: for one name always the same, and which one
    /// nobody can foresee, so that such names take the times that real ones take, in the same shares.
    private func somebody(for name: [UInt8]) -> KnownUser {
        users[Int(PasswordMemory.shared.choice(for: name) % UInt64(users.count))]
    }
}

/// A user of the configuration.
package final class KnownUser: Sendable {
    package let name: [UInt8]
    /// What rules see as `basicAuth`.
    let attributes: CELValue
    let hash: PasswordHash
    /// Of name and hash: what was verified against another is no good here.
    let identity: [UInt8]

    init(name: String, hash: PasswordHash, text: String) {
        self.name = Array(name.utf8)
        attributes = .map([(key: .string("username"), value: .string(CELBuffer(name)))])
        self.hash = hash
        identity = SecretDigest.of("\(name):\(text)")
    }
}
