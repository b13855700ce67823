import Foundation
import JOSE
import Testing

/// What expressions know of clients by their certificates, with each driver and each version of HTTP.
@Suite(
    .enabled(
        if: CertificateAuthority.isAvailable && Curl.path != nil, "TLS is tested with openssl and curl: install them"))
struct `A client's certificate` {
    private let authority: CertificateAuthority
    private let upstream: EchoUpstream

    init() throws {
        authority = try CertificateAuthority()
        upstream = try EchoUpstream()
    }

    #if os(Linux)
        private static let drivers = ["epoll", "nio"]
    #else
        private static let drivers = ["nio"]
    #endif

    struct Way: Sendable, CustomTestStringConvertible {
        let driver: String
        let http: String
        var testDescription: String { "\(driver), \(http)" }
    }

    static let ways = drivers.flatMap { driver in ["--http1.1", "--http2"].map { Way(driver: driver, http: $0) } }

    private static let names = "URI:spiffe://example.org/ns/shop/sa/web,DNS:a.example,IP:192.0.2.9,email:a@example.org"

    /// - Parameters:
    ///   - policies: of a route `/to`.
    ///   - tls: fields of the `tls` beside the certificate.
    private func start(
        _ policies: String, top: String = "", accessLog: String = "off", driver: String? = nil, tls: String? = nil
    ) throws -> RunningGateway {
        let (certificate, key) = try authority.sign("localhost")
        let tls = tls ?? ", root: \"\(authority.certificate)\""
        let routes = """
            - name: to
              matches: [{path: {pathPrefix: /to}}]
              policies:
            \(policies.indented(by: 4))
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        return try RunningGateway(
            .init(
                top: top, accessLog: accessLog, routes: routes,
                listener: "tls: {cert: \"\(certificate)\", key: \"\(key)\"\(tls)}",
                arguments: driver.map { ["--driver", $0] } ?? []),
            upstreamPort: upstream.port)
    }

    private func get(
        _ gateway: RunningGateway, _ client: (certificate: String, key: String)?, _ options: String...
    ) throws -> String {
        let own = client.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
        return try Curl(
            ["-s", "-w", "%{http_code}", "--cacert", authority.certificate] + own + options
                + ["https://localhost:\(gateway.port)/to"]
        ).output()
    }

    @Test(arguments: ways)
    func `is read by rules, transformations, limits and the access log`(_ way: Way) throws {
        let gateway = try start(
            """
            authorization:
              rules:
              - require: 'source.spiffeId == "spiffe://example.org/ns/shop/sa/web"'
              - require: 'source.identity.trustDomain == "example.org" && source.identity.namespace == "shop"'
              - require: '"192.0.2.9" in source.subjectAltNames && size(source.subjectAltNames) == 4'
              - require: 'source.issuer == "CN=ca" && source.certificate.startsWith("-----BEGIN CERTIFICATE-----")'
              - deny: 'source.subjectCn == "mallory"'
            transformations:
              request:
                set: {x-subject: source.subject, x-account: source.identity.serviceAccount}
            localRateLimit:
            - {maxTokens: 1, tokensPerFill: 1, fillInterval: 1h, key: source.subjectCn}
            """,
            top: "frontendPolicies: {accessLog: {add: {client: source.subjectCn}}}", accessLog: "json",
            driver: way.driver)
        let alice = try authority.sign(client: "alice", subject: "/C=DE/O=Example, Ltd/CN=alice", names: Self.names)
        let head = try get(gateway, alice, way.http)
        #expect(
            head.hasSuffix("200") && head.contains("\r\nx-subject: C=DE, O=Example\\, Ltd, CN=alice\r\n"), "\(head)")
        #expect(head.contains("\r\nx-account: web\r\n"))
        #expect(try get(gateway, alice, way.http).hasSuffix("429"))
        let bob = try authority.sign(client: "bob", names: Self.names)
        #expect(try get(gateway, bob, way.http).hasSuffix("200"))
        let mallory = try authority.sign(client: "mallory", names: Self.names)
        #expect(try get(gateway, mallory, way.http).hasSuffix("403"))
        let other = try authority.sign(client: "other", names: "DNS:a.example")
        #expect(try get(gateway, other, way.http).hasSuffix("403"))
        let clients = try gateway.accessLog(lines: 5).compactMap { line in
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        }.map { $0["client"] as? String }
        #expect(clients == ["alice", "alice", "bob", "mallory", "other"])
    }

    @Test func `is read from every connection anew, and for all of its requests`() throws {
        let gateway = try start("transformations: {request: {set: {x-cn: source.subjectCn}}}")
        for name in ["alice", "bob"] {
            let client = try authority.sign(client: name, names: Self.names)
            for version in ["--http1.1", "--http2"] {
                let address = "https://localhost:\(gateway.port)/to"
                let said = try get(gateway, client, version, "-w", "%{num_connects} ", address)
                #expect(said.components(separatedBy: "x-cn: \(name)\r\n").count == 3, "\(said)")
                #expect(said.contains("0 "), "both came on one connection")
            }
        }
    }

    @Test func `is known when a session is taken up again`() throws {
        let gateway = try start(
            "authorization: {rules: [{require: 'source.subjectCn == \"alice\" && source.tls'}]}")
        let alice = try authority.sign(client: "alice", names: Self.names)
        let session = authority.folder.appending(path: "session").path
        for version in ["TLSv1_2", "TLSv1_3"] {
            try HelperProcess.run(
                "python3", ["-c", Self.resumption, "\(gateway.port)", alice.certificate, alice.key, version],
                in: authority.folder)
        }
    }

    /// Fails where a request is refused, or the second connection begins anew.
    private static let resumption = """
        import socket, ssl, sys
        port, certificate, key, version = sys.argv[1:]
        context = ssl.create_default_context(cafile="ca.pem")
        context.load_cert_chain(certificate, key)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        session = None
        for known in [False, True]:
            plain = socket.create_connection(("127.0.0.1", int(port)), timeout=60)
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
                connection.sendall(b"GET /to HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
                answer = connection.recv(1 << 16)
                assert answer.startswith(b"HTTP/1.1 200"), answer
                assert connection.session_reused == known, version
                session = connection.session
        """

    @Test func `does not count where the listener asks for none`() throws {
        let gateway = try start(
            "authorization: {rules: [{allow: 'default(source.subjectCn, \"nobody\") == \"nobody\"'}]}", tls: "")
        let alice = try authority.sign(client: "alice", names: Self.names)
        #expect(try get(gateway, alice).hasSuffix("200"))
        #expect(try get(gateway, nil).hasSuffix("200"))
        #expect(gateway.errors.contains("the listener asks no client for a certificate"))
    }

    @Test func `with a doubtful name fails the rule that reads it, and no other`() throws {
        let two = try authority.sign(client: "two", subject: "/CN=alice/CN=admin", names: Self.names)
        let guarded = try start(
            """
            authorization:
              rules: [{deny: 'has(source.subjectCn) && source.subjectCn == "mallory"'}]
            """)
        #expect(try get(guarded, two).hasSuffix("403"))
        let open = try start(
            "authorization: {rules: [{require: 'source.identity.namespace == \"shop\"'}]}")
        #expect(try get(open, two).hasSuffix("200"))
    }
}
