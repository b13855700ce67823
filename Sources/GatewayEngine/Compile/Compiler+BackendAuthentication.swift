internal import Bytes
internal import GatewayModel
internal import JOSE

/// Credentials for backends.
extension Compiler {
    /// The same for all backends that have it from one place, so that one signature serves them.
    mutating func credentials(_ policy: BackendAuthentication) -> [BackendCredential] {
        if let known = backendCredentials[policy] { return known }
        let credentials = policy.credentials.compactMap { credential in
            place(credential).flatMap { place in
                proof(credential, at: place).map { BackendCredential($0, at: place) }
            }
        }
        backendCredentials[policy] = credentials
        return credentials
    }

    private mutating func place(_ credential: BackendAuthentication.Credential) -> BackendCredential.Place? {
        switch credential.location {
        case .header(let name, let prefix):
            guard check(fieldName: name, of: .request, at: credential.provenance) else { return nil }
            return .header(name: Array(name.utf8), prefix: Array(prefix.utf8))
        case .queryParameter(let name): return .parameter(name: Array(name.utf8))
        case .cookie(let name): return .cookie(name: Array(name.utf8))
        // No dialect writes one.
        case .expression: return nil
        }
    }

    private mutating func proof(
        _ credential: BackendAuthentication.Credential, at place: BackendCredential.Place
    ) -> BackendCredential.Proof? {
        switch credential.proof {
        case .verifiedToken: return .verifiedToken
        case .secret(let text): return secret(text, at: place).map { .fixed($0) }
        case .signedToken(let signing): return signedToken(signing).map { .signed($0) }
        }
    }

    private mutating func secret(_ source: TextSource, at place: BackendCredential.Place) -> [UInt8]? {
        // A file that could not be read has been reported.
        guard let text = content(of: source) else { return nil }
        let secret = text.utf8.withoutOuterBlanks
        let reason: String?
        switch place {
        case _ where secret.isEmpty: reason = "is empty"
        case .header where !secret.allSatisfy(\.isFieldValueByte):
            reason = "has a line end or another control character in it, which no header has"
        case .cookie where !secret.allSatisfy(\.isCookieOctet):
            reason = "has characters in it that no cookie has (RFC 6265 §4.1.1)"
        default: reason = nil
        }
        guard let reason else { return secret }
        report(Diagnostic(.error, "secret_invalid", "the secret \(reason)", at: source.provenance))
        return nil
    }

    private mutating func signedToken(_ signing: TokenSigning) -> SignedToken? {
        guard let text = content(of: signing.key) else { return nil }
        do throws(SigningError) {
            let key = try SigningKey.read(
                Array(text.utf8), algorithm: SignatureAlgorithm(name: signing.algorithm), kid: nil)
            let token = SignedToken(
                key: key, kid: signing.kid, claims: signing.claims, lifetimeSeconds: signing.lifetimeSeconds)
            // What is wrong with the key is better known now.
            _ = try token.make(now: 0)
            return token
        } catch {
            report(
                Diagnostic(
                    .error, "signing_key_invalid",
                    "tokens cannot be signed by \(signing.algorithm) with this key", at: signing.key.provenance,
                    hint: error.explanation))
            return nil
        }
    }
}

extension UInt8 {
    /// RFC 6265 §4.1.1.
    fileprivate var isCookieOctet: Bool {
        self > 0x20 && self < 0x7F && !"\",;\\".utf8.contains(self)
    }
}
