internal import Bytes

extension KeyImporter {
    /// Reads one JWK (RFC 7517 §4): keeps it, or reports why not.
    mutating func readJWK(_ jwk: JSONValue, index: Int) {
        var label = KeyLabel(index: index)
        guard jwk.isObject else {
            return report(.error, .keyNotAnObject, key: label, "The key is not a JSON object.")
        }
        label.kid = jwk["kid"].map(shown)
        if let kid = jwk["kid"], !kid.isString {
            report(.warning, .kidMalformed, key: label, "The kid is not a string; the key is used as one without.")
        }
        guard isForVerification(jwk, label), let key = publicKey(of: jwk, label) else { return }
        guard let declared = declaredAlgorithms(jwk, key, label) else { return }
        notePrivateMembers(of: jwk, key.material, label)
        admit(key.material, declared: declared, kid: jwk["kid"]?.decodedBytes, label)
    }

    /// `use` and `key_ops` (RFC 7517 §4.2, §4.3). Keys for encryption are common and no fault.
    private mutating func isForVerification(_ jwk: JSONValue, _ label: KeyLabel) -> Bool {
        if let use = jwk["use"], !use.equals("sig") {
            report(.note, .notForSignatures, key: label, "The key's use is not \"sig\".")
            return false
        }
        if let operations = jwk["key_ops"] {
            var isForVerification = false
            for operation in operations.elements where operation.equals("verify") { isForVerification = true }
            guard isForVerification else {
                report(.note, .notForVerification, key: label, "The key's key_ops do not name \"verify\".")
                return false
            }
        }
        return true
    }

    mutating func material(of jwk: JSONValue, _ label: KeyLabel) -> KeyMaterial? {
        guard let type = jwk["kty"], type.isString else {
            report(.error, .memberMissing, key: label, "The member \"kty\" is missing.")
            return nil
        }
        if type.equals("RSA") {
            guard let modulus = integer("n", of: jwk, label), let exponent = integer("e", of: jwk, label) else {
                return nil
            }
            return .rsa(modulus: modulus, exponent: exponent)
        }
        if type.equals("EC") { return ellipticCurveKey(jwk, label) }
        if type.equals("OKP") { return octetKeyPair(jwk, label) }
        if type.equals("AKP") { return algorithmKeyPair(jwk, label) }
        if type.equals("oct") { return secret(jwk, label) }
        report(.warning, .unsupportedKeyType, key: label, "Keys of type \"\(shown(type))\" are not supported.")
        return nil
    }

    private mutating func ellipticCurveKey(_ jwk: JSONValue, _ label: KeyLabel) -> KeyMaterial? {
        guard let name = jwk["crv"]?.string, let curve = EllipticCurve(rawValue: name) else {
            return unsupportedCurve(jwk, label)
        }
        guard let x = bytes("x", of: jwk, label), let y = bytes("y", of: jwk, label) else { return nil }
        guard x.count == curve.coordinateByteCount, y.count == curve.coordinateByteCount else {
            report(
                .error, .memberMalformed, key: label,
                "Coordinates of \(name) have \(curve.coordinateByteCount) bytes (RFC 7518 §6.2.1.2).")
            return nil
        }
        return .ec(curve, x: x, y: y)
    }

    private mutating func octetKeyPair(_ jwk: JSONValue, _ label: KeyLabel) -> KeyMaterial? {
        guard jwk["crv"]?.equals("Ed25519") == true else { return unsupportedCurve(jwk, label) }
        guard let x = bytes("x", of: jwk, label) else { return nil }
        guard x.count == 32 else {
            report(.error, .memberMalformed, key: label, "A key of Ed25519 has 32 bytes.")
            return nil
        }
        return .ed25519(x)
    }

    /// RFC 9964: `alg` is required and names the parameter set.
    private mutating func algorithmKeyPair(_ jwk: JSONValue, _ label: KeyLabel) -> KeyMaterial? {
        guard let algorithm = jwk["alg"] else {
            report(.error, .memberMissing, key: label, "A key of type AKP needs \"alg\".")
            return nil
        }
        let name = algorithm.string ?? ""
        guard let parameters = MLDSAParameters.allCases.first(where: { "\($0.algorithm)" == name }) else {
            report(.warning, .unsupportedAlgorithm, key: label, "The algorithm \"\(shown(algorithm))\" is not offered.")
            return nil
        }
        guard let key = bytes("pub", of: jwk, label) else { return nil }
        guard key.count == parameters.publicKeyByteCount else {
            report(
                .error, .memberMalformed, key: label,
                "A key of \(name) has \(parameters.publicKeyByteCount) bytes.")
            return nil
        }
        return .mlDSA(parameters, key)
    }

    private mutating func secret(_ jwk: JSONValue, _ label: KeyLabel) -> KeyMaterial? {
        guard !options.secretAlgorithms.isEmpty else {
            report(.error, .secretNotAdmitted, key: label, "A shared secret may not come from this source.")
            return nil
        }
        guard let bytes = bytes("k", of: jwk, label) else { return nil }
        guard !KeyText.looksLikeKey(bytes) else {
            report(.error, .secretIsKeyText, key: label, "The secret is the text of a key; a secret must be random.")
            return nil
        }
        return .secret(bytes)
    }

    private mutating func unsupportedCurve(_ jwk: JSONValue, _ label: KeyLabel) -> KeyMaterial? {
        if let curve = jwk["crv"] {
            let isForAgreement = curve.equals("X25519") || curve.equals("X448")
            report(
                isForAgreement ? .note : .warning, .unsupportedCurve, key: label,
                "The curve \"\(shown(curve))\" is \(isForAgreement ? "for key agreement" : "not offered").")
        } else {
            report(.error, .memberMissing, key: label, "The member \"crv\" is missing.")
        }
        return nil
    }

    /// What `alg` leaves of the key's algorithms; nil if the two contradict each other.
    private mutating func declaredAlgorithms(
        _ jwk: JSONValue, _ key: PublicKeyInfo, _ label: KeyLabel
    ) -> AlgorithmSet? {
        let isSecret = key.material.type == .oct
        guard let value = jwk["alg"] else { return isSecret ? options.secretAlgorithms : key.algorithms }
        guard let name = value.string, let algorithm = SignatureAlgorithm(name: name) else {
            let isForEncryption = Self.encryptionAlgorithms.contains { value.string?.hasPrefix($0) ?? false }
            report(
                isForEncryption ? .note : .warning, .unsupportedAlgorithm, key: label,
                "The algorithm \"\(shown(value))\" is \(isForEncryption ? "for encryption" : "not offered").")
            return nil
        }
        guard key.algorithms.contains(algorithm) else {
            report(
                .error, .algorithmMismatch, key: label,
                "A key of type \(key.material.type.rawValue) cannot serve \(algorithm).")
            return nil
        }
        guard !isSecret || options.secretAlgorithms.contains(algorithm) else {
            report(
                .error, .secretNotAdmitted, key: label,
                "The secret is for \(algorithm), which is not among the algorithms of its issuer.")
            return nil
        }
        // RFC 9864: a key for the older name EdDSA serves both, as Ed25519 is what it means here.
        return algorithm == .edDSA ? .ed25519 : AlgorithmSet([algorithm])
    }

    /// How the algorithms of RFC 7518 §4 begin.
    private static let encryptionAlgorithms = ["RSA-OAEP", "RSA1_5", "ECDH-ES", "A128", "A192", "A256", "dir", "PBES2"]

    private mutating func notePrivateMembers(of jwk: JSONValue, _ material: KeyMaterial, _ label: KeyLabel) {
        guard material.type != .oct else { return }
        guard PublicHalf.privateMembers.contains(where: { jwk[$0] != nil }) else { return }
        report(
            .warning, .privateMembersDropped, key: label,
            "The key was given with its private members; they were dropped. Consider the key disclosed.")
    }

    /// A text of the document for a message: bounded, no control characters.
    func shown(_ value: JSONValue) -> String {
        guard let text = value.string else { return "(not a string)" }
        return String(
            text.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}

/// Recognises keys written as text.
enum KeyText {
    /// Whether the bytes are PEM or JSON: such a "secret" is a public key that everybody knows.
    static func looksLikeKey(_ bytes: [UInt8]) -> Bool {
        let start = bytes.drop { $0 <= 0x20 }
        return start.starts(with: "-----BEGIN".utf8) || start.starts(with: "ssh-".utf8)
            || (start.first == UInt8(ascii: "{") && (try? JSONDocument(parsing: bytes, limits: .document)) != nil)
    }
}
