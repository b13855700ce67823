internal import Bytes

extension KeyImporter {
    /// Reads PEM blocks: public keys (RFC 7468 §13, PKCS #1) and certificates.
    mutating func readPEM(_ text: [UInt8]) {
        guard let blocks = blocks(in: text, nil) else {
            return report(.error, .badPEM, "The text is not well-formed PEM.")
        }
        for (index, block) in blocks.enumerated() {
            read(block, kid: nil, KeyLabel(index: index))
        }
    }

    /// Whether the text has the beginning of a PEM block in it.
    static func looksLikePEM(_ text: [UInt8]) -> Bool {
        text.span.text.contains("-----BEGIN ")
    }

    /// The blocks of a text, one or more; nil if it is not well-formed.
    mutating func blocks(in text: [UInt8], _ label: KeyLabel?) -> [PEMBlock]? {
        if let blocks = PEM.blocks(in: text), !blocks.isEmpty { return blocks }
        guard let blocks = PEM.blocks(in: PEM.withLineBreaksRestored(text)), !blocks.isEmpty else { return nil }
        report(
            .warning, .lineBreaksRestored, key: label, "The line breaks of the PEM text were lost and were restored.")
        return blocks
    }

    mutating func read(_ block: PEMBlock, kid: [UInt8]?, _ label: KeyLabel) {
        switch block.label {
        case "PUBLIC KEY":
            admit(.badPEM, kid: kid, label) { () throws(PublicKeyInfo.Failure) in try .init(der: block.bytes) }
        case "RSA PUBLIC KEY":
            admit(.badPEM, kid: kid, label) { () throws(PublicKeyInfo.Failure) in try .init(rsa: block.bytes) }
        case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
            noteCertificate(label)
            admit(.badPEM, kid: kid, label) { () throws(PublicKeyInfo.Failure) in try .init(certificate: block.bytes) }
        default: refuse(block, label)
        }
    }

    mutating func noteCertificate(_ label: KeyLabel) {
        report(
            .note, .certificateRead, key: label,
            "The key was taken from a certificate; its dates and its issuer are not checked.")
    }

    /// Keeps the key that `read` finds in a DER structure, or says why not.
    mutating func admit(
        _ malformed: KeyFinding.Code, kid: [UInt8]?, _ label: KeyLabel,
        _ read: () throws(PublicKeyInfo.Failure) -> PublicKeyInfo
    ) {
        do throws(PublicKeyInfo.Failure) {
            let info = try read()
            admit(info.material, declared: info.algorithms, kid: kid, label)
        } catch .unsupported(let identifier) {
            reportUnsupported(identifier, label)
        } catch {
            report(.error, malformed, key: label, "What stands there is not the key that it says it is.")
        }
    }

    mutating func reportUnsupported(_ identifier: [UInt8], _ label: KeyLabel) {
        let kind =
            identifier.isEmpty
            ? "curves written out in numbers" : ObjectIdentifier.name(ofUnsupported: identifier)
        report(.warning, .unsupportedKeyType, key: label, "The key is of a kind that is not offered: \(kind).")
    }

    private mutating func refuse(_ block: PEMBlock, _ label: KeyLabel) {
        if block.label.hasSuffix("PRIVATE KEY") {
            refusePrivateKey(label)
        } else if block.label != "EC PARAMETERS" {
            report(.error, .badPEM, key: label, "Blocks \"\(block.label.prefix(40))\" are not read.")
        }
    }

    mutating func refusePrivateKey(_ label: KeyLabel) {
        report(
            .error, .privateKeyRefused, key: label,
            "This is a private key; give the public one, and consider this one disclosed.")
    }

    /// A secret from a field that says it is one.
    mutating func read(secret: [UInt8], algorithms: AlgorithmSet) {
        let label = KeyLabel(index: 0)
        guard !secret.isEmpty else {
            return report(.error, .emptyDocument, "The secret is empty.")
        }
        if KeyText.looksLikeKey(secret) {
            report(.warning, .secretIsKeyText, key: label, "The secret is the text of a key; a secret must be random.")
        }
        admit(.secret(secret), declared: algorithms.intersection(.symmetric), kid: nil, label)
    }
}
