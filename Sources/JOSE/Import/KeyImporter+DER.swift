extension KeyImporter {
    /// Whether the document can be DER, whole or damaged: it begins so, and is no text.
    static func looksLikeDER(_ document: [UInt8]) -> Bool {
        document.first == DERTag.sequence && document.contains { $0 < 0x09 || $0 >= 0x80 }
    }

    /// Reads one certificate or public key.
    mutating func readDER(_ der: [UInt8]) {
        let label = KeyLabel(index: 0)
        switch DERForm(of: der) {
        case .certificate:
            noteCertificate(label)
            admit(.badDER, kid: nil, label) { () throws(PublicKeyInfo.Failure) in try .init(certificate: der) }
        case .publicKey: admit(.badDER, kid: nil, label) { () throws(PublicKeyInfo.Failure) in try .init(der: der) }
        case .rsaPublicKey: admit(.badDER, kid: nil, label) { () throws(PublicKeyInfo.Failure) in try .init(rsa: der) }
        case .privateKey: refusePrivateKey(label)
        case nil: report(.error, .badDER, "The document is neither a public key nor a certificate in DER.")
        }
    }
}

private enum DERTag {
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let sequence: UInt8 = 0x30
}

/// What a DER structure is, told by what stands in it.
private enum DERForm {
    case certificate, publicKey, rsaPublicKey, privateKey

    init?(of der: [UInt8]) {
        var reader = DERReader(der)
        guard var content = reader.enter(DERTag.sequence), reader.isAtEnd else { return nil }
        if content.nextTag == DERTag.integer {
            // Private keys begin with their version (RFC 5958 §2, RFC 8017 appendix A.1.2, RFC 5915 §3).
            guard let first = content.unsignedInteger() else { return nil }
            let isVersion = first.isEmpty || first == [1]
            self = isVersion ? .privateKey : .rsaPublicKey
            return
        }
        guard content.nextTag == DERTag.sequence, content.skip() else { return nil }
        switch content.nextTag {
        case DERTag.bitString: self = .publicKey
        case DERTag.sequence: self = .certificate
        // RFC 5958 §3, encrypted.
        case DERTag.octetString: self = .privateKey
        default: return nil
        }
    }
}
