import Bytes
import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

@Suite struct `A header modifier` {
    private static func mutation(
        add: [(String, String)] = [], set: [(String, String)] = [], remove: [String] = []
    ) -> HeaderMutation {
        func fields(_ pairs: [(String, String)]) -> [HeaderMutation.Field] {
            pairs.map { HeaderMutation.Field(name: $0.0, value: $0.1, provenance: here) }
        }
        return HeaderMutation(add: fields(add), set: fields(set), remove: fields(remove.map { ($0, "") }))
    }

    private static func configuration(_ policies: Policy...) -> GatewayConfiguration {
        GatewayConfiguration(
            [.named("backend")],
            policies.map { Attachment(scope: .gateway("gateway"), phase: .route, policy: $0, provenance: here) })
    }

    private static func forwarded(_ lines: String, _ mutation: HeaderMutation) throws -> [String] {
        var gateway = try TestGateway(configuration(.requestHeaders(mutation)))
        let answer = gateway.get("/", lines)
        #expect(answer.refusal == nil)
        return answer.lines.dropFirst().filter { !$0.lowercased().hasPrefix("host:") }
    }

    private static let ownLines = [
        "x-forwarded-for: 192.0.2.7", "x-forwarded-proto: http", "x-forwarded-host: a",
    ]

    @Test func `adds beside what is there, sets in its place, and removes last`() throws {
        let mutation = Self.mutation(
            add: [("X-A", "2"), ("X-B", "2"), ("X-C", "2")], set: [("x-b", "3"), ("X-B", "4"), ("X-D", "")],
            remove: ["x_c", "x-e"])
        let lines = try Self.forwarded("X-A: 1\r\nX-B: 1\r\nX_B: 1\r\nX-C: 1\r\nX-E: 1\r\nX-F: 1\r\n", mutation)
        #expect(lines == ["X-A: 1", "X-F: 1", "X-A: 2", "X-B: 4", "X-D: "] + Self.ownLines)
    }

    @Test func `may replace what the gateway says of where a request came from`() throws {
        let mutation = Self.mutation(
            set: [("X-Forwarded-Proto", "https")], remove: ["X-Forwarded-Host", "X-Forwarded-For"])
        #expect(try Self.forwarded("", mutation) == ["X-Forwarded-Proto: https"])
    }

    @Test(arguments: [
        "Content-Length", "transfer_encoding", "Host", "Connection", "TE", "Upgrade", "Keep-Alive", "Expect",
        "Tollgate-Refusal", "Trailer", "Proxy-Authorization",
    ])
    func `cannot touch what frames a message or belongs to a connection`(_ name: String) throws {
        for mutation in [
            Self.mutation(add: [(name, "1")]), Self.mutation(set: [(name, "1")]), Self.mutation(remove: [name]),
        ] {
            #expect(try Self.codes(.requestHeaders(mutation)) == ["header_protected"])
            let isOfRequests = name == "Host"
            #expect(try Self.codes(.responseHeaders(mutation)) == (isOfRequests ? [] : ["header_protected"]))
        }
    }

    @Test(arguments: [URLChange.Authority.asReceived, .full("b.test")])
    func `cannot set the Host, beside a rewrite of it or alone, and is told what can`(
        _ authority: URLChange.Authority
    ) throws {
        let failure = #expect(throws: TestGateway.Invalid.self) {
            _ = try TestGateway(
                GatewayConfiguration(
                    [.named("a")],
                    [
                        .policy(.requestHeaders(Self.mutation(set: [("host", "c.test")]))),
                        .policy(.urlRewrite(URLChange(authority: authority, path: .asReceived))),
                    ]))
        }
        let diagnostic = try #require(failure?.diagnostics.first)
        #expect(diagnostic.code == "header_protected" && diagnostic.hint?.contains("`urlRewrite`") == true)
    }

    @Test(arguments: [
        ("a b", "1", "header_name_invalid"), ("", "1", "header_name_invalid"), (":path", "/", "header_name_invalid"),
        ("a", "1\r\nb: 2", "header_value_invalid"), ("a", " 1", "header_value_invalid"),
        ("a", "1\t", "header_value_invalid"), ("a", "\u{0}", "header_value_invalid"),
    ])
    func `is refused where it could not be written`(_ name: String, _ value: String, _ code: String) throws {
        #expect(try Self.codes(.requestHeaders(Self.mutation(set: [(name, value)]))) == [code])
        #expect(try Self.codes(.responseHeaders(Self.mutation(add: [(name, value)]))) == [code])
    }

    private static func codes(_ policy: Policy) throws -> [String] {
        do {
            return try TestGateway(configuration(policy)).diagnostics.map(\.code)
        } catch let invalid as TestGateway.Invalid {
            return invalid.diagnostics.map(\.code)
        }
    }

    @Test func `of answers is there for refusals, too, whose own fields it leaves alone`() throws {
        let mutation = Self.mutation(
            set: [("X-Frame-Options", "DENY"), ("Content-Type", "text/html"), ("WWW-Authenticate", "Basic")])
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend")],
                [
                    .jwt(.test(.strict)),
                    Attachment(
                        scope: .gateway("gateway"), phase: .route, policy: .responseHeaders(mutation), provenance: here),
                ]))
        let answer = gateway.get("/")
        #expect(answer.refusal == .tokenMissing)
        let refusal = Refusal(.tokenMissing)
        let edit = try #require(gateway.scratch.wholeResponseEdit)
        let text = refusal.answer(form: .standard(.agentgateway), edit: edit)
            .rendered(toHead: true, keepsAlive: true, date: Array("now".utf8)).text
        #expect(text.contains("\r\nX-Frame-Options: DENY\r\n") && text.hasSuffix("date: now\r\n\r\n"))
        #expect(!text.contains("text/html") && !text.contains("Basic"))
    }

    @Test func `of answers says nothing where no route was chosen`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend", hosts: [.exact("b")])],
                [
                    Attachment(
                        scope: .gateway("gateway"), phase: .route,
                        policy: .responseHeaders(Self.mutation(set: [("a", "1")])), provenance: here)
                ]))
        #expect(gateway.get("/", host: "b").refusal == nil)
        #expect(gateway.scratch.wholeResponseEdit != nil)
        #expect(gateway.get("/").refusal == .routeNotFound)
        #expect(gateway.scratch.wholeResponseEdit == nil)
    }
}
