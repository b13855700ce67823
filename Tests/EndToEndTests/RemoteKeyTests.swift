import Foundation
import JOSE
import Testing

@Suite struct `Keys from a URL` {
    private let server: KeyServer
    private let token: String

    init() throws {
        server = try KeyServer(.document(Tokens.key.verificationJWKS.text))
        token = try Tokens.token()
    }

    private func start(_ more: String = "", timing: String? = nil, arguments: [String] = []) throws -> KeyedGateway {
        var source = KeyedGateway.Source.url("\(server.url)/keys", more)
        if let timing { source.timing = timing }
        return try KeyedGateway(source, arguments: arguments)
    }

    @Test func `verify tokens, and the status says which they are`() throws {
        let gateway = try start()
        try gateway.waitUntilServed(token)
        let status = try gateway.status()
        #expect(status.state == "fresh")
        #expect(status.error == nil)
        let key = try #require(status.keys.first)
        #expect(key["kid"] as? String == "one")
        #expect(key["kty"] as? String == "EC")
        #expect(key["bits"] as? Int == 256)
        #expect(key["algorithms"] as? [String] == ["ES256"])
        #expect((key["thumbprint"] as? String)?.utf8.count == 43)
        let report = try CommandLineRunner.run([
            "jwks", "status", "--address", "127.0.0.1:\(gateway.gateway.controlPort)",
        ])
        #expect(report.exitCode == 0)
        #expect(report.output.contains("\(server.url)/keys"))
        #expect(report.output.contains("ES256"))
        let metrics = try gateway.gateway.control("/metrics").body.text
        #expect(
            metrics.contains("tollgate_key_fetches_total{source=\"\(server.url)/keys\",issuer=\"https://issuer.test\"}")
        )
        #expect(metrics.contains("tollgate_key_age_seconds{"))
    }

    @Test func `are fetched again for a key that is not among them`() throws {
        let timing = "minRefetchInterval: 100ms\nrefresh: {min: 1h}"
        let gateway = try start(timing: timing)
        try gateway.waitUntilServed(token)
        let next = try Tokens.newKey("two")
        server.behave(.document(Tokens.keySet([Tokens.key, next])))
        try waitForNextFetch()
        // The first request already waits for the key.
        #expect(try gateway.ask(try Tokens.token(key: next)).status == 200)
        #expect(try gateway.ask(token).status == 200)
        #expect(server.heads.count == 2)
        // The old key leaves, and with it what it verified.
        server.behave(.document(Tokens.keySet([next])))
        try eventually("the end of the old key", within: 20) {
            _ = try gateway.ask(try Tokens.token(key: try Tokens.newKey(UUID().uuidString)))
            return try gateway.ask(token).refusal == "key_unknown"
        }
    }

    @Test func `are waited for a second at most, and by few`() throws {
        let gateway = try start(timing: "minRefetchInterval: 100ms\nrefresh: {min: 1h}\ntimeout: 20s")
        try gateway.waitUntilServed(token)
        server.behave(.silent)
        try waitForNextFetch()
        let stranger = try Tokens.token(key: try Tokens.newKey("two"))
        let clients = try (0..<80).map { _ in try gateway.gateway.client() }
        let begin = ContinuousClock.now
        for client in clients {
            try client.send("GET /remote HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(stranger)\r\n\r\n")
        }
        try eventually("those that are too many") { clients.filter { !$0.isSilent }.count >= 16 }
        // Others are served meanwhile.
        #expect(try gateway.ask(token).status == 200)
        for client in clients { #expect(try client.readAnswer().refusal == "key_unknown") }
        #expect(begin.duration(to: .now) > .milliseconds(900))
        #expect(begin.duration(to: .now) < .seconds(10))
    }

    @Test func `are waited for with the body of the request held back`() throws {
        let gateway = try start(timing: "minRefetchInterval: 100ms\nrefresh: {min: 1h}")
        try gateway.waitUntilServed(token)
        let next = try Tokens.newKey("two")
        server.behave(.document(Tokens.keySet([Tokens.key, next])))
        try waitForNextFetch()
        let client = try gateway.gateway.client()
        let head = "POST /remote HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
        try client.send(head + "Authorization: Bearer \(try Tokens.token(key: next))\r\n\r\nhello")
        try client.send("GET /remote HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
        #expect(try client.readAnswer().body.text.hasPrefix("POST /remote HTTP/1.1"))
    }

    /// The interval between two fetches that are asked for is over; it is kept in whole seconds.
    private func waitForNextFetch() throws {
        let begin = ContinuousClock.now
        try eventually("the next fetch may begin") { begin.duration(to: .now) > .milliseconds(2100) }
    }

    @Test func `are asked for by their version`() throws {
        server.behave(.versioned(Tokens.key.verificationJWKS.text, entityTag: "\"v1\""))
        let gateway = try start()
        try gateway.waitUntilServed(token)
        try eventually("an answer without a document") { try gateway.status().notModified > 0 }
        #expect(try gateway.status().state == "fresh")
        #expect(try gateway.ask(token).status == 200)
    }

    struct Harm: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var behaviour: KeyServer.Behaviour
        /// What the status says of it.
        var words: String
    }

    @Test(arguments: [
        Harm(
            testDescription: "500", behaviour: .raw("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
            words: "answers 500"),
        Harm(testDescription: "404", behaviour: .documents([:]), words: "answers 404"),
        Harm(testDescription: "a page", behaviour: .document("<html>Sign in</html>"), words: "gives no usable key"),
        Harm(
            testDescription: "another document", behaviour: .document(#"{"issuer":"x"}"#), words: "gives no usable key"),
        Harm(testDescription: "no keys", behaviour: .document(#"{"keys":[]}"#), words: "gives no usable key"),
        Harm(
            testDescription: "a secret",
            behaviour: .document(
                #"{"keys":[{"kty":"oct","kid":"one","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#),
            words: "gives no usable key"),
        Harm(
            testDescription: "a truncated document", behaviour: .document(#"{"keys":[{"kty":"EC","#),
            words: "gives no usable key"),
        Harm(
            testDescription: "a truncated body",
            behaviour: .raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"keys\":["),
            words: "in the middle of its answer"),
        Harm(testDescription: "not HTTP", behaviour: .raw("SSH-2.0-OpenSSH_9\r\n"), words: "does not answer in HTTP"),
        Harm(testDescription: "a closed connection", behaviour: .raw(""), words: "in the middle of its answer"),
        Harm(
            testDescription: "a huge document", behaviour: .document(String(repeating: " ", count: 65537)),
            words: "more than 65536 bytes"),
        Harm(testDescription: "a body without end", behaviour: .endless, words: "more than 65536 bytes"),
        Harm(testDescription: "silence", behaviour: .silent, words: "in time"),
        Harm(testDescription: "a byte now and then", behaviour: .trickle, words: "in time"),
        Harm(
            testDescription: "a redirect to itself",
            behaviour: .raw("HTTP/1.1 302 Found\r\nLocation: /keys\r\nContent-Length: 0\r\n\r\n"),
            words: "more than 3 redirects"),
        Harm(
            testDescription: "a redirect to another scheme",
            behaviour: .raw("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"),
            words: "redirects from http to https"),
        Harm(
            testDescription: "a redirect to a file",
            behaviour: .raw("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
            words: "redirects to what"),
        Harm(
            testDescription: "an unasked 304", behaviour: .raw("HTTP/1.1 304 Not Modified\r\n\r\n"),
            words: "answers 304"),
    ])
    func `stay in use while the server answers badly, and the status says how`(_ harm: Harm) throws {
        let gateway = try start()
        try gateway.waitUntilServed(token)
        server.behave(harm.behaviour)
        try eventually("a failure that is told") { try gateway.status().error?.contains(harm.words) == true }
        let failures = try gateway.status().failures
        try eventually("another attempt") { try gateway.status().failures > failures }
        let fresh = try Tokens.token(expiresIn: 601)
        #expect(try gateway.ask(token).status == 200)
        #expect(try gateway.ask(fresh).status == 200)
        #expect(try gateway.status().keys.count == 1)
        #expect(gateway.gateway.errors.contains("cannot fetch keys: "))
        server.behave(.document(Tokens.key.verificationJWKS.text))
        try eventually("recovery") { try gateway.status().error == nil }
        #expect(try gateway.ask(token).status == 200)
    }

    @Test func `stay in use while the server is dead, and die at the stale limit`() throws {
        let timing = "timeout: 1s\nminRefetchInterval: 100ms\nstaleLimit: 8s\nrefresh: {min: 200ms, max: 200ms}"
        let gateway = try start(timing: timing)
        try gateway.waitUntilServed(token)
        server.stop()
        try eventually("staleness") { try gateway.status().state == "stale" }
        #expect(try gateway.ask(token).status == 200)
        try eventually("the reason") { try gateway.status().error?.contains("Connection refused") == true }
        try eventually("the death of the keys") { try gateway.ask(token).refusal == "keys_unavailable" }
        #expect(try gateway.ask(token).status == 503)
        #expect(try gateway.status().state == "none")
        #expect(gateway.gateway.errors.contains("too old to be used"))
        let report = try CommandLineRunner.run([
            "jwks", "status", "--address", "127.0.0.1:\(gateway.gateway.controlPort)",
        ])
        #expect(report.exitCode == 1)
        #expect(report.output.contains("Connection refused"))
        try server.restart()
        try gateway.waitUntilServed(token)
    }

    @Test func `may come after the start`() throws {
        server.stop()
        let gateway = try start()
        #expect(try gateway.gateway.get("/open").status == 200)
        let answer = try gateway.ask(token)
        #expect(answer.status == 503)
        #expect(answer.refusal == "keys_unavailable")
        try server.restart()
        try gateway.waitUntilServed(token)
    }

    @Test func `outlive a restart while the server is dead`() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "tollgate-data-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: data) }
        let first = try start(arguments: ["--data", data.path])
        try first.waitUntilServed(token)
        try eventually("the file") { try !Self.files(data).isEmpty }
        first.gateway.signal(SIGTERM)
        #expect(try first.gateway.waitForExit() == 0)
        server.stop()

        let second = try start(arguments: ["--data", data.path])
        #expect(try second.ask(token).status == 200)
        try eventually("a failure") { try second.status().failures > 0 }
        #expect(try second.ask(token).status == 200)
        #expect(try Self.files(data).count == 1)
    }

    private static func files(_ data: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: data.appending(path: "keys").path).filter {
            $0.hasSuffix(".json")
        }
    }

    @Test func `stay when the settings of their source change`() throws {
        let gateway = try start()
        try gateway.waitUntilServed(token)
        server.stop()
        let old = try String(contentsOf: gateway.gateway.folder.appending(path: "config.yaml"), encoding: .utf8)
        try gateway.gateway.write(configuration: old.replacingOccurrences(of: "timeout: 500ms", with: "timeout: 2s"))
        try eventually("the change") { gateway.gateway.errors.contains("serving the changed configuration") }
        #expect(try gateway.ask(token).status == 200)
    }

    @Test func `come with the headers that are asked for, from that server alone`() throws {
        let other = try KeyServer(.document(Tokens.key.verificationJWKS.text))
        server.behave(.raw("HTTP/1.1 307 Moved\r\nLocation: \(other.url)/moved\r\nContent-Length: 0\r\n\r\n"))
        let gateway = try start("headers: [{name: X-Api-Key, value: s3cr3t}]")
        try gateway.waitUntilServed(token)
        #expect(server.heads.first?.contains("X-Api-Key: s3cr3t\r\n") == true)
        #expect(other.heads.first?.hasPrefix("GET /moved ") == true)
        #expect(other.heads.first?.contains("s3cr3t") == false)
        #expect(try !gateway.gateway.control("/keys").body.text.contains("s3cr3t"))
    }

    @Test func `are not fetched from a private address where that is refused`() throws {
        let gateway = try start("refusePrivateAddresses: true")
        try eventually("a failure") { try gateway.status().error?.contains("not public") == true }
        #expect(server.heads.isEmpty)
    }

    @Test func `are fetched by the command that explains a verdict`() throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    jwtAuth:
                      mode: strict
                      issuer: https://issuer.test
                      jwks: {url: "\(server.url)/keys", allowHTTP: true}
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
        let passing = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
        #expect(passing.exitCode == 0)
        #expect(passing.errors.isEmpty)
        server.stop()
        let failing = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
        #expect(failing.exitCode == 1)
        #expect(failing.errors.contains("cannot fetch keys"))
        #expect(failing.output.contains("keys_unavailable"))
    }

    @Test func `are fetched no more once nothing names them`() throws {
        let gateway = try start()
        try gateway.waitUntilServed(token)
        try gateway.gateway.write(configuration: gateway.gateway.configuration(RunningGateway.Setup()))
        try eventually("the change") { !(try gateway.gateway.control("/keys").body.text.contains("\"url\"")) }
        #expect(try gateway.gateway.control("/metrics").body.text.contains("tollgate_key_fetches_total") == false)
    }
}
