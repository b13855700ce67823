import Foundation
import JOSE
import Testing

@Suite struct `Keys by discovery` {
    private let server: KeyServer

    init() throws { server = try KeyServer(.documents([:])) }

    private func start(_ form: String, issuer: String) throws -> KeyedGateway {
        var source = KeyedGateway.Source(lines: "discovery: \"\(form)\"\nallowHTTP: true")
        source.issuer = issuer
        return try KeyedGateway(source)
    }

    private func metadata(_ issuer: String, keys: String) -> String {
        #"{"issuer":"\#(issuer)","jwks_uri":"\#(keys)","response_types_supported":["code"]}"#
    }

    private func token(_ issuer: String) throws -> String {
        let expiry = Int(Date().timeIntervalSince1970) + 600
        return try Tokens.key.token(claims: #"{"iss":"\#(issuer)","sub":"alice","exp":\#(expiry)}"#).text
    }

    @Test(arguments: [
        ("oidc", "/realms/one", "/realms/one/.well-known/openid-configuration"),
        ("oidc", "/realms/one/", "/realms/one/.well-known/openid-configuration"),
        ("oauth", "/realms/one", "/.well-known/oauth-authorization-server/realms/one"),
        ("oauth", "", "/.well-known/oauth-authorization-server"),
    ])
    func `are where the issuer's metadata says`(_ form: String, _ realm: String, _ place: String) throws {
        let issuer = server.url + realm
        server.behave(
            .documents([place: metadata(issuer, keys: server.url + "/keys"), "/keys": Tokens.key.verificationJWKS.text])
        )
        let gateway = try start(form, issuer: issuer)
        try gateway.waitUntilServed(try token(issuer))
        #expect(server.heads.first?.hasPrefix("GET \(place) ") == true)
    }

    @Test func `may be found through metadata elsewhere`() throws {
        server.behave(
            .documents(["/m": metadata("urn:issuer", keys: server.url + "/k"), "/k": Tokens.key.verificationJWKS.text]))
        let gateway = try start("\(server.url)/m", issuer: "urn:issuer")
        try gateway.waitUntilServed(try token("urn:issuer"))
    }

    @Test(arguments: [
        (#"{"issuer":"urn:issuer/","jwks_uri":"URL/k"}"#, "is of `urn:issuer/`, not of `urn:issuer`"),
        (#"{"issuer":"urn:Issuer","jwks_uri":"URL/k"}"#, "is of `urn:Issuer`, not of `urn:issuer`"),
        (#"{"jwks_uri":"URL/k"}"#, "is of no issuer"),
        (#"{"issuer":"urn:issuer","issuer":"urn:issuer","jwks_uri":"URL/k"}"#, "no JSON object of unique names"),
        (#"{"issuer":"urn:issuer"}"#, "has no jwks_uri"),
        (#"{"issuer":"urn:issuer","jwks_uri":"ftp://a/"}"#, "does not begin with https://"),
        (#"["urn:issuer"]"#, "no JSON object"), ("<html>", "no JSON object"),
    ])
    func `are not taken from metadata of another issuer, or from none`(_ text: String, _ words: String) throws {
        server.behave(
            .documents([
                "/m": text.replacingOccurrences(of: "URL", with: server.url), "/k": Tokens.key.verificationJWKS.text,
            ]))
        let gateway = try start("\(server.url)/m", issuer: "urn:issuer")
        try eventually("a failure that is told") { try gateway.status().error?.contains(words) == true }
        #expect(try gateway.ask(try token("urn:issuer")).refusal == "keys_unavailable")
        #expect(!server.heads.contains { $0.hasPrefix("GET /k ") })
    }

    @Test func `are looked for anew where they no longer are`() throws {
        let issuer = server.url
        let place = "/.well-known/openid-configuration"
        let keys = Tokens.key.verificationJWKS.text
        server.behave(.documents([place: metadata(issuer, keys: issuer + "/old"), "/old": keys]))
        let gateway = try start("oidc", issuer: issuer)
        let token = try token(issuer)
        try gateway.waitUntilServed(token)
        server.behave(.documents([place: metadata(issuer, keys: issuer + "/new"), "/new": keys]))
        try eventually("the new place") { server.heads.last?.hasPrefix("GET /new ") == true }
        #expect(try gateway.ask(token).status == 200)
    }
}

@Suite struct `Keys over https` {
    private let authority: CertificateAuthority
    private let token: String

    /// Serves `keys.json` for `/keys`, leads to plain HTTP from `/down`, and says its port.
    private static let server = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                if self.path == "/down":
                    self.send_response(302)
                    self.send_header("Location", sys.argv[1])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = open("keys.json", "rb").read()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("localhost.pem", "localhost.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    init() throws {
        token = try Tokens.token()
        authority = try CertificateAuthority()
        try authority.sign("localhost")
        try Tokens.key.verificationJWKS.text.write(to: file("keys.json"), atomically: true, encoding: .utf8)
        let other = try CertificateAuthority()
        try FileManager.default.copyItem(at: URL(filePath: other.certificate), to: file("other.pem"))
    }

    private func file(_ name: String) -> URL { authority.folder.appending(path: name) }

    private func serve(redirect: String = "") throws -> HelperProcess {
        try HelperProcess("python3", ["-c", Self.server, redirect], in: authority.folder)
    }

    private func start(_ url: String, authority: String?) throws -> KeyedGateway {
        let line = authority.map { "caFile: \"\(file($0).path)\"" } ?? ""
        return try KeyedGateway(KeyedGateway.Source(lines: "url: \"\(url)\"\n\(line)"))
    }

    @Test func `are taken from a server of the authority that is named`() throws {
        let server = try serve()
        let gateway = try start("https://localhost:\(server.port)/keys", authority: "ca.pem")
        try gateway.waitUntilServed(token)
    }

    @Test(
        arguments: [
            // The server's name, the authority, the path, what the status says.
            ("localhost", nil, "/keys", "no trusted authority"),
            ("localhost", "other.pem", "/keys", "no trusted authority"),
            ("127.0.0.1", "ca.pem", "/keys", "for another name"),
            ("localhost", "ca.pem", "/down", "redirects from https to http"),
        ] as [(String, String?, String, String)])
    func `are taken from no other server`(_ host: String, _ authority: String?, _ path: String, _ words: String) throws
    {
        let plain = try KeyServer(.document(Tokens.key.verificationJWKS.text))
        let server = try serve(redirect: plain.url + "/keys")
        let gateway = try start("https://\(host):\(server.port)\(path)", authority: authority)
        try eventually("a failure that is told") { try gateway.status().error?.contains(words) == true }
        #expect(try gateway.ask(token).refusal == "keys_unavailable")
        #expect(plain.heads.isEmpty)
    }

    @Test func `need a file of authorities that can be read`() throws {
        let failure = try CommandLineFolder()
        try failure.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    jwtAuth:
                      mode: strict
                      issuer: https://issuer.test
                      jwks: {url: "https://issuer.test/keys", caFile: "absent.pem"}
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
        let result = try failure.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("cannot use the authorities in `absent.pem`"))
        try failure.write("-----BEGIN CERTIFICATE-----\n", to: "absent.pem")
        let second = try failure.run("validate", "-f", "config.yaml")
        #expect(second.exitCode == 0)
        #expect(
            second.errors.contains("keys are fetched when it runs, and were not looked at: https://issuer.test/keys"))
    }
}

@Suite struct `A flood of forged keys` {
    @Test func `causes one fetch per minimum interval, and takes no memory`() throws {
        let server = try KeyServer(.document(Tokens.key.verificationJWKS.text))
        var source = KeyedGateway.Source.url("\(server.url)/keys")
        source.timing = "minRefetchInterval: 2s\nrefresh: {min: 1h}"
        let gateway = try KeyedGateway(source)
        let token = try Tokens.token()
        try gateway.waitUntilServed(token)
        try flood(gateway, count: 2000, from: 0)
        let before = gateway.gateway.privateBytes
        let fetches = server.heads.count
        let start = ContinuousClock.now
        try flood(gateway, count: 20_000, from: 2000)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("20000 forged keys in \(seconds) s: \(server.heads.count - fetches) fetches")
        #expect(server.heads.count - fetches <= Int(seconds / 2) + 1)
        #expect(gateway.gateway.privateBytes - before < 4 << 20)
        #expect(try gateway.ask(token).status == 200)
    }

    /// So many requests, each with a key of its own, pipelined on one connection.
    private func flood(_ gateway: KeyedGateway, count: Int, from first: Int) throws {
        let parts = try Tokens.token().split(separator: ".")
        let wire = try gateway.gateway.client()
        for batch in stride(from: first, to: first + count, by: 50) {
            let requests = (batch..<batch + 50).map { number in
                let header = Data(#"{"alg":"ES256","kid":"forged \#(number)"}"#.utf8).base64EncodedString()
                    .replacingOccurrences(of: "=", with: "").replacingOccurrences(of: "+", with: "-")
                    .replacingOccurrences(of: "/", with: "_")
                return
                    "GET /remote HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(header).\(parts[1]).\(parts[2])\r\n\r\n"
            }
            try wire.send(requests.joined())
            for _ in 0..<50 {
                let answer = try wire.readAnswer()
                guard answer.refusal == "key_unknown" else { throw WireFailure.broken("\(answer.refusal ?? "served")") }
            }
        }
    }
}

extension RunningGateway {
    /// Memory of the process that is no file's, in bytes.
    var privateBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
    }
}
