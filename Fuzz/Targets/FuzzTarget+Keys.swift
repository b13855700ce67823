internal import Bytes
internal import JOSE

/// Key documents: whatever is in them, only sound keys come out, and there is a word on everything left out.
enum KeyReading {
    static func run(document: [UInt8]) {
        for admitsSecrets in [false, true] {
            let options = KeyImportOptions(allowWeak: admitsSecrets, admitsSecrets: admitsSecrets)
            let result = FuzzBudget.charge(document.count) { KeyImport(document, options: options) }
            check(result, admitsSecrets: admitsSecrets)
        }
    }

    static func run(pem: [UInt8]) {
        run(document: pem)
        _ = FuzzBudget.charge(pem.count) { try? SigningKey.read(pem, algorithm: nil, kid: nil) }
    }

    /// Labels whose blocks are read; the first byte of the input chooses one.
    private static let labels = [
        "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
    ]

    static func run(der input: [UInt8]) {
        guard let first = input.first else { return }
        let label = labels[Int(first) % labels.count]
        let body = Array(input.dropFirst())
        let text = Base64URL.encode(body.span)
        run(document: body)
        run(certificate: body)
        run(pem: Array("-----BEGIN \(label)-----\n".utf8) + text + Array("\n-----END \(label)-----\n".utf8))
    }

    /// Names of a certificate: no control character comes out, nor more than came in.
    private static func run(certificate: [UInt8]) {
        let names = FuzzBudget.charge(certificate.count) { CertificateNames(der: certificate) }
        for text in [try? names.subject.get(), try? names.issuer.get(), try? names.commonName.get()] {
            guard let text else { continue }
            require(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "a control character")
            // An escape before each character, and the name of its attribute.
            require(text.utf8.count <= certificate.count * 8, "more than there is")
        }
        if case .success(let id?) = names.spiffeID { require(SPIFFEID(id.text) == id, "another identity") }
    }

    private static func check(_ result: KeyImport, admitsSecrets: Bool) {
        let keys = result.keySet.keys
        require(!keys.isEmpty || result.findings.contains { $0.severity == .error }, "nothing was said")
        for key in keys {
            require(admitsSecrets || key.type != .oct, "a secret from where none may come")
            require(!key.algorithms.isEmpty, "a key for nothing")
            require((key.type == .oct) == (keys[0].type == .oct), "secrets beside public keys")
            // No signature is all zeros.
            let signature = [UInt8](repeating: 0, count: 64)
            for algorithm in key.algorithms.algorithms {
                require(!key.isValid(signature.span, over: signature.span, algorithm), "a forgery passed")
            }
        }
    }
}
