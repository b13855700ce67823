internal import Bytes
internal import Crypto

/// A password as `htpasswd` stores it.
package struct PasswordHash: Equatable, Sendable {
    private enum Form: Equatable, Sendable {
        case bcrypt(Bcrypt)
        case md5(MD5Crypt)
        /// Standard base64 of the SHA-1.
        case sha1([UInt8])
    }

    private let form: Form

    /// Why a text is no hash that can be used.
    package enum Problem: Error, Equatable, Sendable {
        /// Nothing that `htpasswd` writes, or cut.
        case unreadable
        /// Eight characters of the password count: the `crypt` of old Unix.
        case crypt
        /// SHA-256 or SHA-512 of glibc.
        case shaCrypt
        /// The cost of bcrypt is above `Bcrypt.maxCost`.
        case tooCostly
    }

    package init(_ text: String) throws(Problem) {
        if let rest = text.dropping("$2y$") ?? text.dropping("$2b$") ?? text.dropping("$2a$") {
            guard let bcrypt = Bcrypt(rest) else { throw .unreadable }
            guard bcrypt.cost <= Bcrypt.maxCost else { throw .tooCostly }
            form = .bcrypt(bcrypt)
        } else if let rest = text.dropping("$apr1$") {
            guard let md5 = MD5Crypt(rest) else { throw .unreadable }
            form = .md5(md5)
        } else if let rest = text.dropping("{SHA}") {
            guard rest.utf8.count == 28 else { throw .unreadable }
            form = .sha1(Array(rest.utf8))
        } else if text.hasPrefix("$5$") || text.hasPrefix("$6$") {
            throw .shaCrypt
        } else {
            throw text.utf8.count == 13 && !text.hasPrefix("$") ? .crypt : .unreadable
        }
    }

    /// Whether guessing it takes an attacker who has it no effort to speak of.
    package var isWeak: Bool {
        if case .bcrypt = form { false } else { true }
    }

    /// Whether that is the password. Takes up to seconds: never to be called on an event loop.
    package func matches(_ password: [UInt8]) -> Bool {
        switch form {
        case .bcrypt(let bcrypt): constantTimeEquals(bcrypt.digest.span, bcrypt.digest(password).span)
        case .md5(let md5): constantTimeEquals(md5.digest.span, md5.digest(password).span)
        case .sha1(let encoded):
            constantTimeEquals(encoded.span, Base64Text.encode(Array(Insecure.SHA1.hash(data: password))).span)
        }
    }
}

extension String {
    fileprivate func dropping(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
