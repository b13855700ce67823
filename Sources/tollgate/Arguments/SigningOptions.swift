internal import ArgumentParser
internal import Bytes
internal import JOSE

/// Which key signs.
struct SigningKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The algorithm. Default: that of --key, else ES256.", valueName: "name"))
    var alg: AlgorithmArgument?

    @Option(help: ArgumentHelp("A private key: JWK or unencrypted PEM.", valueName: "file"), completion: .file())
    var key: String?

    @Flag(help: "Make a fresh key (the default without --key).")
    var generate = false

    @Option(
        help: ArgumentHelp("Keep the private key as a JWK that only you can read.", valueName: "file"),
        completion: .file())
    var saveKey: String?

    @Option(help: "The key's name in the token's header and in the key set. Default: its thumbprint.")
    var kid: String?

    @Option(help: "Size of a fresh RSA key.")
    var rsaBits = 2048

    func validate() throws {
        if generate, key != nil {
            throw ValidationError("--generate makes a key and --key reads one; take one of them.")
        }
        guard (2048...8192).contains(rsaBits), rsaBits % 8 == 0 else {
            throw ValidationError("RSA keys have 2048 to 8192 bits, a multiple of 8.")
        }
    }

    func load() throws -> SigningKey {
        guard let path = key else {
            do {
                return try SigningKey.generate(alg?.algorithm ?? .es256, kid: kid, rsaBits: rsaBits)
            } catch {
                throw Exit.usage("cannot make a key. \(error.explanation)")
            }
        }
        let text = try InputArgument.document(path)
        do {
            return try SigningKey.read(text, algorithm: alg?.algorithm, kid: kid)
        } catch {
            throw Exit.usage(
                "cannot sign with the key in \(path). \(error.explanation)",
                hint: error == .malformedKey
                    ? "`tollgate jwt sign --save-key FILE` makes a key of the right form" : nil)
        }
    }

    func save(_ key: SigningKey) throws {
        guard let saveKey else { return }
        do {
            try OutputFile.create(secret: key.privateJWK + [ASCII.lineFeed], at: saveKey)
        } catch {
            throw Exit.usage(
                "cannot write \(saveKey): \(error.reason)",
                hint: "an existing file is never overwritten; sign with the key in it by --key \(saveKey)")
        }
    }
}

/// What the token says.
struct ClaimOptions: ParsableArguments {
    @Option(help: "The issuer.") var iss: String?
    @Option(help: "The subject.") var sub: String?
    @Option(help: "An audience; may be given several times.") var aud: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long it holds: 1h, 90s, -1h (expired), never. Default: 1h.", valueName: "time"))
    var expiresIn: LifetimeArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("When it begins to hold, from now: 5m, -5m.", valueName: "time"))
    var notBefore: DurationArgument?

    @Option(
        name: .customLong("claim"),
        help: ArgumentHelp("Any claim; may be given several times.", valueName: "name=value"))
    var extra: [MemberArgument] = []

    @Option(
        name: .customLong("claims"),
        help: ArgumentHelp("A JSON object of claims to begin with; - for the standard input.", valueName: "file"),
        completion: .file())
    var base: String?

    /// The file's claims, then those that have an option of their own, then --claim; the last one counts.
    func members(now: Int64) throws -> JSONMembers {
        var claims = try baseMembers()
        if let iss { claims.set("iss", text: iss) }
        if let sub { claims.set("sub", text: sub) }
        if !aud.isEmpty { claims.set("aud", texts: aud) }
        if !claims.contains("iat") { claims.set("iat", number: now) }
        if let notBefore { claims.set("nbf", number: now + notBefore.seconds) }
        if let expiresIn {
            claims.remove("exp")
            if let seconds = expiresIn.seconds { claims.set("exp", number: now + seconds) }
        } else if !claims.contains("exp") {
            claims.set("exp", number: now + 3600)
        }
        for claim in extra { claims.set(claim.name, json: claim.json) }
        return claims
    }

    private func baseMembers() throws -> JSONMembers {
        guard let base else { return JSONMembers() }
        let text = try InputArgument.document(base)
        do {
            let root = try JSONDocument(parsing: text, limits: .document).root
            guard root.isObject else { throw Exit.usage("the claims in \(base) are no JSON object.") }
            return JSONMembers(root)
        } catch let error as JSONError {
            throw Exit.usage("the claims in \(base) are no JSON: \(error.reason.rawValue) at byte \(error.offset).")
        }
    }
}

/// What stands in front of the claims.
struct HeaderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The token's kind; '' leaves it out.", valueName: "type"))
    var typ = "JWT"

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp("Any parameter, even a wrong one; may be given several times.", valueName: "name=value"))
    var extra: [MemberArgument] = []

    @Flag(help: "Leave the kid out of the header.")
    var noKid = false

    func members(for key: SigningKey) -> JSONMembers {
        var header = JSONMembers()
        header.set("alg", text: "\(key.algorithm)")
        if !typ.isEmpty { header.set("typ", text: typ) }
        if let kid = key.kid, !noKid { header.set("kid", text: kid) }
        for parameter in extra { header.set(parameter.name, json: parameter.json) }
        return header
    }
}
