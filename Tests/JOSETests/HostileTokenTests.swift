import Bytes
import JOSE
import Testing

@Suite("Hostile tokens")
struct HostileTokenTests {
    @Test(arguments: [SignatureAlgorithm.hs256, .ed25519])
    func `verifies no other text than the one signed`(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let verifier = Sample.verifier(for: key)
        let token = try key.token(claims: Sample.claims)
        _ = try verifier.verify(token, now: Sample.now)
        let bytes = Array("AZaz09-_.=+/ \n\u{7F}".utf8) + [0x00, 0xC3]
        for index in token.indices {
            var removed = token
            removed.remove(at: index)
            expectRefusal(removed, verifier)
            for byte in bytes {
                var inserted = token
                inserted.insert(byte, at: index)
                expectRefusal(inserted, verifier)
                guard byte != token[index] else { continue }
                var replaced = token
                replaced[index] = byte
                expectRefusal(replaced, verifier)
            }
            expectRefusal(Array(token[..<index]), verifier)
            expectRefusal(Array(token[index...].dropFirst()), verifier)
        }
    }

    @Test
    func `refuses random bytes without harm`() throws {
        let key = try SigningKey.generate(.hs256)
        let verifier = Sample.verifier(for: key)
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("eyJhbGciOi.{}[]\":,\\u0\u{0}\u{FF}=".utf8)
        for _ in 0..<5000 {
            let count = Int.random(in: 0...200, using: &generator)
            let text = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            expectRefusal(text, verifier)
            // Signed, so that the claims are reached.
            let header = Array(#"{"alg":"HS256"}"#.utf8)
            expectRefusal(try key.sign(header: header.span, payload: text.span), verifier)
            expectRefusal(try key.sign(header: text.span, payload: header.span), verifier)
        }
    }

    @Test
    func `finds a repeated name among hundreds`() throws {
        let key = try SigningKey.generate(.hs256)
        let verifier = Sample.verifier(for: key)
        for count in [1, 8, 17, 300] {
            let names = (0..<count).map { "\"claim-\($0)\":\($0)" }.joined(separator: ",")
            let claims = #"{"iss":"https://issuer.test",\#(names)"#
            _ = try verifier.verify(key.token(claims: claims + "}"), now: 0)
            for name in ["claim-0", "claim-\(count - 1)", #"clai\u006d-0"#, "iss"] {
                let token = try key.token(claims: claims + #","\#(name)":0}"#)
                #expect(throws: TokenError.duplicateName) { try verifier.verify(token, now: 0) }
            }
        }
    }

    @Test
    func `stays quick where names were chosen to collide`() throws {
        let key = try SigningKey.generate(.hs256)
        let verifier = Sample.verifier(for: key)
        // Alike in length, first, middle and last byte.
        let names = (0..<700).map { number in
            let digits = Array("\(number + 1000)".utf8).map { String(UnicodeScalar($0)) }
            return "\"a\(digits[0])\(digits[1])m\(digits[2])\(digits[3])z\":0"
        }
        let claims = #"{"iss":"https://issuer.test",\#(names.joined(separator: ","))"#
        let token = try key.token(claims: claims + "}")
        let time = try ContinuousClock().measure { _ = try verifier.verify(token, now: 0) }
        // 10 ms per KiB, for a debug build under load.
        #expect(time < .milliseconds(10 * token.count / 1024))
        let twice = try key.token(claims: claims + ",\(names[350])}")
        #expect(throws: TokenError.duplicateName) { try verifier.verify(twice, now: 0) }
    }

    private func expectRefusal(_ token: [UInt8], _ verifier: TokenVerifier) {
        do throws(TokenError) {
            _ = try verifier.verify(token, now: Sample.now)
            Issue.record("verified \(token.asText)")
        } catch {}
    }
}
