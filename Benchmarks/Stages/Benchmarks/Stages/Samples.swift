import Bytes
import GatewayEngine
import GatewayModel
import HTTPWire
import JOSE

/// Keys, tokens and requests as the benchmarks use them.
enum Sample {
    /// Claims as an identity provider writes them: with an RS256 signature about 1 KiB of token.
    static func claims(number: Int = 0) -> String {
        Tokens.claims([
            "sub": "\"6f1c2f0e-5f2a-4a53-9d0a-\(100_000_000_000 + number)\"", "iat": "\(Tokens.now - 60)",
            "jti": "\"1d9b1d5e7c0f4f0d8f5b2a6c9e3d7a10\"", "azp": "\"web-frontend\"",
            "scope": "\"openid profile email orders:read orders:write\"",
            "groups": #"["platform-engineering","payments-reviewers","oncall-emea","all-staff"]"#,
            "roles": #"["orders-viewer","orders-editor","invoices-viewer"]"#, "name": "\"Ada Example\"",
            "email": "\"ada@example.org\"", "email_verified": "true", "tenant": "\"example-north\"",
            "locale": "\"en\"",
        ])
    }

    /// A key of each algorithm that is measured.
    static let keys: [(name: String, key: SigningKey)] = [
        SignatureAlgorithm.rs256, .ps256, .es256, .es384, .edDSA, .hs256,
    ].compactMap { algorithm in
        (try? SigningKey.generate(algorithm, kid: "one")).map { ("\(algorithm)".lowercased(), $0) }
    }

    static let rs256 = keys[0].key

    static func token(_ key: SigningKey = rs256, number: Int = 0) -> [UInt8] {
        guard let token = try? key.token(claims: claims(number: number)) else {
            preconditionFailure("no token could be made")
        }
        return token
    }

    static func policy(_ key: SigningKey = rs256) -> JWTAuthentication {
        .test(issuers: [.test(jwks: key.verificationJWKS.text, algorithms: ["\(key.algorithm)"])])
    }

    /// The same, with three claims for the backend.
    static func policyWithHeaders() -> JWTAuthentication {
        var policy = policy()
        policy.issuers[0].claimHeaders = [("X-User", "sub"), ("X-Tenant", "tenant"), ("X-Email", "email")].map {
            ClaimHeader(name: $0.0, path: [$0.1], listFormat: .csv, encoding: .plain, provenance: here)
        }
        return policy
    }

    /// A request as a browser sends it, with this token.
    static func request(path: String = "/orders/7?expand=lines", token: [UInt8]? = nil) -> [UInt8] {
        var text = """
            GET \(path) HTTP/1.1\r
            Host: api.example.org\r
            User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
            Accept: application/json, text/plain, */*\r
            Accept-Language: en-GB,en;q=0.7,de;q=0.3\r
            Accept-Encoding: gzip, deflate, br, zstd\r
            Origin: https://app.example.org\r
            Referer: https://app.example.org/orders\r

            """
        if let token { text += "Authorization: Bearer \(token.text)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// A gateway that forwards everything, behind these policies.
    static func snapshot(_ attachments: [Attachment] = [], routes: [Route] = [.named("all")]) -> Snapshot {
        guard let gateway = try? TestGateway(GatewayConfiguration(routes, attachments)) else {
            preconditionFailure("the configuration of a benchmark does not compile")
        }
        return gateway.snapshot
    }

    /// A rule over the method and a claim.
    static let rule = Attachment(
        scope: .gateway("gateway"), phase: .route,
        policy: .authorization(
            Authorization(rules: [
                AuthorizationRule(
                    effect: .allow, expression: #"request.method == "GET" && jwt.tenant == "example-north""#,
                    provenance: here)
            ])),
        provenance: here)

    static func prefix(_ number: Int) -> String {
        let digits = String(number)
        return "/service-\(String(repeating: "0", count: 6 - digits.utf8.count))\(digits)/items"
    }
}

/// What an event loop has beside a snapshot, and one request that is read again and again.
struct Worker {
    let snapshot: Snapshot
    let bytes: [UInt8]
    var scratch = RequestScratch()
    var cache = TokenCache(maxBytes: 1 << 20)
    let connection: ConnectionContext
    private let output: UnsafeMutableRawBufferPointer

    init(_ snapshot: Snapshot, _ bytes: [UInt8]) {
        self.snapshot = snapshot
        self.bytes = bytes
        connection = ConnectionContext(address: "192.0.2.7", port: 4711, traffic: snapshot.traffic)
        output = .allocate(byteCount: 16 << 10, alignment: 16)
    }

    /// The last call: gives back what `write` needs.
    func end() { output.deallocate() }

    @inline(__always)
    mutating func parse() -> RequestHead {
        let bytes = bytes
        guard let head = try? RequestHeadParser.parse(bytes.span, limits: .standard, into: &scratch.table) else {
            preconditionFailure("a benchmark's request is malformed")
        }
        return head
    }

    @inline(__always)
    mutating func decide(_ head: RequestHead) -> Decision {
        let bytes = bytes
        let bind = snapshot.binds[0]
        let connection = connection
        return Pipeline.decide(
            head, bytes.span, &scratch, bind: bind, connection: connection, cache: &cache, now: Tokens.now, uptime: 0)
    }

    /// Writes the head that the upstream gets; its length.
    @inline(__always)
    func write(_ head: RequestHead) -> Int {
        let target = scratch.target
        let query = scratch.rewrittenQuery
        let received = target.query.map { ($0.lowerBound - 1)..<$0.upperBound } ?? 0..<0
        let lines = scratch.addedLines
        let moreLines = scratch.forwardingLines
        let additions = HeadWriter.RequestAdditions(
            path: bytes.span.extracting(target.path),
            query: scratch.hasRewrittenQuery ? query.span : bytes.span.extracting(received),
            lines: lines.span, moreLines: moreLines.span, authority: bytes.span.extracting(target.authority),
            sendsForwardedHost: scratch.sendsForwardedHost)
        var written = OutputRawSpan(buffer: output, initializedCount: 0)
        HeadWriter.writeRequest(head, scratch.table, bytes.span, additions, into: &written)
        return written.finalize(for: output)
    }

    /// All the engine does for one request.
    @inline(__always)
    mutating func serve() -> Int {
        let head = parse()
        guard case .forward = decide(head) else { preconditionFailure("a benchmark's request is refused") }
        return write(head)
    }
}
