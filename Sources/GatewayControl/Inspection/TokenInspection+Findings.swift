package import Bytes
internal import JOSE

// What is odd about what a token says.

extension TokenInspection {
    mutating func noteHeader() {
        guard let header = unverifiedHeader.object else { return }
        noteAlgorithm(header["alg"])
        for name in ["jwk", "jku", "x5u", "x5c"] where header[name] != nil {
            note(
                .warning, "embedded_key",
                "`\(name)`: the token brings its own key, or a link to one. To believe it is to be fooled; "
                    + "Tollgate never reads it.")
        }
        if header["crit"] != nil {
            note(
                .warning, "critical_header",
                "`crit` demands extensions; who does not know them must refuse the token.")
        }
        if header["b64"]?.boolean == false {
            note(.warning, "unencoded_payload", "`b64` is false, which no JWT may have (RFC 7797 §7).")
        }
        if let kid = header["kid"], !kid.isString { note(.warning, "kid_malformed", "`kid` is not a string.") }
        noteType(header["typ"])
        if header["cty"]?.string?.uppercased() == "JWT" {
            note(.note, "nested", "`cty` is JWT: the payload is a token itself, which Tollgate does not look into.")
        }
    }

    private mutating func noteAlgorithm(_ value: JSONValue?) {
        if isEncrypted { return }
        guard let value else { return note(.warning, "algorithm_missing", "The header has no `alg`.") }
        guard let name = value.string else {
            return note(.warning, "algorithm_malformed", "`alg` is not a string.")
        }
        guard let algorithm = SignatureAlgorithm(name: name) else {
            if name.lowercased() == "none" {
                return note(
                    .warning, "algorithm_none",
                    "`alg` is \"\(name)\": the token is not signed, and anyone can write it.")
            }
            return note(.warning, "algorithm_unknown", "`alg` is \"\(name)\", which Tollgate does not offer.")
        }
        if algorithm.isSymmetric {
            note(
                .note, "shared_secret",
                "\(algorithm) is a code of a shared secret: whoever can verify such tokens can also mint them.")
        }
        guard let count = signatureByteCount, !algorithm.admits(signatureByteCount: count) else { return }
        note(
            .warning, "signature_length",
            "The signature has \(count) bytes, which no signature of \(algorithm) has.")
    }

    private mutating func noteType(_ value: JSONValue?) {
        guard let value else { return }
        guard let type = value.string else { return note(.warning, "type_malformed", "`typ` is not a string.") }
        var name = type.lowercased()
        if name.hasPrefix("application/") { name.removeFirst("application/".count) }
        guard name != "jwt", name != "at+jwt" else { return }
        note(
            .note, "type_unusual",
            "`typ` is \"\(type)\": a token of another kind; it passes only where the configuration asks for it.")
    }

    mutating func notePayload(now: Int64) {
        guard let claims = unverifiedPayload?.object else { return }
        for name in ["iss", "sub"] {
            if let value = claims[name], !value.isString {
                note(.warning, "claim_malformed", "`\(name)` is not a string.")
            }
        }
        if claims["iss"] == nil {
            note(.note, "issuer_missing", "There is no `iss`: the token does not say who issued it.")
        }
        if let confirmation = claims["cnf"], !confirmation.isNull {
            note(.note, "bound", "`cnf` binds the token to a key: alone it is not enough to be admitted.")
        }
        noteDates(claims, now: now)
    }

    private mutating func noteDates(_ claims: JSONValue, now: Int64) {
        let dates = Dictionary(
            uniqueKeysWithValues: Self.dateNames.compactMap { name in
                claims[name].map { (name, Self.date($0)) }
            })
        for name in Self.dateNames {
            guard let date = dates[name] else { continue }
            guard let date else {
                note(.warning, "date_malformed", "`\(name)` is not a number of seconds.")
                continue
            }
            if date > 100_000_000_000 {
                note(
                    .warning, "date_in_milliseconds",
                    "`\(name)` looks like milliseconds; dates of a JWT are in seconds.")
            }
        }
        guard let expiration = dates["exp"] else {
            return note(.warning, "expiration_missing", "There is no `exp`: the token would hold for ever.")
        }
        if let expiration, expiration <= now { note(.warning, "expired", "The token has expired.") }
        if let start = dates["nbf"] ?? nil, start > now {
            note(.warning, "not_yet_valid", "The token is not valid yet.")
        }
        if let issued = dates["iat"] ?? nil, issued > now {
            note(.warning, "issued_in_future", "The token says that it was issued in the future.")
        }
    }

    /// The claims that are dates, in the order of a token's life.
    package static let dateNames = ["auth_time", "iat", "nbf", "exp"]

    /// A NumericDate in whole seconds, rounded down and held inside Int64; nil where it is no finite number.
    package static func date(_ value: JSONValue) -> Int64? {
        if let integer = value.integer { return integer }
        guard let double = value.double, double.isFinite else { return nil }
        return Int64(exactly: double.rounded(.down)) ?? (double < 0 ? .min : .max)
    }
}

extension SignatureAlgorithm {
    /// Whether a signature can have this length; for RSA that of any modulus in use.
    fileprivate func admits(signatureByteCount count: Int) -> Bool {
        switch self {
        case .hs256: count == 32
        case .hs384: count == 48
        case .hs512: count == 64
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: (128...1024).contains(count)
        case .es256, .edDSA, .ed25519: count == 64
        case .es384: count == 96
        case .es512: count == 132
        case .mlDSA65: count == 3309
        case .mlDSA87: count == 4627
        }
    }
}
