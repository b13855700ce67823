import Bytes
import JOSE
import Testing

@Suite("Form of tokens")
struct TokenFormTests {
    private let key: SigningKey
    private let verifier: TokenVerifier

    init() throws {
        key = try SigningKey.generate(.hs256)
        verifier = Sample.verifier(for: key)
    }

    struct HeaderCase: CustomTestStringConvertible {
        let header: String
        let error: TokenError?
        var testDescription: String { header }
    }

    @Test(arguments: [
        HeaderCase(header: #"{"alg":"HS256"}"#, error: nil),
        HeaderCase(header: #" { "alg" : "HS256" } "#, error: nil),
        HeaderCase(header: #"{"\u0061lg":"HS256"}"#, error: nil),
        HeaderCase(header: #"{"alg":"HS\u003256"}"#, error: nil),
        HeaderCase(header: #"{"alg":"none"}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"None"}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"noNE"}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"hs256"}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"HS256 "}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"HS256\u0000"}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":""}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"RSA1_5"}"#, error: .unsupportedAlgorithm),
        HeaderCase(header: #"{"alg":"HS384"}"#, error: .algorithmNotAllowed),
        HeaderCase(header: #"{"alg":"RS256"}"#, error: .algorithmNotAllowed),
        HeaderCase(header: #"{}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":null}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":256}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":["HS256"]}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","kid":7}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","kid":null}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","typ":1}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","alg":"HS256"}"#, error: .duplicateName),
        HeaderCase(header: #"{"alg":"HS256","\u0061lg":"HS256"}"#, error: .duplicateName),
        HeaderCase(header: #"{"alg":"HS256","x":{"y":1,"y":2}}"#, error: .duplicateName),
        HeaderCase(header: #"["alg"]"#, error: .invalidHeaderJSON),
        HeaderCase(header: #""HS256""#, error: .invalidHeaderJSON),
        HeaderCase(header: #"null"#, error: .invalidHeaderJSON),
        HeaderCase(header: #"{"alg":"HS256"} x"#, error: .invalidHeaderJSON),
        HeaderCase(header: #"{"alg":"HS256",}"#, error: .invalidHeaderJSON),
        HeaderCase(header: #"{'alg':'HS256'}"#, error: .invalidHeaderJSON),
        HeaderCase(header: #"{"alg":"HS256","x":\#(String(repeating: "[", count: 40))}"#, error: .invalidHeaderJSON),
        // Keys inside a token are not looked at.
        HeaderCase(
            header: #"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"},"jku":"http://x","x5c":[1],"x5u":1}"#, error: nil),
    ])
    func `reads headers strictly`(_ test: HeaderCase) throws {
        expect(try key.sign(header: test.header, payload: Sample.claims), test.error)
    }

    @Test(arguments: [
        HeaderCase(header: #"{"alg":"HS256","crit":["b64"],"b64":true}"#, error: nil),
        HeaderCase(header: #"{"alg":"HS256","b64":true}"#, error: nil),
        HeaderCase(header: #"{"alg":"HS256","b64":false}"#, error: .unencodedPayload),
        HeaderCase(header: #"{"alg":"HS256","crit":["b64"],"b64":false}"#, error: .unencodedPayload),
        HeaderCase(header: #"{"alg":"HS256","b64":"false"}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":[]}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":"exp"}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":null}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":[1]}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":["exp"]}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":["alg"]}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":["x","x"],"x":1}"#, error: .headerMalformed),
        HeaderCase(header: #"{"alg":"HS256","crit":["exp"],"exp":1}"#, error: .criticalHeaderNotUnderstood),
        HeaderCase(
            header: #"{"alg":"HS256","crit":["b64","x"],"b64":true,"x":1}"#, error: .criticalHeaderNotUnderstood),
        HeaderCase(header: #"{"alg":"HS256","\u0063rit":["x"],"x":1}"#, error: .criticalHeaderNotUnderstood),
    ])
    func `understands critical extensions or refuses`(_ test: HeaderCase) throws {
        expect(try key.sign(header: test.header, payload: Sample.claims), test.error)
    }

    @Test(arguments: [
        HeaderCase(header: #"[]"#, error: .payloadNotObject),
        HeaderCase(header: #""x""#, error: .payloadNotObject),
        HeaderCase(header: #"null"#, error: .payloadNotObject),
        HeaderCase(header: #"1"#, error: .payloadNotObject),
        HeaderCase(header: #""#, error: .invalidPayloadJSON),
        HeaderCase(header: #"{"#, error: .invalidPayloadJSON),
        HeaderCase(header: #"{"iss":"https://issuer.test"}{}"#, error: .invalidPayloadJSON),
        HeaderCase(header: #"{"iss":"https://issuer.test","iss":"https://issuer.test"}"#, error: .duplicateName),
        HeaderCase(header: #"{"iss":"https://issuer.test","\u0069ss":"x"}"#, error: .duplicateName),
        HeaderCase(header: #"{"iss":"https://issuer.test","a":[{"b":1,"b":1}]}"#, error: .duplicateName),
        HeaderCase(header: #"{"iss":"https:\/\/issuer\u002etest"}"#, error: nil),
        HeaderCase(header: #"{"iss":["https://issuer.test"]}"#, error: .claimMalformed),
        HeaderCase(header: #"{"iss":"https://issuer.test","sub":7}"#, error: .claimMalformed),
        HeaderCase(
            header:
                #"{"iss":"https://issuer.test","n":\#(String(repeating: "[", count: 33))\#(String(repeating: "]", count: 33))}"#,
            error: .invalidPayloadJSON),
    ])
    func `reads payloads strictly`(_ test: HeaderCase) throws {
        expect(try key.sign(header: #"{"alg":"HS256"}"#, payload: test.header), test.error)
    }

    @Test
    func `refuses invalid UTF-8 wherever it stands`() throws {
        let header = Array(#"{"alg":"HS256"}"#.utf8)
        let payload = Array(#"{"iss":"https://issuer.test","x":""#.utf8) + [0xC0, 0x80] + Array(#""}"#.utf8)
        expect(try key.sign(header: header.span, payload: payload.span), .invalidPayloadJSON)
        let bad = Array(#"{"alg":"HS256","x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let good = Array(Sample.claims.utf8)
        expect(try key.sign(header: bad.span, payload: good.span), .invalidHeaderJSON)
    }

    struct TextCase: CustomTestStringConvertible {
        let name: String
        let error: TokenError
        let change: @Sendable (String) -> String
        var testDescription: String { name }

        init(_ name: String, _ error: TokenError, _ change: @escaping @Sendable (String) -> String) {
            self.name = name
            self.error = error
            self.change = change
        }
    }

    @Test(arguments: [
        TextCase("nothing", .notCompactJWS) { _ in "" },
        TextCase("a dot", .notCompactJWS) { _ in "." },
        TextCase("two dots", .notCompactJWS) { _ in ".." },
        TextCase("two parts", .notCompactJWS) { String($0[..<$0.lastIndex(of: ".")!]) },
        TextCase("a dot behind", .notCompactJWS) { $0 + "." },
        TextCase("four parts", .notCompactJWS) { $0 + ".AAAA" },
        TextCase("five parts", .encrypted) { $0 + ".AAAA.AAAA" },
        TextCase("two tokens in a list", .notCompactJWS) { "\($0), \($0)" },
        TextCase("five empty parts", .encrypted) { _ in "a...." },
        TextCase("six parts", .notCompactJWS) { $0 + ".A.A.A" },
        TextCase("a dot before", .notCompactJWS) { "." + $0 },
        TextCase("padding", .invalidBase64URL) { $0 + "=" },
        TextCase("padding in the header", .invalidBase64URL) { $0.replacing(".", with: "=.", maxReplacements: 1) },
        TextCase("a blank before", .invalidBase64URL) { " " + $0 },
        TextCase("a line break behind", .invalidBase64URL) { $0 + "\n" },
        TextCase("a line break inside", .invalidBase64URL) { $0.replacing(".", with: ".\r\n", maxReplacements: 1) },
        TextCase("standard base64", .invalidBase64URL) { $0.replacing(".", with: ".+/", maxReplacements: 1) },
        TextCase("an empty signature", .signatureInvalid) { String($0[...$0.lastIndex(of: ".")!]) },
        TextCase("an empty payload", .invalidPayloadJSON) {
            let parts = $0.split(separator: ".")
            return "\(parts[0])..\(parts[2])"
        },
        TextCase("a signature one byte short", .signatureInvalid) {
            // 32 bytes are 43 characters; 40 of them are 30 bytes.
            String($0.dropLast(3))
        },
        TextCase("a length that no bytes have", .invalidBase64URL) { String($0.dropLast(2)) },
        TextCase("JSON serialisation", .notCompactJWS) { _ in #"{"payload":"e30","signatures":[]}"# },
    ])
    func `takes the three parts as they are or refuses`(_ test: TextCase) throws {
        let token = String(decoding: try key.token(claims: Sample.claims), as: UTF8.self)
        expect(Array(test.change(token).utf8), test.error)
    }

    @Test
    func `refuses other spellings of the same signature bytes`() throws {
        let token = try key.token(claims: Sample.claims)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let last = try #require(token.last)
        let value = try #require(alphabet.firstIndex(of: last))
        // 43 characters: the last has two unused bits, zero in the canonical form.
        #expect(value % 4 == 0)
        for bits in 1...3 {
            expect(token.dropLast() + [alphabet[value + bits]], .invalidBase64URL)
        }
    }

    @Test
    func `refuses by length before reading anything`() throws {
        let long = [UInt8](repeating: UInt8(ascii: "."), count: (16 << 10) + 1)
        expect(long, .tooLarge)
        let dots = [UInt8](repeating: UInt8(ascii: "."), count: 16 << 10)
        expect(dots, .notCompactJWS)
    }

    private func expect(_ token: @autoclosure () throws -> some Collection<UInt8>, _ error: TokenError?) {
        do {
            let token = Array(try token())
            _ = try verifier.verify(token, now: Sample.now)
            #expect(error == nil)
        } catch let failure as TokenError {
            #expect(failure == error)
        } catch {
            Issue.record(error)
        }
    }
}
