extension KeyImporter {
    /// Reads PEM blocks: public keys (RFC 7468 §13, PKCS #1) and certificates.
    mutating func readPEM(_ text: [UInt8]) {
        var blocks = PEM.blocks(in: text) ?? []
        if blocks.isEmpty {
            blocks = PEM.blocks(in: PEM.withLineBreaksRestored(text)) ?? []
            if !blocks.isEmpty {
                report(.warning, .lineBreaksRestored, "The line breaks of the PEM text were lost and were restored.")
            }
        }
        guard !blocks.isEmpty else {
            return report(.error, .badPEM, "The text is not well-formed PEM.")
        }
        for (index, block) in blocks.enumerated() {
            read(block, KeyLabel(index: index))
        }
    }

    private mutating func read(_ block: PEMBlock, _ label: KeyLabel) {
        do throws(PublicKeyInfo.Failure) {
            let info: PublicKeyInfo
            switch block.label {
            case "PUBLIC KEY": info = try PublicKeyInfo(der: block.bytes)
            case "RSA PUBLIC KEY": info = try PublicKeyInfo(rsa: block.bytes)
            case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
                info = try PublicKeyInfo(certificate: block.bytes)
                report(
                    .note, .certificateRead, key: label,
                    "The key was taken from a certificate; its dates and its issuer are not checked.")
            default: return refuse(block, label)
            }
            admit(info.material, declared: info.algorithms, kid: nil, label)
        } catch .unsupported {
            report(.note, .unsupportedKeyType, key: label, "A key of this kind is not supported.")
        } catch {
            report(.error, .badPEM, key: label, "The block \"\(block.label)\" does not hold what its label says.")
        }
    }

    private mutating func refuse(_ block: PEMBlock, _ label: KeyLabel) {
        if block.label.hasSuffix("PRIVATE KEY") {
            report(
                .error, .privateKeyRefused, key: label,
                "This is a private key; give the public one, and consider this one disclosed.")
        } else if block.label != "EC PARAMETERS" {
            report(.error, .badPEM, key: label, "Blocks \"\(block.label.prefix(40))\" are not read.")
        }
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
