import Foundation
import GatewayEngine
import GatewayModel
import Testing

@Suite struct RequestEnvironmentTests {
    /// What a rule says of a request: whether the request passes an `allow` of that text.
    private static func holds(
        _ rule: String, _ target: String = "/", _ lines: String = "", policy: JWTAuthentication? = nil,
        instance: GatewayInstance = GatewayInstance()
    ) throws -> Bool {
        let guards = policy.map { [Attachment.jwt($0)] } ?? []
        var gateway = try TestGateway(
            GatewayConfiguration([.named("shop")], guards + [.rules([.allow(rule)])]), instance: instance)
        let answer = gateway.get(target, host: "Shop.Example:8080", lines)
        #expect(answer.refusal == nil || answer.refusal == .authorizationDenied)
        return answer.refusal == nil
    }

    @Test(arguments: [
        "request.method == 'GET'",
        "request.scheme == 'http'",
        "request.host == 'shop.example'",
        "request.path == '/a%20b/c'",
        "request.pathAndQuery == '/a%20b/c?x=1&y=%C3%A9&x=2&z'",
        "request.uri == 'http://shop.example/a%20b/c?x=1&y=%C3%A9&x=2&z'",
        "request.version == 'HTTP/1.1'",
        "request.startTime == timestamp('2027-01-15T08:00:00Z')",
        "request.query.y == 'é' && request.query['y'] == 'é'",
        "request.query.z == '' && has(request.query.z) && !has(request.query.none)",
        "request.query.size() == 3 && 'x' in request.query",
        "request.uri.query('x') == ['1', '2'] && request.pathAndQuery.query('none') == []",
        "request.headers['X-Team'] == 'red, blue' && request.headers['x-team'] == 'red, blue'",
        "request.headers.accept == '*/*' && has(request.headers.accept) && !has(request.headers.nope)",
        "request.headers['cookie'] == 'a=1; b=2'",
        "request.headers.cookie('b') == '2'",
        "request.headers.size() == 4 && request.headers.all(name, name == name.lowerAscii())",
        "!('connection' in request.headers) && !('x-hop' in request.headers)",
        "source.address == '192.0.2.7' && source.port == 4711 && !source.tls",
        "source.rawAddress == source.address && source.rawPort == source.port",
        "cidr('192.0.2.0/24').containsIP(source.address)",
        "destination.address == '192.0.2.1' && destination.port == 1",
        "gateway.name == 'gateway' && gateway.listener == 'listener' && route.name == 'shop'",
        "proxy.bind == '[::]:1' && proxy.gateway.name == gateway.name && proxy.listener.name == gateway.listener",
        "proxy.route.name == 'shop' && has(proxy.route.name)",
        "jwt == null && consumer == null && apiKey == null && basicAuth == null && extauthz == null && metadata == null",
        "!has(jwt.sub) && !has(metadata.x) && !has(source.subjectCn) && !has(source.identity)",
        "!has(env.podName) && default(env.namespace, 'none') == 'none'",
        "default(jwt.sub, 'nobody') == 'nobody'",
    ])
    func `shows the request`(_ rule: String) throws {
        let lines =
            "Accept: */*\r\nX-Team: red\r\nCookie: a=1\r\nX-Team: blue\r\ncookie: b=2\r\n"
            + "Connection: X-Hop\r\nX-Hop: 1\r\n"
        #expect(try Self.holds(rule, "/x/../a%20b/c?x=1&y=%C3%A9&x=2&z", lines))
    }

    @Test(arguments: [
        ("source.identity != null", "a map(string, string) is never null", "has(source.identity)"),
        ("null == source.spiffeId", "a string is never null", "!has(source.spiffeId)"),
    ])
    func `says what to write instead of a comparison with null`(_ rule: String, _ message: String, _ instead: String) {
        do throws(RuleCheck.Failure) {
            _ = try RuleCheck(rule, isTyped: true)
            Issue.record("it compiles")
        } catch {
            #expect(error.text.contains(message) && error.text.contains("write \(instead)."), "\(error.text)")
        }
    }

    @Test(arguments: [
        "request.query.x == '1'", "request.query.x == '2'", "request.query.x != '3'",
        "request.query.exists(name, request.query[name] == '1')",
    ])
    func `a parameter that is there twice is taken for neither`(_ rule: String) throws {
        #expect(try !Self.holds(rule, "/?x=1&x=2"))
    }

    @Test(arguments: [
        "request.query.x == 'a'", "request.query.x != 'a'", "has(request.query.x) && request.query.x != ''",
    ])
    func `escapes that are no text fail the rule`(_ rule: String) throws {
        #expect(try !Self.holds(rule, "/?x=%FF"))
    }

    @Test func `a header that is no text fails the rule that reads it`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")], [.rules([.deny("has(request.headers.x) && request.headers.x != 'good'")])]))
        #expect(gateway.get("/", "X: good\r\n").refusal == nil)
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xFF, 0x80] + Array("\r\n\r\n".utf8)
        #expect(gateway.ask(bytes: head).verdict == "the deny rule at test:1:5 cannot be evaluated: invalid UTF-8")
    }

    // MARK: - Claims

    @Test(arguments: [
        ("jwt.sub == 'alice' && jwt != null && has(jwt.iss) && jwt.exp > 1800000000", true),
        ("jwt.groups.contains('admins') && 'ops' in jwt.groups", true),
        ("jwt.nested.key == 'value' && jwt['nested']['key'] == 'value'", true),
        ("jwt.nope == 'x'", false),
        ("'authorization' in request.headers", false),
        ("request.headers.size() == 1", true),
    ])
    func `shows the claims, and not the header they came in`(_ rule: String, _ expected: Bool) throws {
        let token = try Tokens.token(["groups": #"["admins","ops"]"#, "nested": #"{"key":"value"}"#]).text
        #expect(try Self.holds(rule, "/", "Authorization: Bearer \(token)\r\n", policy: .test()) == expected)
    }

    @Test(arguments: [
        "request.uri.contains('token')", "request.pathAndQuery.contains('token')", "has(request.query.token)",
        "request.query.size() != 1", "request.query.exists(name, name == 'token')",
        "request.uri != 'http://shop.example/?keep=1'",
    ])
    func `a parameter that is the token is not shown`(_ rule: String) throws {
        let policy = JWTAuthentication.test(locations: [.queryParameter(name: "token")])
        let token = try Tokens.token().text
        #expect(try !Self.holds(rule, "/?token=\(token)&keep=1", policy: policy))
        #expect(try !Self.holds(rule, "/?keep=1&%74oken=\(token)", policy: policy))
    }

    @Test(arguments: [
        "has(request.headers.cookie) && request.headers.cookie != 'a=1; b=2'", "!has(request.headers.cookie)",
    ])
    func `a cookie that is the token is not shown`(_ rule: String) throws {
        let policy = JWTAuthentication.test(locations: [.cookie(name: "session")])
        let token = try Tokens.token().text
        #expect(try !Self.holds(rule, "/", "Cookie: a=1; session=\(token); b=2\r\n", policy: policy))
        #expect(try Self.holds("!has(request.headers.cookie)", "/", "Cookie: session=\(token)\r\n", policy: policy))
    }

    @Test(arguments: [
        "jwt.all(name, name != 'rawToken')", "!('rawToken' in jwt)", "jwt.with(j, !has(j.rawToken))",
        "jwt['sub'] == 'alice' && jwt.size() == 4", "jwt.map(name, name).size() == 4",
        "!toJson(jwt).contains('forged')",
    ])
    func `no claim passes for the token itself`(_ rule: String) throws {
        let token = try Tokens.token(["rawToken": #""forged""#]).text
        #expect(try Self.holds(rule, "/", "Authorization: Bearer \(token)\r\n", policy: .test()))
    }

    @Test(arguments: [
        ("jwt.rawToken == 'x'", "is a secret"), ("has(jwt.rawToken)", "is a secret"),
        ("jwt['rawToken'] == 'x'", "is a secret"),
        ("jwt.rawToken.unredacted() == 'x'", "transformations"), ("jwt.?rawToken.hasValue()", "is a secret"),
        ("unvalidatedJwtPayload('x').sub == 'a'", "nobody verified"),
        ("request.headers.authorization.unvalidatedJwtPayload().sub == 'a'", "nobody verified"),
        ("llm.requestModel == 'a'", "'llm' is part of agentgateway and not offered: language models"),
        ("has(mcp.tool.name)", "'mcp' is part of agentgateway"),
        ("request.bodyPrefix == b''", "`request.body` is the whole"),
        ("source.unverifiedWorkload.name == 'a'", "`source.identity` is who"),
        ("default(response.grpcStatus, 0) == 0", "authorization comes before the response"),
        ("size(request.headers.redacted()) == 1", "'redacted' is part of agentgateway"),
        ("response.code == 200", "before the response"), ("backend.name == 'a'", "after authorization"),
    ])
    func `what a rule must not read, or cannot, is an error at load`(_ rule: String, _ reason: String) throws {
        let invalid = #expect(throws: TestGateway.Invalid.self) { try Self.holds(rule) }
        let diagnostic = try #require(invalid?.diagnostics.first)
        #expect(diagnostic.message.contains(reason), "\(diagnostic.message)")
        #expect(diagnostic.inside?.excerpt.contains("^") == true)
    }

    @Test func `what a rule must not read is refused in rules that are only parsed, too`() {
        for rule in ["jwt.rawToken == 'x'", "response.code == 200"] {
            var configuration = GatewayConfiguration([.named("a")], [.rules([.allow(rule)])])
            configuration.expressions.checking = .parseOnly
            #expect(throws: TestGateway.Invalid.self) { try TestGateway(configuration) }
        }
    }

    @Test func `names of the instance come from its environment`() throws {
        let instance = GatewayInstance(environment: [
            "POD_NAME": "p1", "NAMESPACE": "shop", "GATEWAY": "g", "HOME": "/",
        ])
        let rule = "env.podName == 'p1' && env.namespace == 'shop' && env.gateway == 'g'"
        #expect(try Self.holds(rule, instance: instance))
    }

    @Test func `before a route is chosen there is none`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")], [.rules([.allow("!has(route.name) && !has(proxy.route.name)")], phase: .gateway)]))
        #expect(gateway.get("/").refusal == nil)
    }

    // MARK: - Functions

    @Test(arguments: [
        "sha256.encode('abc') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'",
        "sha1.encode(b'abc') == 'a9993e364706816aba3e25717850c26c9cd0d89d'",
        "md5.encode('') == 'd41d8cd98f00b204e9800998ecf8427e'",
        "random() >= 0.0 && random() < 1.0",
        "uuid().matches('^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$') && uuid() != uuid()",
        "'/a?x=%41+b'.query('x') == ['A b']",
        "default({'a': '1'}.cookie('a'), 'none') == 'none'",
        "{'cookie': 'aa=1; a=2'}.cookie('a') == '2'",
        "{'cookie': 'a=\"1\";b=x=y'}.cookie('a') == '1' && {'cookie': 'a=\"1\";b=x=y'}.cookie('b') == 'x=y'",
        "{'cookie': 'a=\\u0301'}.cookie('a') == '\\u0301'",
        "default({'cookie': 'a=1; a=2'}.cookie('a'), 'two') == 'two'",
        "'/a'.addQuery('b', 'c d') == '/a?b=c%20d' && '/a?b=1'.addQuery('b', '&=é') == '/a?b=1&b=%26%3D%C3%A9'",
        "'/a?b=1&%62=2&c=3&b'.setQuery('b', 'x') == '/a?c=3&b=x' && '/a?b=1'.setQuery('b', '') == '/a?b='",
        "'/a'.setQuery('b', '1') == '/a?b=1' && 'http://a/?&x=1'.setQuery('y?', '2') == 'http://a/?x=1&y%3F=2'",
    ])
    func `functions of requests answer`(_ rule: String) throws {
        #expect(try Self.holds(rule))
    }

    @Test func `the page of expressions says what the code says`() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: tests.appending(path: "../Docs/Expressions.md"), encoding: .utf8)
        #expect(page == RequestEnvironment.markdown, "make docs brings it up to date")
    }
}
