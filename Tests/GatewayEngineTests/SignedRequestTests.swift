import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Testing

@Suite struct `A signed request` {
    private static let secret = "2bda943c-ba2b-11ec-ba07-00163e1250b5"
    private static let date = "Fri, 12 Sep 2025 23:53:18 GMT"
    private static let now: Int64 = 1_757_721_198

    private static func rules(
        _ algorithms: [String] = ["hmac-sha256"], covers fields: [String] = ["date"], body: Bool = false, max: Int = 20
    ) -> RequestSignature {
        RequestSignature(
            algorithms: algorithms, clockSkewSeconds: 300, coveredFields: fields, verifiesBody: body, maxBodyBytes: max)
    }

    private static func gateway(
        _ rules: RequestSignature = rules(), anonymous: String? = nil, forwards: Bool = true
    ) throws -> TestGateway {
        let scheme = ConsumerScheme(
            kind: .signature(rules), locations: [.header(name: "authorization", prefix: "")], forwardsProof: forwards)
        let step = ConsumerStep(schemes: [scheme], anonymousConsumer: anonymous, realm: "here", provenance: here)
        var configuration = GatewayConfiguration(
            [.named("backend")], [.policy(.consumerAuthentication(ConsumerAuthentication(steps: [step])))])
        configuration.consumers = [
            Consumer(
                name: "jack", customID: nil, group: nil,
                credentials: [
                    Credential(
                        id: nil, proof: .signingSecret(keyID: "consumer1-key", secret: secret), provenance: here)
                ], provenance: here),
            Consumer(name: "nobody", customID: nil, group: nil, credentials: [], provenance: here),
        ]
        return try TestGateway(configuration)
    }

    /// The parameters of a signature over this text; `hmac-sha256` by default.
    private static func line(
        _ text: String, names: String = "@request-target date", keyID: String = "consumer1-key",
        algorithm: MessageAuthentication = .sha256
    ) -> String {
        let code = algorithm.code(of: Array(text.utf8).span, secret: Array(secret.utf8).span)
        return #"Signature keyId="\#(keyID)",algorithm="\#(algorithm.rawValue)",headers="\#(names)","#
            + #"signature="\#(Base64Text.encode(code).text)""#
    }

    private static func ask(
        _ gateway: inout TestGateway, _ authorization: String, method: String = "POST", target: String = "/foo",
        lines: String = "Date: \(date)\r\n", body: String? = nil, length: Int = 0, now: Int64 = now
    ) -> TestGateway.Answer {
        gateway.ask(
            "\(method) \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\(lines)"
                + "Authorization: \(authorization)\r\n\r\n", body: body, now: now)
    }

    /// A signature that was made elsewhere, as the documentation of another gateway that reads them has it.
    private static let published =
        #"Signature keyId="consumer1-key",algorithm="hmac-sha256",headers="@request-target date","#
        + #"signature="746z4VISwZehUwZdzTV486ZMMbBtakmMHKPfs/A4RdU=""#

    @Test func `is its consumer's by a signature that others made`() throws {
        var gateway = try Self.gateway()
        let answer = Self.ask(&gateway, Self.published)
        #expect(answer.value(of: "X-Consumer-Username") == "jack")
        #expect(answer.value(of: "Authorization") == Self.published)
        #expect(Self.ask(&gateway, Self.published, method: "PUT").refusal == .hmacInvalid)
        #expect(Self.ask(&gateway, Self.published, target: "/foo?").refusal == .hmacInvalid)
        #expect(Self.ask(&gateway, Self.published, target: "/%66oo").refusal == .hmacInvalid)
        var hiding = try Self.gateway(forwards: false)
        #expect(Self.ask(&hiding, Self.published).value(of: "Authorization") == nil)
    }

    @Test(arguments: MessageAuthentication.allCases)
    func `is signed by an algorithm that its route takes`(_ algorithm: MessageAuthentication) throws {
        let line = Self.line("consumer1-key\nPOST /foo\ndate: \(Self.date)\n", algorithm: algorithm)
        var taking = try Self.gateway(Self.rules(["hmac-sha512", algorithm.rawValue]))
        #expect(Self.ask(&taking, line).refusal == nil)
        var refusing = try Self.gateway(
            Self.rules(MessageAuthentication.allCases.filter { $0 != algorithm }.map(\.rawValue)))
        #expect(Self.ask(&refusing, line).refusal == .hmacInvalid)
    }

    @Test func `covers the target and the fields as they were sent`() throws {
        var gateway = try Self.gateway(Self.rules(covers: ["date", "x-role", "@request-target"]))
        let target = "/a%2f/..;/b?x=%20&y"
        let text = "consumer1-key\nX-Role: Reader  of all\nPOST /a/b?x=%20&y\ndate: \(Self.date)\n"
        let names = "X-Role @request-target date"
        let lines = "Date: \(Self.date)\r\nx-role:   Reader  of all \r\n"
        let line = Self.line(text, names: names)
        #expect(Self.ask(&gateway, line, target: "/a/b?x=%20&y", lines: lines).refusal == nil)
        #expect(Self.ask(&gateway, line, target: "/a/b?x=+&y", lines: lines).refusal == .hmacInvalid)
        #expect(Self.ask(&gateway, line, target: target, lines: lines).refusal == .ambiguousTarget)
        for forged in ["x-role: admin\r\n", "x-role: Reader of all\r\n"] {
            let lines = "Date: \(Self.date)\r\n\(forged)"
            #expect(Self.ask(&gateway, line, target: "/a/b?x=%20&y", lines: lines).refusal == .hmacInvalid)
        }
    }

    @Test(
        arguments: [
            // A field that is not there, that is there twice, and one that the route asks for and nobody signed.
            ("date x-role", "", RefusalCode.hmacUncovered),
            ("date x-role", "x-role: a\r\nX-Role: a\r\n", .hmacUncovered),
            // To some readers that is another line of the name, and the last of these never gets there.
            ("date x-role", "x-role: a\r\nX_Role: b\r\n", .hmacUncovered),
            ("date x-role", "X_Role: b\r\nx-role: a\r\n", .hmacUncovered),
            ("date", "Connection: close, date\r\n", .hmacUncovered),
            ("@request-target", "", .hmacUncovered), ("(request-target) date", "", .hmacUncovered),
            ("date", "Date: \(date)\r\n", .hmacDate), ("", "", .hmacMalformed), ("date date", "", .hmacMalformed),
            ("date Date", "", .hmacMalformed), ("date  @request-target", "", .hmacMalformed),
            ("date", "Authorization: Basic x\r\n", .hmacMalformed),
        ] as [(String, String, RefusalCode)])
    func `covers what it has to, once each`(_ names: String, _ lines: String, _ refusal: RefusalCode) throws {
        var gateway = try Self.gateway()
        let line = Self.line("consumer1-key\ndate: \(Self.date)\n", names: names)
        #expect(Self.ask(&gateway, line, lines: "Date: \(Self.date)\r\n\(lines)").refusal == refusal)
    }

    @Test(
        arguments: [
            ("Signature", RefusalCode.hmacMalformed), ("Signature ", .hmacMalformed), ("Basic x", .hmacScheme),
            ("", .hmacScheme), ("SignaturekeyId=\"a\"", .hmacScheme), ("Signature keyId=consumer1-key", .hmacMalformed),
            (published + ",", .hmacMalformed), (published + "x", .hmacMalformed),
            (published + #",keyId="consumer1-key""#, .hmacMalformed), (published + #",KEYID="a""#, .hmacMalformed),
            (published + #",headers="date""#, .hmacMalformed), (published + #",expires="1""#, .hmacMalformed),
            (published + #",created=1"#, .hmacMalformed), (published + #",note="\""#, .hmacMalformed),
            (published + #",note="a""#, nil), (published.replacing(",", with: " ,\t "), nil),
            (published.replacing("Signature", with: "signature"), nil),
            (published.replacing("hmac-sha256", with: "hmac-sha1"), .hmacInvalid),
            (published.replacing("hmac-sha256", with: "HMAC-SHA256"), .hmacInvalid),
            (published.replacing("hmac-sha256", with: "none"), .hmacInvalid),
            (published.replacing("hmac-sha256", with: ""), .hmacMalformed),
            (published.replacing("consumer1-key", with: "jack"), .hmacInvalid),
            (published.replacing("consumer1-key", with: ""), .hmacMalformed),
            (published.replacing("RdU=", with: "RdU"), nil),
            (published.replacing("RdU=", with: "RdV="), .hmacMalformed),
            (published.replacing("746z", with: "746_"), .hmacMalformed),
            (published.replacing("746z", with: ""), .hmacInvalid),
            (published.replacing("746z4VISwZehUwZdzTV486ZMMbBtakmMHKPfs/A4RdU=", with: ""), .hmacMalformed),
        ] as [(String, RefusalCode?)])
    func `is refused for parameters that are missing, there twice or unreadable`(
        _ authorization: String, _ refusal: RefusalCode?
    ) throws {
        var gateway = try Self.gateway()
        #expect(Self.ask(&gateway, authorization).refusal == refusal)
    }

    @Test(
        arguments: [(-300, nil), (300, nil), (-301, RefusalCode.hmacDate), (301, .hmacDate)] as [(Int64, RefusalCode?)])
    func `is sent near its date`(_ late: Int64, _ refusal: RefusalCode?) throws {
        var gateway = try Self.gateway()
        #expect(Self.ask(&gateway, Self.published, now: Self.now + late).refusal == refusal)
    }

    @Test(arguments: [
        "", "1757721198", "Friday, 12-Sep-25 23:53:18 GMT", "Fri Sep 12 23:53:18 2025", "Fri, 12 Sep 2025 23:53:18 UTC",
        "Fri, 12 Sep 2025 23:53:18", "Fri, 12 Sep 2025 24:53:18 GMT", "Fre, 12 Sep 2025 23:53:18 GMT",
        "Fri, 12 sep 2025 23:53:18 GMT", "Fri,  2 Sep 2025 23:53:18 GMT", "Fri, 12 Sep +025 23:53:18 GMT",
    ]) func `says its date in one form`(_ date: String) throws {
        var gateway = try Self.gateway()
        let line = Self.line("consumer1-key\ndate: \(date)\n", names: "date")
        #expect(Self.ask(&gateway, line, lines: "Date: \(date)\r\n").refusal == .hmacDate)
        #expect(Self.ask(&gateway, line, lines: "").refusal == .hmacDate)
    }

    // MARK: - The body

    /// SHA-256 of `hello`.
    private static let digest = "SHA-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="

    @Test func `carries the body of its digest`() throws {
        var gateway = try Self.gateway(Self.rules(body: true))
        let line = Self.line("consumer1-key\ndate: \(Self.date)\n", names: "date")
        func ask(_ digest: String, _ body: String?, length: Int = 5) -> TestGateway.Answer {
            Self.ask(&gateway, line, lines: "Date: \(Self.date)\r\n\(digest)", body: body, length: length)
        }
        #expect(ask("Digest: \(Self.digest)\r\n", nil) == .init(awaitsBody: true))
        #expect(ask("Digest: \(Self.digest)\r\n", "hello").value(of: "X-Consumer-Username") == "jack")
        #expect(ask("Digest: \(Self.digest)\r\n", "hallo").refusal == .hmacDigest)
        #expect(ask("Digest: \(Self.digest)\r\n", nil, length: 0).refusal == .hmacDigest)
        // Who may not pass anyway need not send it.
        #expect(ask("", nil).refusal == .hmacDigest)
        #expect(ask("Digest: SHA-256=\r\n", nil).refusal == .hmacDigest)
        #expect(ask("Digest: \(Self.digest),MD5=x\r\n", nil).refusal == .hmacDigest)
        #expect(ask("Digest: \(Self.digest)\r\nDigest: \(Self.digest)\r\n", nil).refusal == .hmacDigest)
        #expect(ask("Digest: \(Self.digest)\r\n", nil, length: 21).refusal == .bodyTooLarge)
        #expect(ask("Digest: \(Self.digest)\r\n", "123456789012345678901", length: 20).refusal == .bodyTooLarge)
        let forged = Self.line("consumer1-key\n", names: "date")
        #expect(Self.ask(&gateway, forged, length: 5).refusal == .hmacInvalid)
    }

    // MARK: - Refusals

    @Test func `is refused with a challenge of its realm`() throws {
        var gateway = try Self.gateway()
        #expect(gateway.get("/").refusal == .hmacMissing)
        #expect(gateway.refusalText.contains("www-authenticate: hmac realm=\"here\"\r\n"))
    }

    @Test func `is the anonymous consumer's where its signature is not valid`() throws {
        var gateway = try Self.gateway(anonymous: "nobody", forwards: false)
        let answer = Self.ask(&gateway, Self.published, method: "PUT")
        #expect(answer.value(of: "X-Consumer-Username") == "nobody")
        #expect(answer.value(of: "Authorization") == nil)
    }
}
