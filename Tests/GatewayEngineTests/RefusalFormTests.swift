import Foundation
import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

@Suite struct `The form of refusals` {
    private static func form(
        _ style: RefusalStyle = .agentgateway, _ body: String? = nil, _ contentType: String = "text/plain"
    ) -> Policy {
        .refusals(
            RefusalForm(
                style: style,
                body: body.map {
                    RefusalForm.Body(
                        template: TextSource(origin: .inline($0), provenance: here), contentType: contentType,
                        contentTypePlace: here)
                }))
    }

    private static func id(_ trust: RequestIDPolicy.Trust = .anyone, tellsClient: Bool = false) -> Policy {
        .requestID(
            RequestIDPolicy(
                header: "X-Request-Id", trust: trust, tellsBackend: true, tellsClient: tellsClient, provenance: here))
    }

    /// Refuses requests without a token.
    private static func gateway(_ attachments: GatewayModel.Attachment...) throws -> TestGateway {
        try TestGateway(
            GatewayConfiguration(
                [.named("backend"), .named("other", .exact("/other"))], [.jwt(.test())] + attachments))
    }

    /// Type and body of the answer to a request without a token.
    private static func refusal(
        _ policy: Policy, _ lines: String = "", _ more: GatewayModel.Attachment...
    ) throws -> (type: String?, body: String) {
        var gateway = try TestGateway(
            GatewayConfiguration([.named("backend")], [.jwt(.test()), .policy(policy)] + more))
        #expect(gateway.get("/", lines).refusal != nil)
        let parts = gateway.refusalText.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let type = parts[0].split(separator: "\r\n").first { $0.hasPrefix("content-type: ") }
        return (type.map { String($0.dropFirst(14)) }, String(parts[1]))
    }

    // MARK: - Styles

    struct Style: Sendable {
        var style: RefusalStyle
        var type: String
        var body: String
    }

    @Test(arguments: [
        Style(style: .agentgateway, type: "text/plain", body: "authentication failure: no bearer token found"),
        Style(
            style: .apisix, type: "text/plain; charset=utf-8",
            body: #"{"message":"Missing JWT token in request"}"# + "\n"),
        Style(
            style: .problem, type: "application/problem+json",
            body: #"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"no bearer token found","#
                + #""code":"token_missing"}"#),
        Style(
            style: .openai, type: "application/json",
            body: #"{"error":{"message":"no bearer token found","type":"authentication_error","param":null,"#
                + #""code":"token_missing"}}"#),
    ])
    func `is a style`(_ entry: Style) throws {
        let refusal = try Self.refusal(Self.form(entry.style))
        #expect(refusal.type == entry.type)
        #expect(refusal.body == entry.body)
    }

    @Test func `is that of the route, else that of its gateway, else that of the listener, else that of the dialect`()
        throws
    {
        var gateway = try Self.gateway(
            .policy(Self.form(.apisix), .listener(ListenerID("listener")), phase: .gateway),
            .policy(Self.form(.problem)), .policy(Self.form(.openai), .route(RouteID("other"))))
        _ = gateway.get("/")
        #expect(gateway.refusalText.contains("problem+json"))
        _ = gateway.get("/other")
        #expect(gateway.refusalText.contains(#"{"error":{"#))
        // Before a route is chosen.
        var listener = try TestGateway(
            GatewayConfiguration(
                [.named("backend")],
                [
                    .jwt(.test(), phase: .gateway), .policy(Self.form(.apisix), phase: .gateway),
                    .policy(Self.form(.problem)),
                ]))
        _ = listener.get("/")
        #expect(listener.refusalText.contains(#"{"message":"Missing JWT token in request"}"#))
        // Of a request that the next one does not share.
        _ = listener.ask("GET /%2f HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(listener.refusalText.contains("content-type: text/plain\r\n"))
    }

    // MARK: - Bodies

    @Test func `is a body of the user's own, with what is known of the refusal`() throws {
        let body = "{{code}} {{ status }} {{reason}}: {{message}} ({{realm}}) <{{requestId}}> } } {"
        let refusal = try Self.refusal(Self.form(.problem, body), "X-Request-Id: abc\r\n", .policy(Self.id()))
        #expect(refusal.type == "text/plain")
        #expect(refusal.body == "token_missing 401 Unauthorized: no bearer token found (test) <abc> } } {")
        let json = try Self.refusal(
            Self.form(.problem, #"{"a":{"code":"{{code}}","n":{{status}}}}"#, "application/vnd.x+json"))
        #expect(json.type == "application/vnd.x+json")
        #expect(json.body == #"{"a":{"code":"token_missing","n":401}}"#)
    }

    @Test(arguments: [
        ("application/json", #"{"r":"{{realm}}"}"#, #"{"r":"a\"b\\<\u0001>&'"}"#),
        ("text/html; charset=utf-8", "<p title='{{realm}}'>", "<p title='a&quot;b\\&lt; &gt;&amp;&#39;'>"),
        ("text/plain", "r: {{realm}}", "r: a\"b\\< >&'"),
    ])
    func `lets no value end what it stands in`(_ type: String, _ template: String, _ body: String) throws {
        var policy = JWTAuthentication.test()
        policy.realm = "a\"b\\<\u{1}>&'"
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend")], [.jwt(policy), .policy(Self.form(.agentgateway, template, type))]))
        _ = gateway.get("/")
        #expect(gateway.refusalText.hasSuffix("\r\n\r\n\(body)"))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var body: String
        var type = "text/plain"
        var code: String
        var hint: String
        var testDescription: String { "\(type): \(body.prefix(30))" }
    }

    @Test(arguments: [
        Mistake(body: "{{mesage}}", code: "placeholder_unknown", hint: "did you mean `{{message}}`?"),
        Mistake(body: "{{token}}", code: "placeholder_unknown", hint: "there are `code`"),
        Mistake(body: "a\n{{code}", code: "template_invalid", hint: "two braces"),
        Mistake(body: "{{}}", code: "placeholder_unknown", hint: "there are `code`"),
        Mistake(
            body: #"{"a":{{code}}}"#, type: "application/json", code: "template_invalid", hint: "inside of strings"),
        Mistake(body: #"{"a":"b",}"#, type: "application/problem+json", code: "template_invalid", hint: "inside"),
        Mistake(body: "a", type: "text/css", code: "content_type_not_offered", hint: "text/html"),
        Mistake(body: "a", type: "text/plain\r\nx: y", code: "content_type_not_offered", hint: "text/html"),
        Mistake(body: String(repeating: "a", count: 16385), code: "template_too_large", hint: "shorten"),
    ])
    func `is refused where it is none`(_ mistake: Mistake) throws {
        let failure = #expect(throws: TestGateway.Invalid.self) {
            try Self.gateway(.policy(Self.form(.agentgateway, mistake.body, mistake.type)))
        }
        let diagnostic = try #require(failure?.diagnostics.first)
        #expect(failure?.diagnostics.count == 1)
        #expect(diagnostic.code == mistake.code)
        #expect((diagnostic.hint ?? "").contains(mistake.hint))
    }
}

@Suite struct `The ID of a request` {
    private static func gateway(
        _ trust: RequestIDPolicy.Trust, tellsBackend: Bool = true, tellsClient: Bool = false
    ) throws -> TestGateway {
        let policy = RequestIDPolicy(
            header: "X-Request-Id", trust: trust, tellsBackend: tellsBackend, tellsClient: tellsClient,
            provenance: here)
        return try TestGateway(
            GatewayConfiguration([.named("backend")], [.policy(.requestID(policy), phase: .gateway)]))
    }

    @Test func `is a UUID that no other request has`() throws {
        var gateway = try Self.gateway(.never)
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let id = try #require(gateway.get("/").value(of: "x-request-id"))
            let parts = id.split(separator: "-")
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(id.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase })
            #expect(parts[2].first == "4" && "89ab".contains(parts[3].first ?? " "))
            #expect(seen.insert(id).inserted)
        }
    }

    @Test(arguments: [
        ("abc-1.2_3:/+=@~", true), (String(repeating: "a", count: 128), true),
        (String(repeating: "a", count: 129), false), ("a b", false), ("a\"b", false), ("<a>", false), ("", false),
        ("a,b", false), ("a;b", false), ("\u{E9}", false),
    ])
    func `is a client's only where that is trusted, and plain`(_ written: String, _ isPlain: Bool) throws {
        var gateway = try Self.gateway(.anyone)
        let answer = gateway.get("/", "X_Request_ID: \(written)\r\n")
        #expect((answer.value(of: "x-request-id") == written) == isPlain)
        #expect(answer.head.lowercased().components(separatedBy: "request").count == 2)
        for trust in [RequestIDPolicy.Trust.never, .trustedProxies] {
            var gateway = try Self.gateway(trust)
            #expect(gateway.get("/", "X-Request-Id: \(written)\r\n").value(of: "x-request-id") != written)
        }
    }

    @Test func `is none of two`() throws {
        var gateway = try Self.gateway(.anyone)
        let answer = gateway.get("/", "X-Request-Id: a\r\nX-Request-Id: b\r\n")
        #expect(answer.value(of: "x-request-id")?.count == 36)
        #expect(answer.head.components(separatedBy: "equest-").count == 2)
    }

    @Test func `is kept from backends that are not to have it`() throws {
        var gateway = try Self.gateway(.never, tellsBackend: false, tellsClient: true)
        #expect(gateway.get("/").value(of: "x-request-id") == nil)
        #expect(gateway.scratch.wholeResponseEdit?.added.text == "X-Request-Id: \(gateway.scratch.requestID.text)\r\n")
    }
}
