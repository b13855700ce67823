internal import Bytes

// Keys of JWKs that come with a certificate (RFC 7517 §4.7).

extension KeyImporter {
    /// The key that a JWK's members make, that its certificate holds, or that both do.
    mutating func publicKey(of jwk: JSONValue, _ label: KeyLabel) -> PublicKeyInfo? {
        guard let chain = jwk["x5c"], jwk["kty"]?.equals("oct") != true else {
            return material(of: jwk, label).map(PublicKeyInfo.init)
        }
        let hasMembers =
            jwk["n"] != nil || jwk["e"] != nil || jwk["x"] != nil || jwk["y"] != nil || jwk["pub"] != nil
        return hasMembers ? agreedKey(jwk, chain, label) : certifiedKey(jwk, chain, label)
    }

    /// The key of the members, which the certificate must not contradict: of two keys none is the right one.
    private mutating func agreedKey(_ jwk: JSONValue, _ chain: JSONValue, _ label: KeyLabel) -> PublicKeyInfo? {
        guard let material = material(of: jwk, label) else { return nil }
        guard let info = Self.leafCertificate(of: chain).flatMap({ try? PublicKeyInfo(certificate: $0) }) else {
            report(
                .warning, .certificateUnreadable, key: label,
                "The certificate in \"x5c\" cannot be read; the key was taken from the other members.")
            return PublicKeyInfo(material)
        }
        guard info.material.thumbprint == material.thumbprint else {
            report(
                .error, .certificateMismatch, key: label,
                "The certificate in \"x5c\" holds another key than the other members.")
            return nil
        }
        return info
    }

    private mutating func certifiedKey(_ jwk: JSONValue, _ chain: JSONValue, _ label: KeyLabel) -> PublicKeyInfo? {
        guard let certificate = Self.leafCertificate(of: chain) else {
            report(.error, .certificateUnreadable, key: label, "The member \"x5c\" is not a list of certificates.")
            return nil
        }
        let info: PublicKeyInfo
        do throws(PublicKeyInfo.Failure) {
            info = try PublicKeyInfo(certificate: certificate)
        } catch .unsupported(let identifier) {
            reportUnsupported(identifier, label)
            return nil
        } catch {
            report(.error, .certificateUnreadable, key: label, "The first certificate in \"x5c\" cannot be read.")
            return nil
        }
        guard holds(jwk["kty"], info.material.type.rawValue), holds(jwk["crv"], info.material.curve) else {
            report(
                .error, .certificateMismatch, key: label,
                "The certificate in \"x5c\" holds a key of another kind than \"kty\" and \"crv\" say.")
            return nil
        }
        noteCertificate(label)
        return info
    }

    /// Whether a member is absent or says the same.
    private func holds(_ member: JSONValue?, _ text: String?) -> Bool {
        guard let member else { return true }
        return text != nil && member.string == text
    }

    /// The DER of the first certificate: standard base64 by the RFC; the URL alphabet, blanks and PEM do no harm.
    private static func leafCertificate(of chain: JSONValue) -> [UInt8]? {
        guard let text = chain.elements.first(where: { _ in true })?.decodedBytes else { return nil }
        if looksLikePEM(text) { return PEM.blocks(in: PEM.withLineBreaksRestored(text))?.first?.bytes }
        let (repaired, _) = Base64Repair.repair(text)
        return try? Base64URL.decode(repaired.span)
    }
}
