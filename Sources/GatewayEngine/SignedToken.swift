internal import Bytes
internal import GatewayModel
internal import JOSE

/// A token that the gateway signs (RFC 7519): what is the same in each.
final class SignedToken: Sendable {
    private let key: SigningKey
    private let header: [UInt8]
    /// The claims' JSON without its last brace, ready for more members.
    private let claims: [UInt8]
    private let lifetimeSeconds: Int64

    /// - Parameter claims: a JSON object.
    init(key: SigningKey, kid: String?, claims: [UInt8], lifetimeSeconds: Int64) {
        self.key = key
        self.lifetimeSeconds = lifetimeSeconds
        self.claims = claims.dropLast() + (claims.count > 2 ? Array(",".utf8) : [])
        var header = Array("{\"alg\":\"\(key.algorithm)\",\"typ\":\"JWT\"".utf8)
        if let kid {
            header += Array(",\"kid\":".utf8)
            JSONString.write(kid, to: &header)
        }
        self.header = header + Array("}".utf8)
    }

    /// A token of this moment, and how long it is put into requests: a backend still has a fifth of its time to
    /// read it.
    func make(now: Int64) throws(SigningError) -> (text: [UInt8], usableUntil: Int64) {
        let payload = claims + Array("\"iat\":\(now),\"exp\":\(now + lifetimeSeconds)}".utf8)
        let header = header
        let text = try key.sign(header: header.span, payload: payload.span)
        return (text, now + lifetimeSeconds - (lifetimeSeconds + 4) / 5)
    }
}

/// The tokens that one event loop has signed: each serves until most of its time is over.
struct SignedTokens {
    private struct Entry {
        /// Held, so that nothing else gets its address.
        let token: SignedToken
        let text: [UInt8]
        let signedAt: Int64
        let usableUntil: Int64
    }

    private var entries: [ObjectIdentifier: Entry] = [:]

    /// Nil where the cryptographic library refuses.
    mutating func text(of token: SignedToken, now: Int64) -> [UInt8]? {
        let id = ObjectIdentifier(token)
        // A clock that was set back makes a token look younger than it is to others.
        if let entry = entries[id], now < entry.usableUntil, now >= entry.signedAt { return entry.text }
        guard let made = try? token.make(now: now) else { return nil }
        entries[id] = Entry(token: token, text: made.text, signedAt: now, usableUntil: made.usableUntil)
        return made.text
    }

    /// Another configuration has tokens of its own.
    mutating func removeAll() {
        if !entries.isEmpty { entries = [:] }
    }
}
