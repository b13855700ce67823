import Bytes
import GatewayEngine
import GatewayModel
import HTTPWire
import JOSE

/// A snapshot and what one event loop has beside it.
struct TestGateway {
    var snapshot: Snapshot
    /// Warnings.
    let diagnostics: [Diagnostic]
    var scratch = RequestScratch()
    var cache = TokenCache(maxBytes: 1 << 20)
    /// What has to be run before the last request can be decided on.
    var passwordCheck: PasswordCheck?
    /// Whether whoever asks has waited for that, or cannot.
    var hasAwaitedPassword = false
    private let connection: ConnectionContext
    /// The last refusal as the client reads it.
    private(set) var refusalText = ""
    /// In nanoseconds.
    var uptime: Int64 = 1_000_000_000

    /// - Parameter refreshes: what fetches the keys of these sources.
    init(
        _ configuration: GatewayConfiguration, refreshes: [KeySource: KeyRefresh] = [:],
        instance: GatewayInstance = GatewayInstance(), previous: Snapshot? = nil
    ) throws {
        var keys = KeyMaterial(refreshes: refreshes)
        for attachment in configuration.attachments {
            for issuer in attachment.policy.tokenAuthentications.flatMap(\.policy.issuers) {
                let admitsSecrets = issuer.algorithms?.contains { $0.hasPrefix("HS") } ?? false
                for source in issuer.keySources {
                    guard case .inline(let text) = source.origin else { continue }
                    let options = KeyImportOptions(allowWeak: issuer.allowsWeakKeys, admitsSecrets: admitsSecrets)
                    keys.keySets[source] = KeyImport(text, options: options).keySet
                }
            }
        }
        let (snapshot, diagnostics) = Compiler.compile(
            configuration, keys: keys, instance: instance, previous: previous)
        guard let snapshot else { throw Invalid(diagnostics: diagnostics) }
        self.snapshot = snapshot
        self.diagnostics = diagnostics
        connection = ConnectionContext(
            address: "192.0.2.7", port: 4711, destination: "192.0.2.1", traffic: snapshot.traffic)
    }

    struct Invalid: Error {
        var diagnostics: [Diagnostic]
    }

    /// One that forwards everything to `backend` behind this policy.
    init(_ policy: JWTAuthentication, routes: [Route] = [.named("backend")]) throws {
        try self.init(GatewayConfiguration(routes, [.jwt(policy)]))
    }

    /// What became of a request.
    struct Answer: Equatable {
        var refusal: RefusalCode?
        /// Which rule decided, and how.
        var verdict: String?
        /// The scopes that the challenge names.
        var requiredScopes: [String] = []
        var missingClaims: [String] = []
        var upstream: String?
        /// What the gateway answers by itself.
        var response: String?
        /// The head the upstream gets.
        var head = ""
        var subject: String?
        /// Whether a fetch of keys is worth waiting for.
        var mayWaitForKeys = false
        /// Whether only the body can tell.
        var awaitsBody = false

        var lines: [String] { head.split(separator: "\r\n").map(String.init) }
        var target: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
        func value(of name: String) -> String? {
            lines.first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }.map {
                String($0.dropFirst(name.utf8.count + 2))
            }
        }
    }

    mutating func ask(_ text: String, body: String? = nil, now: Int64 = Tokens.now) -> Answer {
        ask(bytes: Array(text.utf8), body: body.map { Array($0.utf8) }, now: now)
    }

    /// - Parameter body: nil while it has not come.
    mutating func ask(bytes: [UInt8], body: [UInt8]? = nil, now: Int64 = Tokens.now) -> Answer {
        guard let head = try? RequestHeadParser.parse(bytes.span, limits: .standard, into: &scratch.table) else {
            return Answer(refusal: .malformedRequest)
        }
        let decision = Pipeline.decide(
            head, bytes.span, body: body?.span, &scratch, bind: snapshot.binds[0], connection: connection,
            cache: &cache, now: now, uptime: uptime, hasAwaitedPassword: hasAwaitedPassword)
        switch decision {
        case .awaitBody:
            return Answer(awaitsBody: true)
        case .refuse(let refusal):
            passwordCheck = refusal.passwordCheck
            refusalText =
                refusal.answer(
                    form: scratch.answerPlan?.refusals ?? snapshot.binds[0].refusals, requestID: scratch.requestID,
                    edit: scratch.wholeResponseEdit
                ).rendered(toHead: false, keepsAlive: true, date: Array("now".utf8)).text
            return Answer(
                refusal: refusal.code, verdict: refusal.verdict?.sentence, requiredScopes: refusal.requiredScopes,
                missingClaims: refusal.missingClaims,
                mayWaitForKeys: refusal.keyRefresh != nil)
        case .answer(let answer):
            let rendered = answer.message(edit: scratch.wholeResponseEdit)
                .rendered(toHead: false, keepsAlive: true, date: Array("now".utf8))
            return Answer(response: rendered.text)
        case .forward(let upstream):
            return Answer(
                upstream: snapshot.upstreams[upstream].id.name, head: forwarded(head, bytes),
                subject: scratch.verifiedToken?.claims.root["sub"]?.string)
        }
    }

    /// A GET of that path with these field lines, each with its CRLF.
    mutating func get(_ target: String, host: String = "a", _ lines: String = "", now: Int64 = Tokens.now) -> Answer {
        ask("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(lines)\r\n", now: now)
    }

    mutating func get(_ target: String = "/", token: [UInt8], now: Int64 = Tokens.now) -> Answer {
        get(target, "Authorization: Bearer \(token.text)\r\n", now: now)
    }

    private mutating func forwarded(_ head: RequestHead, _ bytes: [UInt8]) -> String {
        let target = scratch.target
        let text = target.isVerbatim ? bytes : target.storage
        let received = target.query.map { Array(text[($0.lowerBound - 1)..<$0.upperBound]) } ?? []
        let query = scratch.hasRewrittenQuery ? scratch.rewrittenQuery : received
        let lines = scratch.addedLines
        let path = scratch.rewrittenPath
        let host = scratch.rewrittenHost
        if !host.isEmpty { scratch.table.drop(.host) }
        let moreLines = scratch.forwardingLines
        let method = scratch.rewrittenMethod
        let additions = HeadWriter.RequestAdditions(
            method: method.span, path: scratch.rewrittenPath.isEmpty ? text.span.extracting(target.path) : path.span,
            host: host.span,
            query: query.span, lines: lines.span,
            moreLines: moreLines.span, authority: bytes.span.extracting(target.authority),
            sendsForwardedHost: scratch.sendsForwardedHost)
        let bound = HeadWriter.boundOfRequest(head, additions)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bound, alignment: 1)
        defer { buffer.deallocate() }
        var output = OutputRawSpan(buffer: buffer, initializedCount: 0)
        HeadWriter.writeRequest(head, scratch.table, bytes.span, additions, into: &output)
        return String(decoding: buffer.prefix(output.finalize(for: buffer)), as: UTF8.self)
    }
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// Keys and tokens.
enum Tokens {
    static let now: Int64 = 1_800_000_000
    static let key = generate(.es256, kid: "one")
    static let stranger = generate(.es256, kid: "one")
    static let secret = generate(.hs256, kid: "secret")

    private static func generate(_ algorithm: SignatureAlgorithm, kid: String) -> SigningKey {
        guard let key = try? SigningKey.generate(algorithm, kid: kid) else {
            preconditionFailure("no key could be made")
        }
        return key
    }

    /// Claims that pass, with some replaced; nil leaves a claim out.
    static func claims(_ changes: [String: String?] = [:]) -> String {
        var claims: [String: String?] = [
            "iss": #""https://issuer.test""#, "sub": #""alice""#, "aud": #""api""#, "exp": "\(now + 600)",
        ]
        for (name, value) in changes { claims.updateValue(value, forKey: name) }
        let members = claims.sorted { $0.key < $1.key }.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return "{\(members.joined(separator: ","))}"
    }

    static func token(_ changes: [String: String?] = [:], key: SigningKey = key) throws -> [UInt8] {
        try key.token(claims: claims(changes))
    }
}

// MARK: - The model, short

let here = Provenance(document: "test")

extension Issuer {
    static func test(
        names: [String] = ["https://issuer.test"], audiences: [String] = ["api"],
        jwks: String = Tokens.key.verificationJWKS.text,
        algorithms: [String]? = nil, requiredClaims: [String] = ["exp"], requirements: TokenRequirements = .none
    ) -> Issuer {
        Issuer(
            names: names, audiences: audiences, keySources: [KeySource(origin: .inline(jwks), provenance: here)],
            algorithms: algorithms, requiredClaims: requiredClaims, clockSkewSeconds: 0, allowsWeakKeys: false,
            requirements: requirements, provenance: here)
    }
}

extension TokenRequirements {
    static let none = test()

    static func test(
        type: TokenType = .ordinary, maxLifetimeSeconds: Int64? = nil, refusesFutureIssuedAt: Bool = true,
        subjects: [TextMatch] = [], scopes: [String] = [], claims: [ClaimCondition] = []
    ) -> TokenRequirements {
        TokenRequirements(
            type: type, maxLifetimeSeconds: maxLifetimeSeconds, refusesFutureIssuedAt: refusesFutureIssuedAt,
            subjects: subjects, scopes: scopes, claims: claims)
    }
}

extension JWTAuthentication {
    static func test(
        _ presence: Presence = .strict,
        locations: [TokenLocation] = [.header(name: "Authorization", prefix: "Bearer ")],
        issuers: [Issuer] = [.test()], forwardsToken: Bool = false, forwardsUnverifiedToken: Bool = false
    ) -> JWTAuthentication {
        JWTAuthentication(
            presence: presence, locations: locations, issuers: issuers, forwardsToken: forwardsToken,
            forwardsUnverifiedToken: forwardsUnverifiedToken, realm: "test", maxTokenBytes: 4096)
    }
}

extension Attachment {
    static func jwt(
        _ policy: JWTAuthentication, _ scope: Scope = .gateway("gateway"), phase: Phase = .route
    ) -> Attachment {
        Attachment(scope: scope, phase: phase, policy: .jwtAuthentication(policy), provenance: here)
    }
}

extension Attachment {
    static func policy(_ policy: Policy, _ scope: Scope = .gateway("gateway"), phase: Phase = .route) -> Attachment {
        Attachment(scope: scope, phase: phase, policy: policy, provenance: here)
    }
}

/// Credentials that nobody has, asked for where they are sent.
extension Attachment {
    private static let handling = CredentialHandling(
        presence: .optional, locations: [.header(name: "authorization", prefix: "Basic ")], forwardsVerified: false,
        forwardsUnverified: false, realm: "test")

    static let optionalPasswords = policy(
        .basic(
            BasicAuthentication(
                handling: handling,
                users: TextSource(
                    origin: .inline("alice:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"),
                    provenance: here))))
    static let optionalKeys: Attachment = {
        var own = handling
        own.locations = [.header(name: "x-key", prefix: "")]
        return policy(.apiKeys(APIKeyAuthentication(handling: own, keys: [])))
    }()
}

extension AuthorizationRule {
    /// A rule of these tests, told from others by its line.
    static func test(_ effect: Effect, _ expression: String, line: Int = 1) -> AuthorizationRule {
        AuthorizationRule(
            effect: effect, expression: expression, provenance: Provenance(document: "test", line: line, column: 5))
    }

    static func allow(_ expression: String, line: Int = 1) -> AuthorizationRule {
        .test(.allow, expression, line: line)
    }
    static func deny(_ expression: String, line: Int = 1) -> AuthorizationRule { .test(.deny, expression, line: line) }
    static func require(_ expression: String, line: Int = 1) -> AuthorizationRule {
        .test(.require, expression, line: line)
    }
}

extension Attachment {
    static func rules(
        _ rules: [AuthorizationRule], _ scope: Scope = .gateway("gateway"), phase: Phase = .route
    ) -> Attachment {
        Attachment(scope: scope, phase: phase, policy: .authorization(Authorization(rules: rules)), provenance: here)
    }
}

extension Route {
    /// A route to the upstream of its own name.
    static func named(
        _ name: String, hosts: [HostPattern] = [.any], _ path: PathMatch = .segmentPrefix(""), method: String? = nil,
        headers: [(String, String)] = [], query: [(String, String)] = [], hasBackend: Bool = true
    ) -> Route {
        Route(
            id: RouteID(name), name: name, hostnames: hosts, order: .specificity,
            matches: [
                RouteMatch(
                    path: path, method: method, headers: headers.map { FieldMatch(name: $0.0, value: .exact($0.1)) },
                    query: query.map { FieldMatch(name: $0.0, value: .exact($0.1)) }, provenance: here)
            ],
            action: hasBackend ? .forward(to: UpstreamID(name)) : .noBackend, provenance: here)
    }
}

extension Listener {
    static func test(_ name: String = "listener", _ hostname: HostPattern = .any, _ routes: [Route]) -> Listener {
        Listener(
            id: ListenerID(name), gatewayName: "gateway", name: name, hostname: hostname, routes: routes,
            security: .plain,
            refusalStyle: .agentgateway, provenance: here)
    }
}

extension GatewayConfiguration {
    init(_ routes: [Route], _ attachments: [Attachment] = []) {
        self.init(listeners: [.test("listener", .any, routes)], attachments)
    }

    init(listeners: [Listener], _ attachments: [Attachment] = []) {
        let names = listeners.flatMap(\.routes).map(\.name)
        self.init(
            process: ProcessSettings(
                workerThreads: 1, control: .off, admin: .off, readiness: .off, accessLog: .off, logLevel: .error,
                logFormat: .text, drainTimeout: .seconds(1)),
            traffic: .test,
            expressions: ExpressionSettings(checking: .typed, onDenyError: .deny),
            accessLog: nil,
            binds: [Bind(address: ListenAddress(host: "::", port: 1), listeners: listeners, provenance: here)],
            upstreams: names.map { name in
                Upstream(
                    id: UpstreamID(name), endpoints: [Upstream.Endpoint(.network(host: name, port: 1), weight: 1)],
                    provenance: here)
            },
            attachments: attachments, consumers: [])
    }
}

extension TrafficSettings {
    static var test: TrafficSettings {
        TrafficSettings(
            headTimeout: .seconds(1), idleTimeout: .seconds(1), bodyTimeout: .seconds(1), requestTimeout: .seconds(1),
            answerTimeout: .seconds(60), streamTimeout: nil, connectTimeout: .seconds(1), maxConnectionDuration: nil,
            keepalive: nil, maxHeadBytes: 64 << 10, maxTargetBytes: 16 << 10, maxFields: 128,
            maxBodyBytes: nil, maxBufferedBodyBytes: 1 << 20, maxBufferedBytes: 1 << 20, trustedProxies: [],
            onTokenExpiry: .close, provenance: here)
    }
}
