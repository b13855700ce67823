import Bytes
import JOSE
import Testing

@Suite("Signing keys")
struct SigningKeyTests {
    @Test(arguments: SignatureAlgorithm.allCases.filter { !$0.isSymmetric })
    func `reads the private key it reads as JWK from PEM too`(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let der = try PrivateKeyDER(key)
        let copy = try SigningKey(pem: Self.pem("PRIVATE KEY", der.pkcs8), algorithm: algorithm)
        #expect(copy.privateJWK == key.privateJWK)
        for (label, bytes) in der.traditional {
            #expect(try SigningKey(pem: Self.pem(label, bytes), algorithm: algorithm).privateJWK == key.privateJWK)
        }
        #expect(throws: SigningError.self) { try SigningKey(pem: Self.pem("PRIVATE KEY", Array(der.pkcs8.dropLast()))) }
        #expect(throws: SigningError.unsupportedKey) {
            try SigningKey(pem: Self.pem("ENCRYPTED PRIVATE KEY", der.pkcs8))
        }
        #expect(throws: SigningError.malformedKey) { try SigningKey(pem: Self.pem("PUBLIC KEY", der.pkcs8)) }
        let wrong: SignatureAlgorithm = algorithm == .es256 ? .es384 : .es256
        #expect(throws: SigningError.algorithmMismatch) {
            try SigningKey(pem: Self.pem("PRIVATE KEY", der.pkcs8), algorithm: wrong)
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases.filter { !$0.isSymmetric })
    func `tells the public half of a private key in PEM, and nothing else of it`(_ algorithm: SignatureAlgorithm) throws
    {
        let key = try SigningKey.generate(algorithm)
        let der = try PrivateKeyDER(key)
        for (label, bytes) in [("PRIVATE KEY", der.pkcs8)] + der.traditional {
            let text = String(decoding: Self.pem(label, bytes), as: UTF8.self)
            #expect(PublicHalf.isNeeded(text))
            for form in [text, "a line before\n\(text)\n", text.replacing("\n", with: "\\n")] {
                let half = try PublicHalf.pem(ofPrivate: form)
                #expect(!PublicHalf.isNeeded(half))
                let expected = KeyImport(
                    key.verificationJWKS, options: KeyImportOptions(allowWeak: true, admitsSecrets: false)
                ).keySet
                let imported = KeyImport(
                    Array(half.utf8), options: KeyImportOptions(allowWeak: true, admitsSecrets: false)
                ).keySet
                #expect(imported.keys.map(\.thumbprint) == expected.keys.map(\.thumbprint))
                #expect(imported.keys.count == 1)
            }
            #expect(throws: SigningError.self) {
                try PublicHalf.pem(ofPrivate: String(decoding: Self.pem(label, Array(bytes.dropLast())), as: UTF8.self))
            }
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases.filter { !$0.isSymmetric })
    func `tells the public half of a private JWK, however it is written`(_ algorithm: SignatureAlgorithm) throws {
        let options = KeyImportOptions(allowWeak: true, admitsSecrets: false)
        let key = try SigningKey.generate(algorithm, kid: "one")
        let jwk = String(decoding: key.privateJWK, as: UTF8.self)
        let pem = String(decoding: Self.pem("PRIVATE KEY", try PrivateKeyDER(key).pkcs8), as: UTF8.self)
        let named = pem.replacing("\n", with: "\\n")
        let expected = KeyImport(key.verificationJWKS, options: options).keySet.keys.map(\.thumbprint)
        let secret = #"{"kty":"oct","k":"c2VjcmV0","kid":"two"}"#
        for text in [jwk, "[\(jwk)]", #" {"keys":[\#(jwk)]}"#, #"{"d":"\#(named)"}"#, pem] {
            let tree = (try? JSONTree(parsingLeniently: Array(text.utf8), limits: .document)) ?? .string(text)
            for written in [.string(text), tree] {
                let (kept, found) = try PublicHalf.keeping(written)
                #expect(found == .privateKey)
                let half = kept.string ?? kept.text
                let imported = KeyImport(half, options: options)
                #expect(imported.keySet.keys.count == 1, "\(half)")
                #expect(imported.keySet.keys.map(\.thumbprint) == expected)
                #expect(!imported.findings.contains { $0.code == .privateMembersDropped })
                let (again, rest) = try PublicHalf.keeping(kept)
                #expect(rest.isEmpty && again == kept)
            }
        }
        let mixed = try PublicHalf.keeping(.string(#"{"keys":[\#(jwk),\#(secret)]}"#))
        #expect(mixed.found == [.privateKey, .sharedSecret])
        #expect(mixed.keys.string?.contains("c2VjcmV0") == false)
        #expect(throws: SigningError.self) { try PublicHalf.keeping(.string(String(jwk.dropLast()))) }
    }

    @Test
    func `reads the private keys printed in the RFCs`() throws {
        guard let document = Conformance.document("rfc_examples.json") else { return }
        var seen = 0
        for row in try #require(document.root["tests"]).elements where row.text("kind") == "jws_compact" {
            guard let jwk = row["jwk"], jwk["d"] != nil || jwk["k"] != nil,
                let name = row["expected"]?["header"]?["alg"]?.string, let algorithm = SignatureAlgorithm(name: name)
            else { continue }
            let key = try SigningKey(jwk: jwk.source, algorithm: algorithm)
            let token = try key.sign(header: #"{"alg":"\#(name)"}"#, payload: "any")
            let keys = KeyImport(key.verificationJWKS, options: KeyImportOptions(allowWeak: false, admitsSecrets: true))
            _ = try keys.keySet.verify(jws: token.span, maxBytes: 4096)
            seen += 1
        }
        #expect(seen > 5)
    }

    @Test
    func `refuses what it cannot sign with`() throws {
        func error(_ jwk: String, _ algorithm: SignatureAlgorithm? = nil) -> SigningError? {
            do throws(SigningError) {
                _ = try SigningKey(jwk: Array(jwk.utf8), algorithm: algorithm)
                return nil
            } catch { return error }
        }
        #expect(error("") == .malformedKey)
        #expect(error("[]") == .malformedKey)
        #expect(error("{}") == .unsupportedKey)
        #expect(error(#"{"kty":"oct","k":""}"#) == .malformedKey)
        #expect(error(#"{"kty":"oct","k":"AAAA"}"#) == .unsuitableSize)
        #expect(error(#"{"kty":"oct","k":"AAAA","alg":"none"}"#) == .unsupportedKey)
        #expect(error(#"{"kty":"EC","crv":"P-256"}"#) == .malformedKey)
        #expect(error(#"{"kty":"EC","crv":"secp256k1","d":"AAAA"}"#) == .unsupportedKey)
        #expect(error(#"{"kty":"OKP","crv":"Ed25519","d":"AAAA"}"#) == .malformedKey)
        #expect(error(#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB","p":"AQAB","q":"AQAB"}"#) == .unsuitableSize)
        let key = try SigningKey.generate(.es256)
        #expect(error(key.privateJWK.asText, .es384) == .algorithmMismatch)
        #expect(throws: SigningError.unsuitableSize) { try SigningKey.generate(.rs256, rsaBits: 1024) }
        #expect(throws: SigningError.unsuitableSize) { try SigningKey(secret: [1], algorithm: .hs256) }
        #expect(throws: SigningError.algorithmMismatch) { try SigningKey(secret: [1], algorithm: .rs256) }
    }

    @Test
    func `names public keys by thumbprint and keeps secrets to itself`() throws {
        let key = try SigningKey.generate(.ed25519)
        #expect(key.kid == key.thumbprintText)
        #expect(try #require(key.publicJWK).asText.contains("\"d\"") == false)
        let secret = try SigningKey.generate(.hs512)
        #expect(secret.kid == nil)
        #expect(secret.publicJWK == nil)
        #expect(secret.thumbprintText == nil)
        #expect(try SigningKey.generate(.hs512).privateJWK != secret.privateJWK)
        let token = try key.token(claims: "{}", type: nil)
        let parsed = try UnverifiedToken(parsing: token.span, maxBytes: 1024)
        #expect(parsed.unverifiedHeader.type == nil)
        #expect(parsed.unverifiedHeader.kid?.string == key.kid)
    }

    private static func pem(_ label: String, _ der: [UInt8]) -> [UInt8] {
        let text = Base64URL.encode(der.span).asText.replacing("-", with: "+").replacing("_", with: "/")
        var lines = "-----BEGIN \(label)-----\n"
        var rest = Substring(text)
        while !rest.isEmpty {
            lines += rest.prefix(64) + "\n"
            rest = rest.dropFirst(64)
        }
        return Array("\(lines)-----END \(label)-----\n".utf8)
    }
}

/// The DER forms of a private key, written from its JWK.
private struct PrivateKeyDER {
    let pkcs8: [UInt8]
    /// PKCS #1 or SEC 1, where there is such a form.
    private(set) var traditional: [(String, [UInt8])] = []

    init(_ key: SigningKey) throws {
        let jwk = try JSONDocument(parsing: key.privateJWK, limits: .document).root
        switch jwk.text("kty") {
        case "RSA":
            let numbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map { Self.integer(jwk.base64($0)) }
            let inner = Self.element(0x30, Self.integer([0]) + numbers.joined())
            pkcs8 = Self.wrap([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01], parameters: [0x05, 0x00], inner)
            traditional = [("RSA PRIVATE KEY", inner)]
        case "EC":
            let curves: [String: [UInt8]] = [
                "P-256": [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], "P-384": [0x2B, 0x81, 0x04, 0x00, 0x22],
                "P-521": [0x2B, 0x81, 0x04, 0x00, 0x23],
            ]
            let curve = Self.element(0x06, try #require(curves[jwk.text("crv")]))
            let scalar = Self.integer([1]) + Self.element(0x04, jwk.base64("d"))
            let point = Self.element(0xA1, Self.element(0x03, [0x00, 0x04] + jwk.base64("x") + jwk.base64("y")))
            pkcs8 = Self.wrap(
                [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01], parameters: curve, Self.element(0x30, scalar + point))
            traditional = [("EC PRIVATE KEY", Self.element(0x30, scalar + Self.element(0xA0, curve) + point))]
        case "OKP":
            pkcs8 = Self.wrap([0x2B, 0x65, 0x70], parameters: [], Self.element(0x04, jwk.base64("d")))
        default:
            let last: UInt8 = jwk.text("alg") == "ML-DSA-65" ? 0x12 : 0x13
            let identifier: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, last]
            pkcs8 = Self.wrap(identifier, parameters: [], Self.element(0x80, jwk.base64("priv")))
        }
    }

    private static func wrap(_ identifier: [UInt8], parameters: [UInt8], _ key: [UInt8]) -> [UInt8] {
        let algorithm = element(0x30, element(0x06, identifier) + parameters)
        return element(0x30, integer([0]) + algorithm + element(0x04, key))
    }

    private static func integer(_ bytes: [UInt8]) -> [UInt8] {
        element(0x02, bytes[0] >= 0x80 ? [0] + bytes : bytes)
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        if count < 0x100 { return [tag, 0x81, UInt8(count)] + content }
        return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + content
    }
}
