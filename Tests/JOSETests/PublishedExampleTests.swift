import Bytes
import JOSE
import Testing

@Suite("Published examples")
struct PublishedExampleTests {
    @Test
    func `gives the verdicts of the RFCs' own examples`() throws {
        guard let document = Conformance.document("rfc_examples.json") else { return }
        var tally = Tally()
        for row in try #require(document.root["tests"]).elements {
            switch row.text("kind") {
            case "jws_compact": judge(row, &tally)
            case "jwk_thumbprint": try judgeThumbprint(row, &tally)
            case "jws_detached", "jws_detached_b64false", "jws_compact_b64false":
                // Must be refused as tokens.
                tally.skip("detached or b64=false")
                #expect(verdict(row) == nil, "\(row.text("name"))")
            case "jwe_compact", "jwe_json": tally.skip("JWE")
            case "dpop_proof": tally.skip("DPoP proof")
            case "jwt_claims_only":
                let input = row["input"]?.decodedBytes ?? []
                let token = try? UnverifiedToken(parsing: input.span, maxBytes: 64 << 10)
                tally.expect(token?.unverifiedClaims.root["cnf"] != nil, row.text("name"))
            default: tally.skip("not compact serialisation")
            }
        }
        tally.report("rfc_examples.json")
        #expect(tally.disagreements.isEmpty)
    }

    private func judge(_ row: JSONValue, _ tally: inout Tally) {
        let algorithm = row["expected"]?["header"]?["alg"]?.string ?? ""
        guard SignatureAlgorithm(name: algorithm) != nil || algorithm == "none" else {
            return tally.skip("algorithm not offered")
        }
        let isValid = row["expected"]?.text("result") == "valid"
        tally.expect((verdict(row) != nil) == isValid, row.text("name"))
    }

    /// The key that verifies the row's input, if any does.
    private func verdict(_ row: JSONValue) -> VerificationKey? {
        guard let input = row["input"]?.decodedBytes else { return nil }
        let jwk = row["jwk"]?.source ?? Array("{}".utf8)
        let keys = KeyImport(jwk, options: KeyImportOptions(allowWeak: false, admitsSecrets: true))
        return try? keys.keySet.verify(jws: input.span, maxBytes: 64 << 10)
    }

    private func judgeThumbprint(_ row: JSONValue, _ tally: inout Tally) throws {
        let expected = try #require(row["expected"]).text("thumbprint")
        // SHA-384 and SHA-512 of RFC 9278 are not offered.
        guard expected.utf8.count == 43 else { return tally.skip("algorithm not offered") }
        // A thumbprint does not ask what a key is for; the import does.
        let jwk = try #require(row["jwk"]).source.asText.replacing(#""enc""#, with: #""sig""#)
        let keys = KeyImport(jwk, options: KeyImportOptions(allowWeak: false, admitsSecrets: true))
        tally.expect(keys.keySet.keys.first?.thumbprintText == expected, row.text("name"))
    }

    @Test
    func `reads agentgateway's key and verifies its tokens`() throws {
        guard let jwks = Conformance.text("agentgateway/jwt/pub-key") else { return }
        let keys = KeyImport(jwks, options: KeyImportOptions(allowWeak: false, admitsSecrets: false))
        #expect(keys.findings.map(\.code) == [.sampleKey])
        var rules = Sample.rules
        rules.issuers = ["agentgateway.dev"]
        rules.audiences = ["test.agentgateway.dev"]
        let verifier = TokenVerifier(providers: [(rules, [keys.keySet])])
        for name in ["example1.key", "example2.key"] {
            guard let text = Conformance.text("agentgateway/jwt/\(name)") else { continue }
            let token = Array(text.utf8.filter { $0 > 0x20 })
            let verified = try verifier.verify(token, now: Sample.now)
            #expect(verified.claims.root["sub"]?.string == "test-user")
            #expect(throws: TokenError.expired) { try verifier.verify(token, now: 1_900_650_294) }
        }
    }

    @Test
    func `repairs the key set printed in the manuals and verifies the demo tokens`() throws {
        guard let fixture = Conformance.shared("fixtures/istio_demo_tokens.txt") else { return }
        var seen = 0
        for name in Conformance.sharedNames("seeds") where name.hasPrefix("000") || name.hasPrefix("001") {
            guard let page = Conformance.shared("seeds/\(name)"), let jwks = printedKeySet(in: page) else { continue }
            seen += 1
            let keys = KeyImport(jwks, options: KeyImportOptions(allowWeak: false, admitsSecrets: false))
            let codes = keys.findings.map(\.code)
            #expect(codes.contains(.whitespaceRemoved), "\(name)")
            #expect(codes.contains(.sampleKey), "\(name)")
            #expect(keys.keySet.keys.map(\.bits) == [2048])
            #expect(keys.keySet.keys.map(\.isNamedByThumbprint) == [true])
            try verifyDemoTokens(fixture, keys.keySet)
        }
        print("key sets printed in the manuals: \(seen)")
        #expect(seen == 2)
    }

    private func verifyDemoTokens(_ fixture: String, _ keys: KeySet) throws {
        var rules = Sample.rules
        rules.issuers = ["testing@secure.istio.io"]
        rules.subjects = [.exact("testing@secure.istio.io")]
        let verifier = TokenVerifier(providers: [(rules, [keys])])
        for line in fixture.split(separator: "\n") where line.hasPrefix("demo ") || line.hasPrefix("groups-scope ") {
            let token = Array(line.split(separator: " ")[1].utf8)
            #expect(try verifier.verify(token, now: Sample.now).claims.root["iss"] != nil)
            var changed = token
            changed[token.count - 20] ^= 1
            #expect(throws: TokenError.signatureInvalid) { try verifier.verify(changed, now: Sample.now) }
        }
    }

    /// The JWKS as it stands in a page of prose.
    private func printedKeySet(in page: String) -> String? {
        let bytes = Array(page.utf8)
        let marker = Array(#"{ "keys""#.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: marker) }) else { return nil }
        var depth = 0
        for index in start..<bytes.count {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return String(decoding: bytes[start...index], as: UTF8.self) }
        }
        return nil
    }
}
