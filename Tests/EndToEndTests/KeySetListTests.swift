import Foundation
import JOSE
import Testing

@Suite struct `Several key sets of one issuer` {
    private let first: KeyServer
    private let second: KeyServer
    private let upstream: EchoUpstream
    /// Keys of the file, of the servers and of the configuration, in this order.
    private let keys: [SigningKey]

    init() throws {
        keys = try ["file", "first", "second", "inline"].map(Tokens.newKey)
        first = try KeyServer(.document(keys[1].verificationJWKS.text))
        second = try KeyServer(.document(keys[2].verificationJWKS.text))
        upstream = try EchoUpstream()
    }

    private static let timing = """
        allowHTTP: true, timeout: 500ms, minRefetchInterval: 100ms, refresh: {min: 200ms, max: 200ms}, staleLimit: 1h
        """

    private func start(_ jwtAuth: String) throws -> RunningGateway {
        var setup = RunningGateway.Setup()
        setup.routes = """
            - matches:
              - path: {pathPrefix: /remote}
              policies:
                jwtAuth:
                  mode: strict
            \(jwtAuth.indented(by: 6))
              backends:
              - host: 127.0.0.1:\(upstream.port)
            """
        return try RunningGateway(setup, upstreamPort: upstream.port)
    }

    private func ask(_ gateway: RunningGateway, _ token: String) throws -> Answer {
        try gateway.get("/remote", "Authorization: Bearer \(token)\r\n")
    }

    private func sources(_ gateway: RunningGateway) throws -> [[String: Any]] {
        let root = try JSONSerialization.jsonObject(with: Data(try gateway.control("/keys").body)) as? [String: Any]
        return try #require(root?["sources"] as? [[String: Any]])
    }

    private func keyFile(_ key: SigningKey) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
        try Data(key.verificationJWKS).write(to: file)
        return file
    }

    @Test func `are all tried, each renewed by itself, and told apart by the status`() throws {
        let file = try keyFile(keys[0])
        defer { try? FileManager.default.removeItem(at: file) }
        let gateway = try start(
            """
            issuer: https://issuer.test
            jwks:
            - file: \(file.path)
            - {url: "\(first.url)/a", \(Self.timing)}
            - {url: "\(second.url)/b", \(Self.timing)}
            - '\(keys[3].verificationJWKS.text)'
            """)
        for key in keys {
            try eventually("the key \(key.kid ?? "")") { try ask(gateway, try Tokens.token(key: key)).status == 200 }
        }
        let stranger = try Tokens.token(key: try Tokens.newKey("stranger"))
        #expect(try ask(gateway, stranger).refusal == "key_unknown")

        // One server dies, the other one has a new key.
        first.stop()
        let renewed = try Tokens.newKey("renewed")
        second.behave(.document(renewed.verificationJWKS.text))
        try eventually("the renewed key") { try ask(gateway, try Tokens.token(key: renewed)).status == 200 }
        try eventually("the end of the old one") {
            try ask(gateway, try Tokens.token(key: keys[2])).refusal == "key_unknown"
        }
        for key in [keys[0], keys[1], keys[3]] { #expect(try ask(gateway, try Tokens.token(key: key)).status == 200) }

        try eventually("the failure in the status") { try sources(gateway).contains { $0["error"] != nil } }
        let shown = try sources(gateway)
        func source(_ field: String, _ value: String) throws -> [String: Any] {
            try #require(shown.first { $0[field] as? String == value }, "\(shown)")
        }
        func kids(_ source: [String: Any]) -> [String] {
            (source["keys"] as? [[String: Any]] ?? []).compactMap { $0["kid"] as? String }
        }
        let failing = try source("url", "\(first.url)/a")
        #expect(kids(failing) == ["first"])
        #expect(failing["error"] != nil)
        let fine = try source("url", "\(second.url)/b")
        #expect(kids(fine) == ["renewed"])
        #expect(fine["error"] == nil)
        #expect(kids(try source("file", file.path)) == ["file"])
        #expect(shown.contains { $0["inline"] != nil && kids($0) == ["inline"] })
        #expect(shown.prefix(2).allSatisfy { $0["issuers"] as? [String] == ["https://issuer.test"] })

        let words = try CommandLineRunner.run(["jwks", "status", "--address", "127.0.0.1:\(gateway.controlPort)"])
        #expect(words.exitCode == 0)
        for text in ["\(first.url)/a\n", "\(second.url)/b\n", "file \(file.path)\n", "keys written at "] {
            #expect(words.output.contains(text), "\(words.output)")
        }
    }

    @Test func `in a file are read again when they change, and the status says so`() throws {
        let file = try keyFile(keys[0])
        defer { try? FileManager.default.removeItem(at: file) }
        let gateway = try start(
            """
            issuer: https://issuer.test
            jwks: [{file: "\(file.path)"}, {url: "\(first.url)/a", \(Self.timing)}]
            """)
        #expect(try ask(gateway, try Tokens.token(key: keys[0])).status == 200)
        try Data(keys[3].verificationJWKS).write(to: file)
        try eventually("the new file") { try ask(gateway, try Tokens.token(key: keys[3])).status == 200 }
        try eventually("the status") {
            try sources(gateway).contains { source in
                source["file"] as? String == file.path
                    && (source["keys"] as? [[String: Any]])?.first?["kid"] as? String == "inline"
            }
        }
        #expect(try ask(gateway, try Tokens.token(key: keys[0])).refusal == "key_unknown")
    }

    @Test func `may be those of several providers, each with its own rules`() throws {
        let gateway = try start(
            """
            providers:
            - {issuer: https://issuer.test, audiences: [other], jwks: {url: "\(first.url)/a", \(Self.timing)}}
            - {issuer: https://issuer.test, audiences: [api], jwks: {url: "\(second.url)/b", \(Self.timing)}}
            """)
        try eventually("the second provider's key") { try ask(gateway, try Tokens.token(key: keys[2])).status == 200 }
        // The first provider's key serves the first provider's rules alone.
        try eventually("the first provider's key") {
            try ask(gateway, try Tokens.token(key: keys[1])).refusal == "audience_mismatch"
        }
        #expect(try sources(gateway).prefix(2).compactMap { $0["url"] as? String }.count == 2)
    }
}
