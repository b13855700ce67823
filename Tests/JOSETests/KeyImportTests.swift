import Bytes
import JOSE
import Testing

@Suite("Import of keys")
struct KeyImportTests {
    static let tolerant = KeyImportOptions(allowWeak: true, admitsSecrets: true)
    static let strict = KeyImportOptions(allowWeak: false, admitsSecrets: true)
    static let remote = KeyImportOptions(allowWeak: false, admitsSecrets: false)

    private let rsa: SigningKey
    private let ec: SigningKey
    private let secret: SigningKey

    /// Made once: RSA keys take their time.
    private static let keys = Result {
        (
            try SigningKey.generate(.rs256, kid: "r"), try SigningKey.generate(.es256, kid: "e"),
            try SigningKey.generate(.hs256, kid: "s")
        )
    }

    init() throws {
        (rsa, ec, secret) = try Self.keys.get()
    }

    private func jwk(_ key: SigningKey) -> String { (key.publicJWK ?? key.privateJWK).asText }
    private func codes(_ text: String, _ options: KeyImportOptions = strict) -> [KeyFinding.Code] {
        KeyImport(text, options: options).findings.map(\.code)
    }

    @Test
    func `reads a set, a list, and a single key`() {
        let key = jwk(ec)
        #expect(codes(#"{"keys":[\#(key)]}"#) == [])
        #expect(codes(#"  {"extra":1,"keys":[\#(key)]}  "#) == [])
        #expect(codes("\u{FEFF}" + key) == [])
        #expect(codes(key) == [])
        #expect(codes("[\(key)]") == [.keysMemberMissing])
        for text in [key, "[\(key)]", #"{"keys":[\#(key)]}"#] {
            #expect(KeyImport(text, options: Self.strict).keySet.keys.map(\.thumbprintText) == [ec.thumbprintText])
        }
    }

    @Test(arguments: [
        ("", KeyFinding.Code.emptyDocument), (" \n", .emptyDocument), ("null", .notAKeySet), ("x", .notAKeySet),
        ("{}", .notAKeySet), (#"{"keys":{}}"#, .notAKeySet), (#"{"keys":[]}"#, .noUsableKey),
        ("[]", .keysMemberMissing),
        ("{", .notJSON), (#"{"keys":[}"#, .notJSON), ("<html></html>", .notAKeySet),
        ("-----BEGIN PUBLIC KEY-----", .badPEM),
        ("-", .notAKeySet), ("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", .notAKeySet),
    ])
    func `says what a document without keys is`(_ text: String, _ code: KeyFinding.Code) {
        let result = KeyImport(text, options: Self.strict)
        #expect(result.keySet.keys.isEmpty)
        #expect(result.findings.first?.code == code)
        #expect(result.findings.contains { $0.severity == .error })
    }

    struct KeyCase: CustomTestStringConvertible {
        let text: String
        let code: KeyFinding.Code
        var testDescription: String { text }
        init(_ text: String, _ code: KeyFinding.Code) {
            self.text = text
            self.code = code
        }
    }

    @Test(arguments: [
        KeyCase("7", .keyNotAnObject), KeyCase("{}", .memberMissing), KeyCase(#"{"kty":7}"#, .memberMissing),
        KeyCase(#"{"kty":"XYZ"}"#, .unsupportedKeyType), KeyCase(#"{"kty":"rsa"}"#, .unsupportedKeyType),
        KeyCase(#"{"kty":"RSA","use":"enc"}"#, .notForSignatures),
        KeyCase(#"{"kty":"RSA","use":1}"#, .notForSignatures),
        KeyCase(#"{"kty":"RSA","key_ops":["sign"]}"#, .notForVerification),
        KeyCase(#"{"kty":"RSA","key_ops":[]}"#, .notForVerification),
        KeyCase(#"{"kty":"RSA","key_ops":"verify"}"#, .notForVerification),
        KeyCase(#"{"kty":"RSA","n":"AQAB"}"#, .memberMissing), KeyCase(#"{"kty":"RSA","e":"AQAB"}"#, .memberMissing),
        KeyCase(#"{"kty":"RSA","n":1,"e":"AQAB"}"#, .memberMalformed),
        KeyCase(#"{"kty":"RSA","n":"","e":"AQAB"}"#, .memberMalformed),
        KeyCase(#"{"kty":"RSA","n":"A*","e":"AQAB"}"#, .memberMalformed),
        KeyCase(#"{"kty":"RSA","n":"AA","e":"AQAB"}"#, .memberMalformed),
        KeyCase(#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, .weakKey),
        KeyCase(#"{"kty":"RSA","n":"AQAB","e":"AQ"}"#, .notAKey),
        KeyCase(#"{"kty":"RSA","n":"AQAB","e":"Ag"}"#, .notAKey),
        KeyCase(#"{"kty":"RSA","n":"AQAB","e":"AQAAAAAB"}"#, .notAKey),
        KeyCase(#"{"kty":"RSA","n":"\#(String(repeating: "_", count: 1368))","e":"AQAB"}"#, .keyTooLarge),
        KeyCase(
            #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 341))w","e":"AQAB","alg":"ES256"}"#, .algorithmMismatch
        ),
        KeyCase(
            #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 341))w","e":"AQAB","alg":"RSA-OAEP"}"#,
            .unsupportedAlgorithm),
        KeyCase(
            #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 341))w","e":"AQAB","alg":"none"}"#,
            .unsupportedAlgorithm),
        KeyCase(#"{"kty":"EC"}"#, .memberMissing), KeyCase(#"{"kty":"EC","crv":"secp256k1"}"#, .unsupportedCurve),
        KeyCase(#"{"kty":"EC","crv":"P-256","x":"AA"}"#, .memberMissing),
        KeyCase(#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, .memberMalformed),
        KeyCase(
            #"{"kty":"EC","crv":"P-256","x":"\#(String(repeating: "A", count: 43))","y":"\#(String(repeating: "A", count: 43))"}"#,
            .notAKey),
        KeyCase(#"{"kty":"OKP","crv":"X25519","x":"\#(String(repeating: "B", count: 42))A"}"#, .unsupportedCurve),
        KeyCase(#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, .unsupportedCurve),
        KeyCase(#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, .memberMalformed),
        KeyCase(#"{"kty":"OKP","crv":"Ed25519","x":"\#(String(repeating: "A", count: 43))"}"#, .notAKey),
        KeyCase(#"{"kty":"OKP","crv":"Ed25519","x":"7\#(String(repeating: "_", count: 41))8"}"#, .notAKey),
        KeyCase(#"{"kty":"AKP","pub":"AA"}"#, .memberMissing),
        KeyCase(#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#, .unsupportedAlgorithm),
        KeyCase(#"{"kty":"AKP","alg":"ML-DSA-65","pub":"AA"}"#, .memberMalformed),
        KeyCase(#"{"kty":"oct"}"#, .memberMissing), KeyCase(#"{"kty":"oct","k":"AAAA"}"#, .weakKey),
        KeyCase(#"{"kty":"oct","alg":"HS512","k":"\#(String(repeating: "B", count: 44))"}"#, .weakKey),
        KeyCase(#"{"kty":"oct","alg":"RS256","k":"\#(String(repeating: "B", count: 44))"}"#, .algorithmMismatch),
        // "-----BEGIN PUBLIC KEY-----" and so on, as somebody's secret.
        KeyCase(
            #"{"kty":"oct","k":"LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUlJQklqQU5CZ2txaGtpRzl3MEI"}"#, .secretIsKeyText),
    ])
    func `leaves out a key that cannot be used and keeps its neighbours`(_ test: KeyCase) {
        let result = KeyImport(#"{"keys":[\#(jwk(ec)),\#(test.text),\#(jwk(rsa))]}"#, options: Self.strict)
        #expect(result.keySet.keys.map(\.kid) == [Array("e".utf8), Array("r".utf8)])
        #expect(result.findings.map(\.code) == [test.code])
        #expect(result.findings.first?.keyIndex == 1)
    }

    @Test
    func `keeps the others when one key is not JSON`() {
        for broken in [#"{"kty":"RSA","kty":"RSA"}"#, #"{"kty":"RSA",}"#, #"{kty:"RSA"}"#, #"{"x":"\q"}"#] {
            let result = KeyImport(#"{"keys":[\#(jwk(ec)),\#(broken),\#(jwk(rsa))]}"#, options: Self.strict)
            #expect(result.keySet.keys.count == 2, "\(broken)")
            #expect(result.findings.map(\.code) == [.notJSON])
            #expect(result.findings.first?.keyIndex == 1)
        }
        // A truncated document is refused whole.
        let whole = #"{"keys":[\#(jwk(ec)),\#(jwk(rsa))]}"#
        for length in [whole.count - 1, whole.count - 2, whole.count / 2] {
            let result = KeyImport(String(whole.prefix(length)), options: Self.strict)
            #expect(result.keySet.keys.isEmpty)
            #expect(result.findings.map(\.code) == [.notJSON])
        }
    }

    @Test
    func `repairs what has a name and says so`() throws {
        let key = jwk(rsa)
        let n = try #require(JSONDocument(parsing: key).root["n"]?.string)
        func repaired(_ text: String) -> [KeyFinding.Code] {
            let result = KeyImport(key.replacing(n, with: text), options: Self.strict)
            #expect(result.keySet.keys.map(\.thumbprintText) == [rsa.thumbprintText])
            return result.findings.map(\.code)
        }
        let middle = n.index(n.startIndex, offsetBy: 100)
        #expect(repaired(String(n[..<middle]) + " " + n[middle...]) == [.whitespaceRemoved])
        #expect(repaired(String(n[..<middle]) + "\\n\\t " + n[middle...]) == [.whitespaceRemoved])
        #expect(
            repaired(String(n[..<middle]) + "\n    " + n[middle...]) == [.controlCharactersRemoved, .whitespaceRemoved])
        #expect(repaired(String(n[..<middle]) + "\n" + n[middle...]) == [.controlCharactersRemoved])
        #expect(repaired(n + "==") == [.paddingRemoved])
        let standard = n.replacing("-", with: "+").replacing("_", with: "/")
        if standard != n { #expect(repaired(standard + "==") == [.standardBase64Translated, .paddingRemoved]) }
        var bytes = try Base64URL.decode(Array(n.utf8).span)
        bytes.insert(0, at: 0)
        #expect(repaired(Base64URL.encode(bytes.span).asText) == [.leadingZeroRemoved])
    }

    @Test
    func `drops private members and says so`() throws {
        for algorithm in SignatureAlgorithm.allCases where !algorithm.isSymmetric {
            let key = try SigningKey.generate(algorithm)
            let result = KeyImport(key.privateJWK, options: Self.strict)
            #expect(result.findings.map(\.code) == [.privateMembersDropped])
            let shown = try #require(result.keySet.publicJWKS).asText
            for name in ["d", "p", "q", "dp", "dq", "qi", "priv"] { #expect(!shown.contains("\"\(name)\"")) }
            #expect(
                KeyImport(shown, options: Self.strict).keySet.keys.map(\.thumbprint)
                    == result.keySet.keys.map(\.thumbprint))
            #expect(codes(shown) == [])
        }
    }

    @Test
    func `never mixes secrets with public keys`() {
        let result = KeyImport(#"{"keys":[\#(jwk(secret)),\#(jwk(ec))]}"#, options: Self.strict)
        #expect(result.keySet.keys.map(\.kid) == [Array("e".utf8)])
        #expect(result.findings.map(\.code) == [.secretBesidePublicKeys])
        #expect(!result.keySet.isSymmetric)
        #expect(codes(jwk(secret), Self.remote) == [.secretNotAdmitted])
        let alone = KeyImport(jwk(secret), options: Self.strict)
        #expect(alone.keySet.isSymmetric)
        #expect(alone.keySet.publicJWKS == nil)
        #expect(alone.keySet.keys.first?.thumbprintText == nil)
    }

    @Test
    func `fixes what a key serves at its import`() throws {
        func algorithms(_ text: String, _ options: KeyImportOptions = Self.strict) -> [SignatureAlgorithm]? {
            KeyImport(text, options: options).keySet.keys.first?.algorithms.algorithms
        }
        let rsa = jwk(rsa)
        #expect(algorithms(rsa) == [.rs256])
        #expect(
            algorithms(rsa.replacing(#","alg":"RS256""#, with: "")) == [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512])
        #expect(algorithms(rsa.replacing("RS256", with: "PS512")) == [.ps512])
        #expect(algorithms(jwk(ec).replacing(#","alg":"ES256""#, with: "")) == [.es256])
        #expect(algorithms(#"{"kty":"oct","k":"\#(String(repeating: "B", count: 44))"}"#) == [.hs256])
        #expect(algorithms(#"{"kty":"oct","k":"\#(String(repeating: "B", count: 64))"}"#) == [.hs256, .hs384])
        #expect(algorithms(#"{"kty":"oct","k":"\#(String(repeating: "B", count: 88))"}"#) == [.hs256, .hs384, .hs512])
        #expect(algorithms(#"{"kty":"oct","k":"BBBB"}"#, Self.tolerant) == [.hs256, .hs384, .hs512])
    }

    @Test
    func `admits weak keys only where asked to`() {
        let short = #"{"kty":"oct","alg":"HS256","k":"c2VjcmV0"}"#
        #expect(codes(short) == [.weakKey])
        #expect(codes(short, Self.tolerant) == [.weakKeyAdmitted, .sampleKey])
        #expect(KeyImport(short, options: Self.tolerant).keySet.keys.first?.isWeak == true)
        #expect(codes(PEMFixtures.rsa1024) == [.weakKey])
        #expect(codes(PEMFixtures.rsa1024, Self.tolerant) == [.weakKeyAdmitted])
        #expect(KeyImport(PEMFixtures.rsa1024, options: Self.tolerant).keySet.keys.map(\.bits) == [1024])
        #expect(codes(#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, Self.tolerant) == [.weakKey])
    }

    @Test(arguments: [
        ([UInt8](repeating: 7, count: 32), "the same byte again and again"),
        ([UInt8](repeating: 0, count: 64), "the same byte again and again"),
        (Array("0123456701234567012345670123456701234567".utf8), "the same 8 bytes again and again"),
        (Array(repeating: Array("secret".utf8), count: 9).joined() + Array("sec".utf8), "the same 6 bytes"),
    ])
    func `warns of secrets that repeat themselves`(_ secret: [UInt8], _ words: String) {
        let text = #"{"kty":"oct","k":"\#(Base64URL.encode(secret.span).asText)"}"#
        let result = KeyImport(text, options: Self.strict)
        #expect(result.keySet.keys.count == 1)
        #expect(result.findings.map(\.code) == [.secretRepeats])
        #expect(result.findings.map(\.severity) == [.warning])
        #expect(result.findings.first?.message.contains(words) == true)
    }

    @Test
    func `lets secrets serve only what their issuer names`() throws {
        let bytes = Array("kK0lkbzXrE7aiTiyK/Z0Swab0123456789abcdef".utf8)
        let k = Base64URL.encode(bytes.span).asText
        func read(_ alg: String, _ algorithms: [SignatureAlgorithm]) -> KeyImport {
            let options = KeyImportOptions(allowWeak: false, secretAlgorithms: AlgorithmSet(algorithms))
            return KeyImport(#"{"kty":"oct","k":"\#(k)"\#(alg)}"#, options: options)
        }
        #expect(read("", [.hs256, .hs512, .rs256]).keySet.keys.map(\.algorithms.algorithms) == [[.hs256]])
        #expect(read(#","alg":"HS256""#, [.hs256]).findings == [])
        // Too short for all that it may be used for.
        #expect(read("", [.hs512]).findings.map(\.code) == [.weakKey])
        #expect(read(#","alg":"HS256""#, [.hs512]).findings.map(\.code) == [.secretNotAdmitted])
        #expect(read("", [.es256]).findings.map(\.code) == [.secretNotAdmitted])
    }

    @Test
    func `notes duplicates`() throws {
        let other = try SigningKey.generate(.es256, kid: "e")
        #expect(codes(#"{"keys":[\#(jwk(ec)),\#(jwk(ec))]}"#) == [.duplicateKey])
        let result = KeyImport(#"{"keys":[\#(jwk(ec)),\#(jwk(other))]}"#, options: Self.strict)
        #expect(result.findings.map(\.code) == [.duplicateKid])
        #expect(result.keySet.keys.count == 2)
        #expect(codes(jwk(ec).replacing(#""kid":"e""#, with: #""kid":5"#)) == [.kidMalformed])
    }

    @Test
    func `shows names without control characters`() {
        let text = jwk(ec).replacing(#""kid":"e""#, with: #""kid":"a\u0000\u001b[31m\n\u0085b""#).replacing(
            "ES256", with: "X\\n")
        let finding = KeyImport(text, options: Self.strict).findings.first
        #expect(finding?.kid == "a??[31m??b")
        #expect(finding?.message.contains("\n") == false)
    }

    @Test
    func `caps the number of keys`() throws {
        let keys = try (0..<1030).map { _ in try #require(SigningKey.generate(.ed25519).publicJWK).asText }
        let result = KeyImport(#"{"keys":[\#(keys.joined(separator: ","))]}"#, options: Self.strict)
        #expect(result.keySet.keys.count == 1024)
        #expect(result.findings.map(\.code) == [.tooManyKeys])
    }

    @Test
    func `caps the number of shared secrets, which cost much more than their text`() {
        let key = #"{"kty":"oct","k":"\#(String(repeating: "B", count: 44))","kid":"#
        let keys = (0..<40).map { key + "\"\($0)\"}" }.joined(separator: ",")
        let options = KeyImportOptions(allowWeak: false, admitsSecrets: true)
        let result = KeyImport(#"{"keys":[\#(keys)]}"#, options: options)
        #expect(result.keySet.keys.count == 32)
        #expect(result.findings.contains { $0.code == .tooManyKeys })
    }

    @Test
    func `lists a bounded number of faults, and says that there are more`() {
        let good = jwk(ec)
        let faults = Array(repeating: "0", count: 5000).joined(separator: ",")
        let result = KeyImport(#"{"keys":[\#(faults),\#(good)]}"#, options: Self.strict)
        #expect(result.keySet.keys.count == 1)
        #expect(result.findings.count == 129)
        #expect(result.findings.last?.code == .tooManyFindings)
        #expect(result.findings.last?.severity == .error)
    }

    @Test(arguments: PEMFixtures.all)
    func `reads PEM as other tools write it`(_ fixture: PEMFixtures.Fixture) {
        let result = KeyImport(fixture.pem, options: Self.strict)
        #expect(result.keySet.keys.map(\.thumbprintText) == [fixture.thumbprint])
        #expect(result.findings.map(\.code) == (fixture.name.hasSuffix("certificate") ? [.certificateRead] : []))
        let windows = "\r\nsubject=CN = test\r\n" + fixture.pem.replacing("\n", with: "\r\n") + "\r\n"
        #expect(KeyImport(windows, options: Self.strict).keySet.keys.map(\.thumbprintText) == [fixture.thumbprint])
        for lost in [
            fixture.pem.replacing("\n", with: " "), fixture.pem.replacing("\n", with: "\\n"),
            fixture.pem.replacing("\n", with: ""),
        ] {
            let restored = KeyImport(lost, options: Self.strict)
            #expect(restored.keySet.keys.map(\.thumbprintText) == [fixture.thumbprint], "\(lost)")
            #expect(restored.findings.first?.code == .lineBreaksRestored)
        }
    }

    @Test
    func `reads several PEM blocks and tells what it leaves out`() {
        let text = PEMFixtures.all.map(\.pem).joined(separator: "\n") + "\n" + PEMFixtures.secp256k1
        let result = KeyImport(text, options: Self.strict)
        // The certificates and the two forms of the RSA key repeat keys.
        #expect(result.keySet.keys.count == 6)
        #expect(result.findings.contains { $0.code == .unsupportedKeyType && $0.keyIndex == PEMFixtures.all.count })
        #expect(codes("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----") == [.privateKeyRefused])
        #expect(codes("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----") == [.badPEM])
        #expect(codes("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----") == [.badPEM])
    }

    @Test
    func `survives every truncation and every changed byte of a certificate`() throws {
        let pem = try #require(PEMFixtures.all.last).pem
        let body = pem.split(separator: "\n").dropFirst().dropLast().joined()
        let standard = Array(body.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "").utf8)
        let der = try Base64URL.decode(standard.span)
        func read(_ der: [UInt8]) -> KeyImport {
            let text = Base64URL.encode(der.span).asText
            return KeyImport("-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n", options: Self.strict)
        }
        #expect(read(der).keySet.keys.count == 1)
        for length in 1..<der.count { #expect(read(Array(der[..<length])).keySet.keys.isEmpty) }
        for index in der.indices {
            for bit in [0x01, 0x80, 0xFF] as [UInt8] {
                var changed = der
                changed[index] ^= bit
                _ = read(changed)
            }
        }
    }

    @Test
    func `takes the bytes of a secret for the algorithms of its field`() throws {
        let bytes = Array("kK0lkbzXrE7aiTiyK/Z0Sw==".utf8)
        #expect(
            KeyImport(secret: bytes, algorithms: [.symmetric], options: Self.strict).findings.map(\.code) == [.weakKey])
        let result = KeyImport(secret: bytes, algorithms: AlgorithmSet([.hs256]), options: Self.tolerant)
        #expect(result.findings.map(\.code) == [.weakKeyAdmitted])
        #expect(result.keySet.keys.map(\.algorithms) == [AlgorithmSet([.hs256])])
        #expect(
            KeyImport(secret: [], algorithms: .symmetric, options: Self.tolerant).findings.map(\.code) == [
                .emptyDocument
            ])
    }
}
