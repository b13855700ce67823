import Foundation
import Testing

/// What agentgateway's users know of `apiKey` and `basicAuth`, through the gateway.
@Suite struct `Credentials through the gateway` {
    private static let bcrypt = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
    private static let alice = "Authorization: Basic YWxpY2U6c2VjcmV0\r\n"
    private static let bob = "Authorization: Basic Ym9iOnNlY3JldA==\r\n"

    @Test func `an API key lets its owner in, and goes no further`() throws {
        let gateway = try GuardedGateway(
            """
            apiKey:
              mode: strict
              keys:
              - key: sk-alice
                metadata: {group: eng}
              - keyHash: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
            authorization: {rules: ['apiKey.group == "eng"']}
            """)
        let passed = try gateway.get("Authorization: Bearer sk-alice\r\n")
        #expect(passed.status == 200)
        #expect(!passed.body.text.contains("sk-alice"))
        let denied = try gateway.get("Authorization: Bearer test\r\n")
        #expect(denied.status == 403)
        #expect(denied.body.text == "authorization failed")
        for (lines, code, text) in [
            ("", "api_key_missing", "no API Key found"),
            ("Authorization: Bearer sk-bob\r\n", "api_key_invalid", "invalid credentials"),
        ] {
            let refused = try gateway.get(lines)
            #expect(refused.status == 401)
            #expect(refused.refusal == code)
            #expect(refused.body.text == "api key authentication failure: \(text)")
            #expect(refused.value("www-authenticate") == #"ApiKey realm="tollgate""#)
        }
    }

    @Test func `a password lets its user in, and goes no further`() throws {
        let gateway = try GuardedGateway(
            """
            basicAuth:
              mode: strict
              htpasswd: |
                alice:\(Self.bcrypt.replacing("$", with: "$$"))
                bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
            authorization: {rules: ['basicAuth.username == "alice"']}
            """)
        for _ in 0..<3 {
            let passed = try gateway.get(Self.alice)
            #expect(passed.status == 200)
            #expect(!passed.body.text.contains("YWxpY2U6c2VjcmV0"))
        }
        #expect(try gateway.get(Self.bob).status == 403)
        for (lines, code, text) in [
            ("", "basic_missing", "no basic auth credentials found"),
            ("Authorization: Basic YWxpY2U6d3Jvbmc=\r\n", "basic_invalid", "invalid credentials"),
            ("Authorization: Basic Y2Fyb2w6c2VjcmV0\r\n", "basic_invalid", "invalid credentials"),
        ] {
            let refused = try gateway.get(lines)
            #expect(refused.status == 401)
            #expect(refused.refusal == code)
            #expect(refused.body.text == "basic authentication failure: \(text)")
            #expect(refused.value("www-authenticate") == #"Basic realm="Restricted""#)
        }
    }

    @Test func `while a password is checked, others are served`() throws {
        // Of a cost that takes a debug build more than a moment.
        let slow = "$2y$10$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q"
        let gateway = try GuardedGateway(
            """
            basicAuth:
              mode: strict
              htpasswd: "carol:\(slow.replacing("$", with: "$$"))\\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
            """)
        #expect(try gateway.get(Self.bob).status == 200)
        let waiting = try Wire(port: gateway.gateway.port)
        try waiting.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic Y2Fyb2w6c2VjcmV0\r\n\r\n")
        // On the same event loop, and answered from memory.
        let start = ContinuousClock.now
        #expect(try gateway.get(Self.bob).status == 200)
        #expect(ContinuousClock.now - start < .seconds(3))
        let answer = try waiting.readAnswer()
        #expect([401, 503].contains(answer.status))
    }

    @Test func `users of a file are read again when it changes`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "tollgate-users-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try "alice:\(Self.bcrypt)\n".write(to: file, atomically: true, encoding: .utf8)
        let gateway = try GuardedGateway("basicAuth: {mode: strict, realm: staff, htpasswd: {file: \"\(file.path)\"}}")
        #expect(try gateway.get(Self.alice).status == 200)
        #expect(try gateway.get(Self.bob).value("www-authenticate") == #"Basic realm="staff""#)
        try "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n".write(to: file, atomically: true, encoding: .utf8)
        try eventually("the new users") { try gateway.get(Self.bob).status == 200 }
        #expect(try gateway.get(Self.alice).refusal == "basic_invalid")
    }

    @Test func `a file of users that is not there is an error`() throws {
        let log = try GatewayProcess.failure(
            of: """
                binds:
                - port: 1
                  listeners:
                  - routes:
                    - policies: {basicAuth: {mode: strict, htpasswd: {file: /nowhere/users}}}
                """)
        #expect(log.contains("user_file_unreadable"))
    }
}
