internal import ArgumentParser
internal import Bytes
internal import GatewayTransport
internal import JOSE

struct JWTSignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Mint a token to test with.",
        discussion: """
            The token alone goes to the standard output, everything else to the
            standard error. A fresh key signs where none is given; --jwks writes
            the half of it that the gateway needs:

              TOKEN=$(tollgate jwt sign --iss https://issuer.test --aud api \\
                --sub alice --claim 'groups=["admins"]' \\
                --save-key key.jwk --jwks keys.json)
              curl -H "Authorization: Bearer $TOKEN" http://localhost:3000/

            The same key again, for a token that expired an hour ago:

              tollgate jwt sign --key key.jwk --iss https://issuer.test \\
                --aud api --expires-in -1h

            `iat` is now and `exp` in an hour unless the claims say otherwise.
            Values of claims and header parameters are JSON where they read as
            JSON (admin=true, level=3), else strings; to have 3 as a string write
            level='"3"'.
            """
    )

    @OptionGroup(title: "Key") var key: SigningKeyOptions
    @OptionGroup(title: "Claims") var claims: ClaimOptions
    @OptionGroup(title: "Header") var header: HeaderOptions

    @Option(help: ArgumentHelp("Write the key set that verifies the token.", valueName: "file"), completion: .file())
    var jwks: String?

    @Flag(help: "Print that key set behind the token, on a line of its own.")
    var printJwks = false

    @Flag(name: .shortAndLong, help: "Say nothing on the standard error unless something fails.")
    var quiet = false

    func validate() throws {
        if let jwks, jwks == key.key || jwks == key.saveKey {
            throw ValidationError("--jwks would overwrite the private key; give it a file of its own.")
        }
    }

    func run() throws {
        let now = WallClock.now()
        let key = try key.load()
        if printJwks, key.algorithm.isSymmetric {
            throw Exit.usage(
                "a key set for \(key.algorithm) holds the secret itself, which is not printed.",
                hint: "write it to a file that only you can read: --jwks FILE")
        }
        let claims = try claims.members(now: now)
        let token: [UInt8]
        do {
            token = try key.sign(header: header.members(for: key).json.span, payload: claims.json.span)
        } catch {
            throw Exit.usage("cannot sign. \(error.explanation)")
        }
        try self.key.save(key)
        try writeKeySet(of: key)
        print(token.span.text)
        if printJwks { print(key.verificationJWKS.span.text) }
        if !quiet { explain(key, claims, now: now) }
    }

    private func writeKeySet(of key: SigningKey) throws {
        guard let jwks else { return }
        let bytes = key.verificationJWKS + [ASCII.lineFeed]
        do {
            try OutputFile.replace(jwks, with: bytes, isSecret: key.algorithm.isSymmetric)
        } catch {
            throw Exit.usage("cannot write \(jwks): \(error.reason)")
        }
    }

    private func explain(_ key: SigningKey, _ claims: JSONMembers, now: Int64) {
        let origin = self.key.key.map { "the key in \($0)" } ?? "a fresh key"
        let name = key.kid.map { ", kid \($0)" } ?? ""
        var lines = ["signed with \(key.algorithm) by \(origin)\(name)"]
        let document = try? JSONDocument(parsing: claims.json, limits: .document)
        if let date = document?.root["exp"]?.integer {
            lines.append("\(date <= now ? "expired" : "expires") \(DateWords.dateAndDistance(date, from: now))")
        } else {
            lines.append("without exp: most gateways, and Tollgate by default, refuse it")
        }
        if let path = self.key.saveKey { lines.append("private key: \(path) (0600); keep it, never serve it") }
        if let jwks {
            lines.append(
                key.algorithm.isSymmetric
                    ? "key set: \(jwks) (0600); it holds the secret" : "key set for verifiers: \(jwks)")
        }
        if self.key.key == nil, self.key.saveKey == nil, jwks == nil, !printJwks {
            lines.append("the key is gone now; keep it with --save-key, or its public half with --jwks")
        }
        for line in lines { StandardError.print(TerminalText.line(line)) }
    }
}
