import Bytes
import JOSE
import Testing

@Suite struct `Keys that come in certificates` {
    private static let options = KeyImportOptions(allowWeak: false, admitsSecrets: false)

    /// The certificates of these fixtures, in the text that `x5c` has them in.
    private static let rsa = body(of: "RSA certificate")
    private static let ec = body(of: "P-256 certificate")
    private static let rsaThumbprint = fixture("RSA certificate").thumbprint
    private static let ecThumbprint = fixture("P-256 certificate").thumbprint

    private static func fixture(_ name: String) -> PEMFixtures.Fixture {
        guard let fixture = PEMFixtures.all.first(where: { $0.name == name }) else {
            preconditionFailure("no fixture \(name)")
        }
        return fixture
    }

    private static func body(of name: String) -> String {
        fixture(name).pem.split(separator: "\n").dropFirst().dropLast().joined()
    }

    private func read(_ text: String) -> KeyImport { KeyImport(text, options: Self.options) }

    /// The JWK of a fixture's public key, as the importer writes it.
    private func members(of name: String) throws -> String {
        let set = try #require(read(Self.fixture(name).pem).keySet.publicJWKS).asText
        return String(set.dropFirst(#"{"keys":[{"#.count).dropLast("}]}".count))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var jwk: String
        var thumbprint: String?
        var codes: [KeyFinding.Code]

        init(_ name: String, _ jwk: String, _ thumbprint: String?, _ codes: [KeyFinding.Code]) {
            testDescription = name
            self.jwk = jwk
            self.thumbprint = thumbprint
            self.codes = codes
        }
    }

    static let alone = [
        Case("RSA", #"{"kty":"RSA","kid":"a","x5c":["\#(rsa)"]}"#, rsaThumbprint, [.certificateRead]),
        Case("a curve", #"{"kty":"EC","crv":"P-256","x5c":["\#(ec)"]}"#, ecThumbprint, [.certificateRead]),
        Case("a curve unnamed", #"{"kty":"EC","x5c":["\#(ec)"]}"#, ecThumbprint, [.certificateRead]),
        Case("no kty", #"{"kid":"a","x5c":["\#(ec)"]}"#, ecThumbprint, [.certificateRead]),
        Case("a chain", #"{"kty":"EC","x5c":["\#(ec)","\#(rsa)"]}"#, ecThumbprint, [.certificateRead]),
        Case("an algorithm", #"{"kty":"RSA","alg":"PS256","x5c":["\#(rsa)"]}"#, rsaThumbprint, [.certificateRead]),
        Case(
            "the URL alphabet",
            #"{"kty":"RSA","x5c":["\#(rsa.replacing("+", with: "-").replacing("/", with: "_"))"]}"#, rsaThumbprint,
            [.certificateRead]),
        Case(
            "line breaks", #"{"kty":"EC","x5c":["\#(ec.prefix(64))\r\n\#(ec.dropFirst(64))"]}"#, ecThumbprint,
            [.certificateRead]),
        Case(
            "PEM", #"{"kty":"EC","x5c":["-----BEGIN CERTIFICATE-----\n\#(ec)\n-----END CERTIFICATE-----\n"]}"#,
            ecThumbprint, [.certificateRead]),
        Case("another type", #"{"kty":"EC","x5c":["\#(rsa)"]}"#, nil, [.certificateMismatch]),
        Case("another curve", #"{"kty":"EC","crv":"P-384","x5c":["\#(ec)"]}"#, nil, [.certificateMismatch]),
        Case("a curve for RSA", #"{"kty":"RSA","crv":"P-256","x5c":["\#(rsa)"]}"#, nil, [.certificateMismatch]),
        Case(
            "another algorithm", #"{"kty":"EC","alg":"RS256","x5c":["\#(ec)"]}"#, nil,
            [.certificateRead, .algorithmMismatch]),
        Case("no list", #"{"kty":"EC","x5c":"\#(ec)"}"#, nil, [.certificateUnreadable]),
        Case("an empty list", #"{"kty":"EC","x5c":[]}"#, nil, [.certificateUnreadable]),
        Case("numbers", #"{"kty":"EC","x5c":[7]}"#, nil, [.certificateUnreadable]),
        Case("no base64", #"{"kty":"EC","x5c":["*"]}"#, nil, [.certificateUnreadable]),
        Case("a truncated one", #"{"kty":"EC","x5c":["\#(ec.prefix(400))"]}"#, nil, [.certificateUnreadable]),
        Case("no key and no certificate", #"{"kty":"RSA","x5t":"AA"}"#, nil, [.memberMissing]),
        Case("a secret", #"{"kty":"oct","x5c":["\#(ec)"]}"#, nil, [.secretNotAdmitted]),
        Case("for encryption", #"{"kty":"EC","use":"enc","x5c":["\#(ec)"]}"#, nil, [.notForSignatures]),
    ]

    @Test(arguments: alone)
    func `are taken where the JWK has no members of its own`(_ test: Case) {
        let other = #"{"kty":"OKP","crv":"Ed25519","kid":"other","x":"wKtWyo9tLtNMyRHdmMUbFAfpHYcOEDn-hBAHI2ZjpP8"}"#
        let result = read(#"{"keys":[\#(test.jwk),\#(other)]}"#)
        // The key beside it is there in any case.
        #expect(result.keySet.keys.last?.kid == Array("other".utf8))
        #expect(result.keySet.keys.dropLast().map(\.thumbprintText) == (test.thumbprint.map { [$0] } ?? []))
        #expect(result.findings.filter { $0.keyIndex == 0 }.map(\.code) == test.codes)
    }

    @Test func `have to be those of the other members`() throws {
        for (name, own, foreign) in [("RSA", Self.rsa, Self.ec), ("P-256 certificate", Self.ec, Self.rsa)] {
            let members = try members(of: name)
            #expect(read(#"{\#(members),"x5c":["\#(own)"]}"#).findings == [])
            let contradicting = read(#"{\#(members),"x5c":["\#(foreign)"]}"#)
            #expect(contradicting.keySet.keys.isEmpty)
            #expect(contradicting.findings.map(\.code) == [.certificateMismatch])
            // One that nobody can read contradicts nothing.
            let unreadable = read(#"{\#(members),"x5c":["MII"]}"#)
            #expect(unreadable.keySet.keys.count == 1)
            #expect(unreadable.findings.map(\.code) == [.certificateUnreadable])
            #expect(unreadable.findings.map(\.severity) == [.warning])
        }
        let half = read(#"{"kty":"RSA","e":"AQAB","x5c":["\#(Self.rsa)"]}"#)
        #expect(half.findings.map(\.code) == [.memberMissing])
    }

    @Test func `are read from an object of PEM by kid`() throws {
        func escaped(_ name: String) -> String { Self.fixture(name).pem.replacing("\n", with: "\\n") + "\\n" }
        let text = #"""
            {"one": "\#(escaped("RSA certificate"))", "two": "\#(escaped("P-256 certificate"))",
             "three": "\#(escaped("Ed25519"))", "four": 7, "five": "-----BEGIN CERTIFICATE-----",
             "six": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
             "seven": "\#(escaped("P-384"))\#(escaped("P-521"))"}
            """#
        let result = read(text)
        #expect(result.keySet.keys.compactMap { $0.kid?.asText } == ["one", "two", "three", "seven"])
        #expect(
            result.keySet.keys.map(\.thumbprintText)
                == ["RSA certificate", "P-256 certificate", "Ed25519", "P-384"].map { Self.fixture($0).thumbprint })
        let faults = result.findings.filter { $0.severity == .error }
        #expect(faults.map(\.kid) == ["four", "five", "six"])
        #expect(faults.map(\.code) == [.badPEM, .badPEM, .privateKeyRefused])
        // Line breaks that a web page put in place of their escapes.
        let broken = read(text.replacing("\\n", with: "\n"))
        #expect(broken.keySet.keys.map(\.thumbprint) == result.keySet.keys.map(\.thumbprint))
        #expect(broken.findings.map(\.code).prefix(2) == [.controlCharactersRemoved, .lineBreaksRestored])
        #expect(read(#"{"issuer":"x"}"#).findings.map(\.code) == [.notAKeySet])
    }

    @Test func `are read in DER, as public keys are`() throws {
        for fixture in PEMFixtures.all {
            let der = try Self.der(of: fixture.pem)
            let result = KeyImport(der, options: Self.options)
            #expect(result.keySet.keys.map(\.thumbprintText) == [fixture.thumbprint], "\(fixture)")
            #expect(result.findings.map(\.code) == (fixture.name.hasSuffix("certificate") ? [.certificateRead] : []))
            for damaged in [der + [0], der + [10], Array(der.dropLast()), Array(der.prefix(5)), [0x30, 0x82]] {
                let refused = KeyImport(damaged, options: Self.options)
                #expect(refused.keySet.keys.isEmpty)
                #expect(refused.findings.map(\.code) == [.badDER])
            }
        }
        #expect(KeyImport("0: a page", options: Self.options).findings.map(\.code) == [.notAKeySet])
    }

    @Test(arguments: [
        // PKCS #8, SEC 1, PKCS #8 encrypted, PKCS #1.
        "MC4CAQAwBQYDK2VwBCIEIApUEA7X+5aF6wQuf+2e+ki1+0jTwD6TYj1XAS0oUK1T",
        "MHcCAQEEIPkYt+XGu4/Sg5EM52vKKY2WqVDIBwQ0DZuIJlkcxab7oAoGCCqGSM49AwEHoUQDQgAEFwJxU1I10uWsPv"
            + "aTSeOxJrIrbDlTydbgR2XOFGOnZiYb9BTYBTMKSOLHBy6TP7wb6EH5qbA0qkC9bXpTc7aHoQ==",
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhvj/I7rc8gbwICCAAwDAYIKoZIhvcNAgkFADAdBglghk"
            + "gBZQMEASoEEFXPEKUsyj6OcnhpHsKoyYYEQBFyCyuS5OgpMoBv2HI2caoLpqUYJX04AEGcVqx4LvOpVEk6m8/cpc4e"
            + "G7GfICx78zmKX3SG0ireCW2iqN3UW7k=",
        "MIIBOgIBAAJBAKbJr5B92MCbxR3S+/OTmL2ukdd06r/47T9lsr8LqEZU7MRq/kTl3i72hIW2DsvcEq4Yf+RW5qS3WW"
            + "zjRU9c1XECAwEAAQJAHdblhxdMySDVQkG1+90DLaRmyUJMoW3anEYIla9zOqm65SRnCEk/ev7tNCW+7De10pkzSFWo"
            + "wWIsUKsBDocAQQIhANs/jsR0PwhAzc9z9JUm2sKrn2gYMXoqcWQjIMnv7yMpAiEAwr7ubmtQwCKNDPLGXUiMJu8KYH"
            + "3wbnEVNcnOq89j8QkCIQC/D1EDo+W19HsluH/AZn6mvFaKqOKc+lWcFPyi3YMAmQIgJRmEiKqPDptGbbIOUhURBhXB"
            + "z1IOrKuEU+PnKFnw+ykCIHkX+5qFOnlU3w1w7f4jIbvBD8/tod+5cFBHj/Po4lk7",
    ])
    func `are refused in DER where they are private`(_ base64: String) throws {
        let result = KeyImport(try Self.der(of: base64), options: Self.options)
        #expect(result.findings.map(\.code) == [.privateKeyRefused])
    }

    private static func der(of pem: String) throws -> [UInt8] {
        let body = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        let url = body.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return try Base64URL.decode(Array(url.utf8).span)
    }

    @Test(arguments: PEMFixtures.unsupported)
    func `of a kind that is not offered are named`(_ fixture: PEMFixtures.Unsupported) throws {
        for document in [Array(fixture.pem.utf8), try Self.der(of: fixture.pem)] {
            let finding = try #require(KeyImport(document, options: Self.options).findings.first)
            #expect(finding.code == .unsupportedKeyType)
            #expect(finding.severity == .warning)
            #expect(finding.message.contains(fixture.word))
        }
    }
}
