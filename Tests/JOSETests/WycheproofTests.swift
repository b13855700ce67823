import Bytes
import JOSE
import Testing

@Suite("Wycheproof")
struct WycheproofTests {
    private static let options = KeyImportOptions(allowWeak: false, admitsSecrets: true)

    @Test
    func `gives the strict verdicts on the web signature vectors`() throws {
        guard let document = Conformance.document("wycheproof_jose.json") else { return }
        var tally = Tally()
        for row in try #require(document.root["tests"]).elements {
            guard row.text("kind") == "jws" else {
                tally.skip("JWE")
                continue
            }
            guard let key = row["key"], let token = row["token"]?.decodedBytes else {
                tally.disagree("\(row.text("id")): unreadable row")
                continue
            }
            let keys = KeyImport(key.source, options: Self.options)
            let verdict = Result { try keys.keySet.verify(jws: token.span, maxBytes: 64 << 10) }
            let isValid = (try? verdict.get()) != nil
            switch row.text("strict") {
            case "policy":
                tally.skip("policy")
                print(
                    "  policy: \(row.text("id")) \(row.text("comment")): we say \(isValid ? "valid" : "invalid"), \(keys.findings.map(\.code.rawValue))"
                )
            case let expected:
                tally.expect(
                    isValid == (expected == "valid"),
                    "\(row.text("id")) \(row.text("comment")) \(row.text("note")): expected \(expected), \(verdict), \(keys.findings.map(\.message))"
                )
            }
        }
        tally.report("wycheproof_jose.json")
        #expect(tally.disagreements.isEmpty)
    }

    @Test
    func `gives the verdicts on the raw signature vectors`() throws {
        guard let document = Conformance.document("wycheproof_sig_jwk.json") else { return }
        var tally = Tally()
        for group in try #require(document.root["groups"]).elements {
            let name = "\(group.text("file")) \(group.text("alg"))"
            let rows = try #require(group["tests"])
            guard let algorithm = SignatureAlgorithm(name: group.text("alg")),
                group["jwk"]?["crv"]?.string != "Ed448"
            else {
                for _ in rows.elements { tally.skip("algorithm not offered") }
                continue
            }
            let jwk = try #require(group["jwk"]).source
            let keys = KeyImport(jwk, options: KeyImportOptions(allowWeak: true, admitsSecrets: true))
            for row in rows.elements {
                let columns = Array(row.elements)
                let message = Self.bytes(hex: columns[1])
                let signature = Self.bytes(hex: columns[2])
                let isValid = keys.keySet.keys.contains { $0.isValid(signature.span, over: message.span, algorithm) }
                // "acceptable": PKCS #1 without the NULL parameter, which RFC 8017 lets a verifier refuse.
                let expected = columns[3].string == "valid"
                tally.expect(
                    isValid == expected,
                    "\(name) #\(columns[0].integer ?? 0) \(columns[4].string ?? ""): expected \(columns[3].string ?? ""), \(isValid), \(keys.findings.map(\.message)) \(group.text("note"))"
                )
            }
        }
        tally.report("wycheproof_sig_jwk.json")
        #expect(tally.disagreements.isEmpty)
    }

    @Test
    func `gives the verdicts on the ML-DSA vectors`() throws {
        guard let document = Conformance.document("wycheproof_mldsa_sample.json") else { return }
        var tally = Tally()
        for row in try #require(document.root["tests"]).elements {
            guard let algorithm = SignatureAlgorithm(name: row.text("alg")) else {
                tally.skip("algorithm not offered")
                continue
            }
            let keys = KeyImport(try #require(row["jwk"]).source, options: Self.options)
            let message = Self.bytes(hex: try #require(row["msg_hex"]))
            let signature = row.base64("sig_b64u")
            let isValid = keys.keySet.keys.contains { $0.isValid(signature.span, over: message.span, algorithm) }
            tally.expect(
                isValid == (row.text("result") == "valid"),
                "\(algorithm) \(row.text("comment")): expected \(row.text("result")), \(keys.findings.map(\.message))")
        }
        tally.report("wycheproof_mldsa_sample.json")
        #expect(tally.disagreements.isEmpty)
    }

    private static func bytes(hex value: JSONValue) -> [UInt8] {
        let digits = (value.decodedBytes ?? []).compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
