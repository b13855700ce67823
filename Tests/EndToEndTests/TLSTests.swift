import Foundation
import Testing

@Suite(
    .enabled(
        if: CertificateAuthority.isAvailable && Curl.path != nil, "TLS is tested with openssl and curl: install them"))
struct `A listener with a certificate` {
    private let authority: CertificateAuthority
    private let upstream: EchoUpstream

    init() throws {
        authority = try CertificateAuthority()
        upstream = try EchoUpstream()
    }

    /// - Parameters:
    ///   - more: fields of the `tls`.
    ///   - listeners: other listeners of the port.
    private func start(_ more: String = "", listeners: String = "", top: String = "", config: String = "") throws
        -> RunningGateway
    {
        let (certificate, key) = try authority.sign("localhost")
        return try RunningGateway(
            .init(
                top: top, config: config,
                listener: "hostname: localhost\ntls: {cert: \"\(certificate)\", key: \"\(key)\"\(more)}",
                listeners: listeners),
            upstreamPort: upstream.port)
    }

    /// What curl says: the status, then the body.
    private func get(
        _ gateway: RunningGateway, _ path: String, name: String = "localhost", _ options: String...
    ) throws -> String {
        let arguments = [
            "-s", "-w", "%{http_code} %{ssl_verify_result}", "--cacert", authority.certificate, "--resolve",
            "\(name):\(gateway.port):127.0.0.1",
        ]
        return try Curl(arguments + options + ["https://\(name):\(gateway.port)\(path)"]).output()
    }

    @Test func `serves requests with a token, and tells the upstream that they came by TLS`() throws {
        let gateway = try start()
        #expect(try get(gateway, "/secret").hasSuffix("401 0"))
        let answer = try get(gateway, "/secret", "-H", "Authorization: Bearer \(try Tokens.token())")
        #expect(answer.hasPrefix("GET /secret HTTP/1.1\r\n"))
        #expect(answer.contains("x-forwarded-proto: https\r\n"))
        #expect(answer.hasSuffix("200 0"))
    }

    @Test func `carries bodies larger than any buffer, both ways`() throws {
        let upstream = try Upstream()
        let (certificate, key) = try authority.sign("localhost")
        let gateway = try RunningGateway(
            .init(listener: "tls: {cert: \"\(certificate)\", key: \"\(key)\"}"), upstreamPort: upstream.port)
        let size = 8 << 20
        let file = authority.folder.appending(path: "upload")
        try Data(repeating: 0x79, count: size).write(to: file)
        let curl = try Curl(
            "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "--cacert", authority.certificate, "-T",
            file.path, "-H", "Expect:", "https://localhost:\(gateway.port)/open")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.skip(count: size)
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
        try connection.send([UInt8](repeating: 0x78, count: size))
        #expect(curl.output() == "200 \(size)")
    }

    @Test func `is chosen by the name a client asks for, and is for its own hosts only`() throws {
        let (certificate, key) = try authority.sign("other.test")
        let gateway = try start(
            listeners: """
                - hostname: other.test
                  tls: {cert: "\(certificate)", key: "\(key)"}
                  routes:
                  - backends: [{host: "127.0.0.1:\(upstream.port)"}]
                """)
        #expect(try get(gateway, "/open").hasSuffix("200 0"))
        #expect(try get(gateway, "/any", name: "other.test").hasSuffix("200 0"))
        #expect(try get(gateway, "/any", "-H", "Host: other.test").hasSuffix("421 0"))
        #expect(try get(gateway, "/open", name: "other.test", "-H", "Host: localhost").hasSuffix("421 0"))
    }

    @Test func `asks clients for theirs where it is told to`() throws {
        let gateway = try start(", root: \"\(authority.certificate)\"")
        #expect(try get(gateway, "/open").hasPrefix("000"))
        let others = try CertificateAuthority()
        let stranger = try others.sign("client")
        #expect(try get(gateway, "/open", "--cert", stranger.certificate, "--key", stranger.key).hasPrefix("000"))
        let client = try authority.sign("client")
        #expect(try get(gateway, "/open", "--cert", client.certificate, "--key", client.key).hasSuffix("200 0"))
    }

    @Test func `speaks the versions it is told to, and none before 1.2`() throws {
        let both = try start()
        #expect(try get(both, "/open", "--tls-max", "1.2").hasSuffix("200 0"))
        #expect(try get(both, "/open", "--tlsv1.3").hasSuffix("200 0"))
        #expect(
            try get(both, "/open", "--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0").hasPrefix("000"))
        let newest = try start(", minTLSVersion: TLS_V1_3")
        #expect(try get(newest, "/open", "--tls-max", "1.2").hasPrefix("000"))
        #expect(try get(newest, "/open").hasSuffix("200 0"))
    }

    @Test func `offers the protocols that the frontend policies name`() throws {
        let asked = ["-o", "/dev/null", "-w", "%{http_version} ", "--http2"]
        for (alpn, version) in [("[http/1.1]", "1.1"), ("[[104, 50], http/1.1]", "2")] {
            let gateway = try start(top: "frontendPolicies: {tls: {alpn: \(alpn)}}\n")
            let answer = try Curl(
                ["-s", "--cacert", authority.certificate, "--resolve", "localhost:\(gateway.port):127.0.0.1"] + asked
                    + ["https://localhost:\(gateway.port)/"]
            ).output()
            #expect(answer == version + " ")
        }
    }

    @Test func `speaks what the frontend policies say where it does not say itself`() throws {
        let (certificate, key) = try authority.sign("localhost")
        let (other, otherKey) = try authority.sign("other.test")
        let gateway = try RunningGateway(
            .init(
                top: "frontendPolicies: {tls: {minVersion: TLS_V1_3}}",
                listener: "hostname: localhost\ntls: {cert: \"\(certificate)\", key: \"\(key)\"}",
                listeners: """
                    - hostname: other.test
                      tls: {cert: "\(other)", key: "\(otherKey)", minTLSVersion: TLS_V1_2}
                      routes:
                      - backends: [{host: "127.0.0.1:\(upstream.port)"}]
                    """),
            upstreamPort: upstream.port)
        #expect(try get(gateway, "/open", "--tls-max", "1.2").hasPrefix("000"))
        #expect(try get(gateway, "/open").hasSuffix("200 0"))
        #expect(try get(gateway, "/open", name: "other.test", "--tls-max", "1.2").hasSuffix("200 0"))
    }

    /// What a client offers, in its order, and what it gets.
    static let orders: [(offered: String, suite: String)] = [
        ("AES256-GCM-SHA384 AES128-GCM-SHA256", "AES128-GCM-SHA256"),
        ("AES128-GCM-SHA256 AES256-GCM-SHA384", "AES128-GCM-SHA256"),
        ("AES256-GCM-SHA384 CHACHA20-POLY1305", "AES256-GCM-SHA384"),
        ("AES256-GCM-SHA384", "AES256-GCM-SHA384"),
        // A client without hardware for AES.
        ("CHACHA20-POLY1305 AES128-GCM-SHA256", "CHACHA20-POLY1305"),
    ]

    @Test(arguments: ["ECDSA", "RSA"])
    func `keeps its own order of suites`(_ kind: String) throws {
        let (certificate, key) = try kind == "RSA" ? authority.signRSA("localhost") : authority.sign("localhost")
        let gateway = try RunningGateway(
            .init(listener: "tls: {cert: \"\(certificate)\", key: \"\(key)\"}"), upstreamPort: upstream.port)
        let other = kind == "RSA" ? "ECDSA" : "RSA"
        for (offered, suite) in Self.orders {
            // The other kind stands first, and is of no use with this key.
            let names = offered.split(separator: " ").flatMap { ["ECDHE-\(other)-\($0)", "ECDHE-\(kind)-\($0)"] }
            let said = try get(
                gateway, "/open", "-v", "--stderr", "-", "--tls-max", "1.2", "--ciphers", names.joined(separator: ":"))
            #expect(said.contains("TLSv1.2 / ECDHE-\(kind)-\(suite)"), "\(offered)")
            #expect(said.hasSuffix("200 0"))
        }
    }

    @Test func `takes suites in the order they are written in`() throws {
        let (first, second) = ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
        let gateway = try start(", cipherSuites: [\(first), \(second)]")
        let suites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
        let said = try get(gateway, "/open", "-v", "--stderr", "-", "--tls-max", "1.2", "--ciphers", suites)
        #expect(said.contains("TLSv1.2 / ECDHE-ECDSA-AES256-GCM-SHA384"))
        #expect(try get(gateway, "/open", "--tlsv1.3").hasSuffix("200 0"))
    }

    @Test func `shows a new one when its files change`() throws {
        let gateway = try start()
        #expect(try get(gateway, "/open").hasSuffix("200 0"))
        // Of the same name, by another authority.
        let other = try CertificateAuthority()
        let (certificate, key) = try other.sign("localhost")
        for (new, old) in [(certificate, "localhost.pem"), (key, "localhost.key")] {
            try Data(contentsOf: URL(filePath: new)).write(to: authority.folder.appending(path: old))
        }
        try eventually("the new certificate") {
            try Curl(
                "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", other.certificate,
                "https://localhost:\(gateway.port)/open"
            ).output() == "200"
        }
        #expect(try get(gateway, "/open").hasPrefix("000"))
    }

    @Test func `keeps the old one while the files do not fit together`() throws {
        let gateway = try start()
        let other = try authority.sign("other.test")
        try Data(contentsOf: URL(filePath: other.key)).write(to: authority.folder.appending(path: "localhost.key"))
        try eventually("the reason") { gateway.errors.contains("cannot be served with this key") }
        #expect(try get(gateway, "/open").hasSuffix("200 0"))
    }

    @Test(arguments: [
        ("", "timeouts: {head: 1s}"), ("frontendPolicies: {tls: {handshakeTimeout: 1s}}", "timeouts: {head: 60s}"),
    ])
    func `gives up a client that stops in the middle of the handshake`(top: String, config: String) throws {
        let gateway = try start(top: top, config: config)
        let silent = try gateway.client()
        // The beginning of a record of 512 bytes.
        let half = try gateway.client()
        try half.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03])
        #expect(try silent.isClosedWithoutAWord())
        #expect(try half.isClosedWithoutAWord())
    }

    @Test func `goes on when clients leave without a word`() throws {
        let gateway = try start()
        for _ in 0..<6 {
            let client = Process()
            let (input, output) = (Pipe(), Pipe())
            client.executableURL = URL(filePath: "/usr/bin/env")
            client.arguments = ["openssl", "s_client", "-connect", "127.0.0.1:\(gateway.port)"]
            (client.standardInput, client.standardOutput, client.standardError) = (input, output, output)
            try client.run()
            var said = Data()
            while !String(decoding: said, as: UTF8.self).contains("Verify return code") {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                said += more
            }
            #expect(String(decoding: said, as: UTF8.self).contains("Verify return code"))
            // The socket closes; no alert says so.
            kill(client.processIdentifier, SIGKILL)
            client.waitUntilExit()
        }
        #expect(try get(gateway, "/open").hasSuffix("200 0"))
    }

    @Test func `closes a connection that does not speak TLS, and goes on`() throws {
        let gateway = try start()
        for bytes in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", String(repeating: "\u{16}", count: 100_000)] {
            let client = try gateway.client()
            try? client.send(bytes)
            _ = try client.readToEnd()
        }
        #expect(try get(gateway, "/open").hasSuffix("200 0"))
    }
}
