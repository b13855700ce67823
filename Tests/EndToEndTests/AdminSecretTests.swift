import Foundation
import Testing

/// Secrets that documents of the Admin API refer to.
@Suite struct `A reference to a secret` {
    private let upstream: EchoUpstream
    private let gateway: AdminGateway
    private let secrets: URL

    init() throws {
        upstream = try EchoUpstream()
        secrets = FileManager.default.temporaryDirectory.appending(path: "tollgate-secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: secrets.appending(path: "vault/1"), withIntermediateDirectories: true)
        gateway = try AdminGateway(
            arguments: ["--secrets-dir", secrets.path],
            environment: [
                "TOLLGATE_SECRET_JACK": "from-a-variable", "TOLLGATE_SECRET_ALL": #"{"jill":"from-a-member"}"#,
            ])
        let route =
            #"{"uri":"/hello","plugins":{"key-auth":{}},"upstream":{"nodes":{"127.0.0.1:\#(upstream.port)":1}}}"#
        #expect(try gateway.admin("PUT", "/routes/1", route).status == 201)
    }

    private func write(_ reference: String) throws -> Answer {
        try gateway.admin(
            "PUT", "/consumers/jack", #"{"username":"jack","plugins":{"key-auth":{"key":"\#(reference)"}}}"#)
    }

    private func status(_ key: String) throws -> Int { try gateway.get("/hello", "apikey: \(key)\r\n").status }

    @Test func `leads to variables and files that are there for it`() throws {
        try "from-a-file\n".write(to: secrets.appending(path: "vault/1/key"), atomically: true, encoding: .utf8)
        for (reference, key) in [
            ("$env://TOLLGATE_SECRET_JACK", "from-a-variable"),
            ("$ENV://TOLLGATE_SECRET_ALL/jill", "from-a-member"), ("$secret://vault/1/key", "from-a-file"),
        ] {
            #expect(try write(reference).status < 300)
            #expect(try status(key) == 200)
            #expect(try status(reference) == 401)
            #expect(try gateway.admin("GET", "/consumers/jack").body.text.contains(reference))
        }
        #expect(!gateway.log.contains("from-a"))
    }

    @Test func `that leads nowhere, or out of the folder, lets nobody in`() throws {
        let outside = secrets.appendingPathExtension("outside")
        try "outside".write(to: outside, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: outside) }
        try FileManager.default.createSymbolicLink(at: secrets.appending(path: "link"), withDestinationURL: outside)
        for reference in ["$secret://link", "$secret://vault/2/key", "$env://TOLLGATE_SECRET_NONE"] {
            #expect(try write(reference).status < 300)
            for key in ["outside", "", reference] { #expect(try status(key) == 401) }
        }
        #expect(gateway.log.contains("leads out of --secrets-dir"))
        #expect(try write("$secret://../etc/passwd").status == 400)
        #expect(try write("$env://HOME").status == 400)
    }

    @Test func `may be beside the settings of a vault, which is not asked`() throws {
        let vault = #"{"uri":"http://127.0.0.1:1","prefix":"kv","token":"t"}"#
        let written = try gateway.admin("PUT", "/secrets/vault/1", vault)
        #expect(written.status == 201)
        #expect(written.body.text.hasPrefix(#"{"key":"/apisix/secrets/vault/1","value":"#))
        #expect(try gateway.admin("PATCH", "/secrets/vault/1/token", #""u""#).body.text.contains(#""token":"u""#))
        #expect(try gateway.admin("GET", "/secrets").body.text.contains(#""total":1"#))
        #expect(try gateway.admin("GET", "/secrets/vault").body.text.contains(#""total":1"#))
        #expect(try gateway.admin("PUT", "/secrets/aws/1", "{}").body.text.contains("not offered"))
        let absent = try gateway.admin("GET", "/secrets/1")
        #expect((absent.status, absent.body.text.contains("`secrets/vault/ID`")) == (400, true))
        #expect(gateway.log.contains("secret_manager_unused"))
        #expect(try gateway.admin("DELETE", "/secrets/vault/1").status == 200)
    }
}
