import Foundation
import GatewayEngine
import GatewayModel
import Testing

/// The first table of `Docs/Order.md`, by what happens where two stages would answer one request.
@Suite struct `The order of policies` {
    private typealias Attachment = GatewayModel.Attachment

    /// A stage that answers the request of these tests, and what is told of its answer.
    private struct Stage {
        /// As the page names it: the stage and where it stands.
        let name: String
        var attachments: [Attachment] = []
        let mark: String
        /// No route matches.
        var hidesRoute = false
        /// The route has no backend.
        var hidesBackend = false
    }

    /// A pre-flight without any credential.
    private static let request = """
        OPTIONS /a HTTP/1.1\r\nHost: a\r\nOrigin: https://b.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n
        """

    private static func stages() throws -> [Stage] {
        var stages: [Stage] = []
        for (place, phase, scope) in [
            ("listener", Attachment.Phase.gateway, Attachment.Scope.listener(ListenerID("listener"))),
            ("route", .route, .route(RouteID("a"))),
        ] {
            func add(_ name: String, _ policy: Policy, _ mark: String) {
                stages.append(
                    Stage(name: "`\(name)` \(place)", attachments: [.policy(policy, scope, phase: phase)], mark: mark))
            }
            let age: Int64 = place == "listener" ? 1 : 2
            add("cors", .cors(cors(age)), "access-control-max-age: \(age)\r\n")
            add("jwtAuth", .jwtAuthentication(token("token \(place)")), "realm=\"token \(place)\"")
            let combined = CombinedAuthentication(presence: .strict, requirement: .token(token("any \(place)"), here))
            add("authentication", .combined(combined), "realm=\"any \(place)\"")
            add("basicAuth", .basic(passwords("password \(place)")), "realm=\"password \(place)\"")
            add("apiKey", .apiKeys(keys("key \(place)")), "realm=\"key \(place)\"")
            let rule = AuthorizationRule.deny("true", line: Int(age))
            add("authorization", .authorization(Authorization(rules: [rule])), "test:\(age):5")
        }
        let route = Attachment.Scope.route(RouteID("a"))
        let choice = Stage(name: "choice of the route", mark: "tollgate-refusal: route_not_found", hidesRoute: true)
        stages.insert(choice, at: stages.count / 2)
        let limit = RateLimit(
            maxTokens: 1, tokensPerFill: 1, fillInterval: .seconds(60), key: nil, maxKeys: 8, condition: nil)
        let url = URLChange(authority: .host("elsewhere.test"), path: .asReceived)
        for (name, policy, mark) in [
            ("localRateLimit", Policy.rateLimit(LocalRateLimit(limits: [limit], isFirstMatch: false)), "rate_limited"),
            (
                "requestRedirect", .requestRedirect(RequestRedirect(location: .changed(scheme: nil, url), status: 302)),
                "location: http://elsewhere.test/a"
            ),
            ("directResponse", .directResponse(DirectResponse(status: 418, body: [])), "HTTP/1.1 418"),
        ] {
            stages.append(Stage(name: "`\(name)` route", attachments: [.policy(policy, route)], mark: mark))
        }
        stages.append(
            Stage(name: "a backend is there", mark: "tollgate-refusal: no_backend", hidesBackend: true))
        return stages
    }

    private static func cors(_ maxAge: Int64) -> CORS {
        CORS(
            origins: .any, allowsCredentials: false, methods: .any, headers: .any, exposedHeaders: .none,
            maxAgeSeconds: maxAge)
    }

    private static func token(_ realm: String) -> JWTAuthentication {
        var policy = JWTAuthentication.test()
        policy.realm = realm
        return policy
    }

    private static func handling(_ realm: String) -> CredentialHandling {
        CredentialHandling(
            presence: .strict, locations: [.header(name: "x-credential", prefix: "")], forwardsVerified: false,
            forwardsUnverified: false, realm: realm)
    }

    private static func keys(_ realm: String) -> APIKeyAuthentication {
        APIKeyAuthentication(handling: handling(realm), keys: [])
    }

    private static func passwords(_ realm: String) -> BasicAuthentication {
        BasicAuthentication(
            handling: handling(realm),
            users: TextSource(origin: .inline("bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="), provenance: here))
    }

    /// The answer to the second of two requests: the first one takes what a limit lets pass.
    private static func answer(_ stages: Stage...) throws -> String {
        let route = Route.named(
            "a", stages.contains { $0.hidesRoute } ? .exact("/other") : .exact("/a"),
            hasBackend: !stages.contains { $0.hidesBackend })
        var gateway = try TestGateway(GatewayConfiguration([route], stages.flatMap(\.attachments)))
        _ = gateway.ask(request)
        let answer = gateway.ask(request)
        if answer.upstream != nil { return "forwarded" }
        return answer.response ?? (gateway.refusalText + (answer.verdict ?? ""))
    }

    /// The stages of the page that answer, in its order.
    private static func page() throws -> [String] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: tests.appending(path: "../Docs/Order.md"), encoding: .utf8)
        return page.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 5, cells[3] != "–", cells[1] != "stage", !cells[1].hasPrefix("-") else { return nil }
            return cells[2].isEmpty ? cells[1] : "\(cells[1]) \(cells[2])"
        }
    }

    @Test func `is that of the page`() throws {
        #expect(try Self.page() == Self.stages().map(\.name))
    }

    @Test func `has the earlier one of any two stages answer`() throws {
        let stages = try Self.stages()
        #expect(try Self.answer() == "forwarded")
        for (index, stage) in stages.enumerated() {
            let alone = try Self.answer(stage)
            #expect(alone.contains(stage.mark), "\(stage.name) alone: \(alone)")
            for later in stages[(index + 1)...] {
                #expect(!alone.contains(later.mark), "\(later.name) would not be told from \(stage.name)")
                let both = try Self.answer(stage, later)
                #expect(both.contains(stage.mark), "\(stage.name) before \(later.name): \(both)")
            }
        }
    }
}
