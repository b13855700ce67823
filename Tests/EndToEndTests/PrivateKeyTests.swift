import Foundation
import GatewayStore
import JOSE
import Testing

/// APISIX takes a private key as `public_key`, as its library derives the public half.
@Suite struct `A private key where a public one belongs` {
    /// Made for this test.
    private static let pem = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQzOvAZZAGrS2e3t9
        PHUFbLW/VIfEj+wLRx0SsxyTXPuhRANCAAROCd7kFRqmt02e5viuU4zLQx0Bwm14
        kqI24cdLoVX8DcQgtx3DUZfEzrmjDuz3T2HB9Q0l77Yegyppqj3HLgA7
        -----END PRIVATE KEY-----
        """

    private static func credential(_ key: String) -> String {
        let text = key.replacing("\n", with: "\\n")
        return #"{"plugins":{"jwt-auth":{"key":"k","algorithm":"ES256","public_key":"\#(text)"}}}"#
    }

    @Test func `is kept as its public half alone, by which tokens are verified`() throws {
        let upstream = try EchoUpstream()
        let gateway = try AdminGateway()
        let route = #"{"uri":"/a","plugins":{"jwt-auth":{}},"upstream":{"nodes":{"127.0.0.1:\#(upstream.port)":1}}}"#
        #expect(try gateway.admin("PUT", "/routes/1", route).status == 201)
        #expect(try gateway.admin("PUT", "/consumers/jack", #"{"username":"jack"}"#).status == 201)
        let path = "/consumers/jack/credentials/c"
        let written = try gateway.admin("PUT", path, Self.credential(Self.pem))
        #expect(written.status == 201)
        for answer in [written, try gateway.admin("GET", path)] {
            #expect(answer.body.text.contains("-----BEGIN PUBLIC KEY-----"))
            #expect(!answer.body.text.contains("PRIVATE"))
        }
        let token = try SigningKey(pem: Array(Self.pem.utf8)).token(claims: #"{"key":"k"}"#).text
        #expect(try gateway.get("/a", "Authorization: Bearer \(token)\r\n").status == 200)
        for name in ["tollgate.sqlite", "tollgate.sqlite-wal"] {
            let bytes = try Data(contentsOf: gateway.data.appending(path: name))
            #expect(bytes.range(of: Data("PRIVATE KEY".utf8)) == nil, "\(name)")
        }
    }

    @Test func `leaves a store of an earlier version by an export and an import`() async throws {
        let folder = try CommandLineFolder()
        let data = folder.url.appending(path: "data").path
        do {
            let store = try SQLiteStore(folder: data)
            let bodies = [
                ("consumer", "jack", #"{"username":"jack"}"#),
                ("credential", "jack/credentials/c", Self.credential(Self.pem)),
            ]
            _ = try await store.commit(
                bodies.map { DocumentChange(key: DocumentKey(kind: $0, id: $1), body: $2) },
                audit: AuditEntry(time: 1, actor: "test", origin: "test", action: "test"))
        }
        let exported = try folder.run("store", "export", "--with-secrets", "-o", "all.json", "--data", data)
        #expect(exported.exitCode == 0, "\(exported)")
        let imported = try folder.run("store", "import", "all.json", "--data", data)
        #expect(imported.errors.contains("jwt-auth.public_key: warning: a private key stood there"), "\(imported)")
        let kept = try folder.run("store", "export", "--with-secrets", "--data", data).output
        #expect(kept.contains("PUBLIC KEY") && !kept.contains("PRIVATE KEY"))
        // What it was is forgotten with a later write.
        try folder.write(kept.replacing("\"k\"", with: "\"other\""), to: "more.json")
        let more = try folder.run("store", "import", "more.json", "--keep-history", "1", "--data", data)
        #expect(more.exitCode == 0, "\(more)")
        let stored = try Data(contentsOf: folder.url.appending(path: "data/tollgate.sqlite"))
        #expect(stored.range(of: Data("PRIVATE KEY".utf8)) == nil)
    }

    /// Each as the member's value, and as text in it.
    @Test(arguments: [false, true]) func `is kept as its public half alone in a set of keys, too`(isText: Bool) throws {
        let gateway = try AdminGateway()
        let route = #"{"uri":"/a","plugins":{"jwt-auth":{},"mocking":{"response_example":"a"}}}"#
        #expect(try gateway.admin("PUT", "/routes/1", route).status == 201)
        #expect(try gateway.admin("PUT", "/consumers/jack", #"{"username":"jack"}"#).status == 201)
        let (key, other) = (try SigningKey.generate(.es256, kid: "one"), try SigningKey.generate(.edDSA, kid: "two"))
        let shared = try SigningKey.generate(.hs256, kid: "three")
        let keys = "{\"keys\":[\([key, other, shared].map(\.privateJWK.text).joined(separator: ","))]}"
        let written = isText ? "\"\(keys.replacing("\"", with: "\\\""))\"" : keys
        let path = "/consumers/jack/credentials/c"
        let answer = try gateway.admin("PUT", path, #"{"plugins":{"jwt-auth":{"key":"k","jwks":\#(written)}}}"#)
        #expect(answer.status == 201, "\(answer.body.text)")

        for key in [key, other] {
            let token = try key.token(claims: #"{"key":"k"}"#).text
            #expect(try gateway.get("/a", "Authorization: Bearer \(token)\r\n").status == 200)
        }
        #expect(gateway.log.contains("jwt-auth.jwks: a private key stood there"), "\(gateway.log)")
        #expect(gateway.log.contains("a shared secret (`oct`) stood among public keys"))

        let store = ["--data", gateway.data.path]
        let export = try CommandLineRunner.run(["store", "export", "--with-secrets"] + store).output
        #expect(export.contains("jwks"))
        let history = try CommandLineRunner.run(["store", "history"] + store).output
        let said = [
            answer.body.text, try gateway.admin("GET", path).body.text,
            try gateway.admin("GET", "/consumers").body.text,
            export, history, gateway.log,
        ].joined()
        let stored = try ["tollgate.sqlite", "tollgate.sqlite-wal"].map {
            try Data(contentsOf: gateway.data.appending(path: $0))
        }
        for (key, member) in [(key, "d"), (other, "d"), (shared, "k")] {
            let jwk = try JSONSerialization.jsonObject(with: Data(key.privateJWK)) as? [String: String]
            let secret = try #require(jwk?[member])
            #expect(!said.contains(secret))
            for bytes in stored { #expect(bytes.range(of: Data(secret.utf8)) == nil) }
        }
    }

    @Test func `is not stored where nothing reads it`() throws {
        let gateway = try AdminGateway()
        #expect(try gateway.admin("PUT", "/consumers/jack", #"{"username":"jack"}"#).status == 201)
        let path = "/consumers/jack/credentials/c"
        let text = Self.pem.replacing("\n", with: "\\n")
        let more = #""private_key":"\#(text)","old_pair":"\#(text)","note":"kept"}}}"#
        let written = try gateway.admin(
            "PUT", path, Self.credential(Self.pem).replacing("}}}", with: "," + more))
        #expect(written.status == 201, "\(written.body.text)")
        let export = try CommandLineRunner.run(["store", "export", "--with-secrets", "--data", gateway.data.path])
            .output
        for answer in [written.body.text, try gateway.admin("GET", path).body.text, export] {
            #expect(answer.contains("BEGIN PUBLIC KEY") && answer.contains(#""note":"kept""#), "\(answer)")
            #expect(!answer.contains("PRIVATE") && !answer.contains("private_key") && !answer.contains("old_pair"))
        }
        for member in ["private_key", "old_pair"] {
            #expect(gateway.log.contains("plugins.jwt-auth.\(member): a private key stood there, which nothing"))
        }
    }

    @Test func `is refused where its public half can't be told`() throws {
        let gateway = try AdminGateway()
        #expect(try gateway.admin("PUT", "/consumers/jack", #"{"username":"jack"}"#).status == 201)
        let damaged = Self.pem.replacing("BEGIN PRIVATE", with: "BEGIN ENCRYPTED PRIVATE")
            .replacing("END PRIVATE", with: "END ENCRYPTED PRIVATE")
        let answer = try gateway.admin("PUT", "/consumers/jack/credentials/c", Self.credential(damaged))
        #expect(answer.status == 400)
        #expect(answer.body.text.contains("holds a private key that can't be read, and is not kept"))
        #expect(!answer.body.text.contains("BEGIN"))
    }
}
