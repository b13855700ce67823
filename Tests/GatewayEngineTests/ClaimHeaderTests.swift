import Bytes
import GatewayEngine
import GatewayModel
import HTTPWire
import JOSE
import Testing

extension ClaimHeader {
    fileprivate static func test(
        _ name: String, _ path: String..., format: ListFormat = .csv, encoding: Encoding = .plain
    ) -> ClaimHeader {
        ClaimHeader(name: name, path: path, listFormat: format, encoding: encoding, provenance: here)
    }
}

extension JWTAuthentication {
    fileprivate static func handingOn(_ headers: [ClaimHeader], _ presence: Presence = .strict) -> JWTAuthentication {
        var issuer = Issuer.test()
        issuer.claimHeaders = headers
        var policy = JWTAuthentication.test(presence, issuers: [issuer])
        policy.maxTokenBytes = 16384
        return policy
    }
}

@Suite struct `A claim as a header` {
    struct Case: Sendable, CustomTestStringConvertible {
        var header: ClaimHeader
        /// The claim `c`, as JSON; nil leaves it out.
        var claim: String?
        /// Nil: there is no such header.
        var value: String?
        var isRefused = false
        var testDescription: String { "\(header.encoding) \(header.listFormat) \(claim?.prefix(40) ?? "nothing")" }

        init(
            _ claim: String?, _ value: String?, format: ClaimHeader.ListFormat = .csv,
            _ encoding: ClaimHeader.Encoding = .plain
        ) {
            header = .test("X-C", "c", format: format, encoding: encoding)
            self.claim = claim
            self.value = value
        }

        static func refused(
            _ claim: String, format: ClaimHeader.ListFormat = .csv, _ encoding: ClaimHeader.Encoding = .plain
        ) -> Case {
            var refused = Case(claim, nil, format: format, encoding)
            refused.isRefused = true
            return refused
        }
    }

    private static let long = String(repeating: "a", count: 4096)

    static let cases: [Case] = [
        Case(#""alice""#, "alice"), Case(#""a \u0062, c""#, "a b, c"), Case(#""""#, ""),
        Case("12345678901234567890", "12345678901234567890"), Case("-7", "-7"), Case("1.50", "1.50"),
        Case("1e3", "1e3"), Case("true", "true"), Case("false", "false"),
        Case(nil, nil), Case("null", nil),
        Case(#"["a","b c",3,true]"#, "a,b c,3,true"), Case("[]", ""),
        Case(#"["a,b",{"c":[null]},"é\n"]"#, #"["a,b",{"c":[null]},"\u00e9\n"]"#, format: .json),
        Case(#"{"a":12345678901234567890,"😀":"\u007f"}"#, #"{"a":12345678901234567890,"\ud83d\ude00":"\u007f"}"#),
        Case("{}", "{}"),
        Case(#""é, \r\n:""#, "%C3%A9%2C%20%0D%0A%3A", .percent), Case(#""\u0000""#, "%00", .percent),
        Case(#"["a,b",""]"#, nil, .percent),
        Case(#"["a,b"," c"]"#, "a%2Cb,%20c", .percent), Case("\"\(long)\"", long),
        .refused(#""é""#), .refused(#""a\r\nX-Admin: yes""#), .refused(#""a\nb""#), .refused(#""a\u0000b""#),
        .refused(#""a\tb""#), .refused(#""\u007f""#), .refused(#"" a""#), .refused(#""a ""#), .refused(#"" ""#),
        .refused("\"\(long)a\""), .refused("\"\(long)\u{e9}\"", .percent),
        .refused(#"["a,b"]"#), .refused(#"["a",""]"#), .refused(#"["a"," b"]"#), .refused(#"["a",null]"#),
        .refused(#"["a",["b"]]"#), .refused(#"[{"a":1}]"#), .refused(#"["a","é"]"#),
    ].map { entry in
        var entry = entry
        // An element without text cannot be told from none.
        if entry.claim == #"["a,b",""]"# { entry.isRefused = true }
        return entry
    }

    @Test(arguments: cases)
    func `is written exactly, or the token is refused`(_ entry: Case) throws {
        var gateway = try TestGateway(.handingOn([entry.header]))
        let token = try Tokens.token(["c": entry.claim])
        // Once verified, once remembered.
        for _ in 0..<2 {
            let answer = gateway.get(token: token)
            #expect(answer.refusal == (entry.isRefused ? .claimUnforwardable : nil))
            guard !entry.isRefused else { continue }
            let lines = answer.lines.filter { $0.lowercased().hasPrefix("x-c:") }
            #expect(lines == (entry.value.map { ["X-C: \($0)"] } ?? []))
        }
    }

    @Test func `may be inside another claim`() throws {
        var gateway = try TestGateway(
            .handingOn([.test("a", "x", "y", "z"), .test("b", "x.y"), .test("c", "sub", "y"), .test("d", "x", "n")]))
        let answer = gateway.get(token: try Tokens.token(["x": #"{"y":{"z":[1,2]}}"#, "x.y": "3"]))
        #expect(
            answer.lines.filter { "abcd".contains($0.first ?? " ") && $0.dropFirst().hasPrefix(":") } == [
                "a: 1,2", "b: 3",
            ])
    }

    @Test func `has a bound together with all others`() throws {
        let headers = (0..<5).map { ClaimHeader.test("x-\($0)", "c") }
        let claim = "\"\(String(repeating: "a", count: 3500))\""
        var gateway = try TestGateway(.handingOn(headers))
        #expect(gateway.get(token: try Tokens.token(["c": "\"a\""])).refusal == nil)
        #expect(gateway.get(token: try Tokens.token(["c": claim])).refusal == .claimUnforwardable)
    }
}

@Suite struct `A header that hands on a claim` {
    private static let forged =
        "X-User-Id: root\r\nx_user_id: root\r\nX-USER_ID: root\r\nx-user-id: root\r\nX-User: root\r\nX-Kept: yes\r\n"

    private static func users(_ answer: TestGateway.Answer) -> [String] {
        answer.lines.filter { $0.lowercased().hasPrefix("x") && $0.contains("ser") }
    }

    @Test(arguments: [Presence.strict, .optional, .permissive])
    func `never is a client's, whoever it is`(_ presence: Presence) throws {
        var gateway = try TestGateway(.handingOn([.test("X-User_Id", "sub"), .test("X-User", "name")], presence))
        let token = "Authorization: Bearer \(try Tokens.token().text)\r\n"
        #expect(Self.users(gateway.get("/", Self.forged + token)) == ["X-User_Id: alice"])
        #expect(Self.users(gateway.get("/", token + Self.forged)) == ["X-User_Id: alice"])
        let bad = "Authorization: Bearer \(try Tokens.token(key: Tokens.stranger).text)\r\n"
        for lines in ["", bad, token + token, "Authorization: Basic YTpi\r\n"] {
            let answer = gateway.get("/", lines + Self.forged)
            #expect(Self.users(answer).isEmpty)
            #expect((answer.upstream == nil) == (answer.refusal != nil))
            if answer.upstream != nil { #expect(answer.value(of: "X-Kept") == "yes") }
        }
    }

    @Test func `is nobody's on routes without the policy, and hidden from rules and routing`() throws {
        let rule = AuthorizationRule.deny(#""x-user" in request.headers && request.headers["x-user"] == "root""#)
        let routes = [Route.named("open"), Route.named("admin", headers: [("X-User", "root")])]
        var gateway = try TestGateway(
            GatewayConfiguration(
                routes + [.named("guarded", .exact("/guarded"))],
                [.jwt(.handingOn([.test("x-user", "sub")]), .route(RouteID("guarded"))), .rules([rule])]))
        let answer = gateway.get("/", Self.forged)
        #expect(answer.upstream == "open")
        #expect(answer.value(of: "X-User") == nil)
        #expect(gateway.scratch.guardedNames?.names == [Array("x-user".utf8)])
    }

    @Test func `counts as the connection's no less`() throws {
        var gateway = try TestGateway(.handingOn([.test("X-User", "sub")]))
        let token = "Authorization: Bearer \(try Tokens.token().text)\r\n"
        #expect(gateway.get("/", "Connection: x-user\r\nX-User: root\r\n" + token).value(of: "X-User") == "alice")
    }

    @Test func `is the later phase's where both have it`() throws {
        var second = JWTAuthentication.handingOn([.test("x_user", "sub"), .test("x-b", "sub")], .permissive)
        second.locations = [.header(name: "X-Second", prefix: "")]
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend")],
                [
                    .jwt(.handingOn([.test("X-User", "sub"), .test("X-A", "sub")]), phase: .gateway),
                    .jwt(second, phase: .route),
                ]))
        let first = "Authorization: Bearer \(try Tokens.token().text)\r\n"
        let bob = "X-Second: \(try Tokens.token(["sub": #""bob""#]).text)\r\n"
        let none = gateway.get("/", first)
        #expect(none.value(of: "X-User") == "alice" && none.value(of: "X-A") == "alice")
        let both = gateway.get("/", first + bob)
        #expect(both.value(of: "X-User") == nil)
        #expect(both.value(of: "x_user") == "bob" && both.value(of: "x-b") == "bob")
        #expect(both.value(of: "X-A") == "alice")
        // What failed proves nothing, and takes the claims of the first along.
        let failed = gateway.get("/", first + "X-Second: nonsense\r\n")
        #expect(failed.upstream == "backend" && failed.subject == nil)
        #expect(failed.value(of: "X-User") == nil && failed.value(of: "X-A") == nil)
    }

    @Test func `is not another policy's, though both take one token`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a")), .named("b", .exact("/b"))],
                [
                    .jwt(.handingOn([.test("X-User", "sub")]), .route(RouteID("a"))),
                    .jwt(.handingOn([.test("X-User", "aud")]), .route(RouteID("b"))),
                ]))
        let token = try Tokens.token()
        for _ in 0..<2 {
            #expect(gateway.get("/a", token: token).value(of: "X-User") == "alice")
            #expect(gateway.get("/b", token: token).value(of: "X-User") == "api")
        }
        #expect(gateway.cache.count == 2)
    }

    @Test func `stays one when keys are renewed`() throws {
        var gateway = try TestGateway(.handingOn([.test("X-User", "sub")], .optional))
        gateway.snapshot = gateway.snapshot.renewed(KeyMaterial())
        #expect(gateway.get("/", Self.forged).value(of: "X-User") == nil)
        #expect(gateway.scratch.guardedNames?.names == [Array("x-user".utf8)])
        let source = Issuer.test().keySources[0]
        let options = KeyImportOptions(allowWeak: false, admitsSecrets: false)
        let keys = KeyImport(Tokens.key.verificationJWKS.text, options: options).keySet
        gateway.snapshot = gateway.snapshot.renewed(KeyMaterial(keySets: [source: keys]))
        #expect(gateway.get(token: try Tokens.token()).value(of: "X-User") == "alice")
    }

    @Test func `counts among the bytes of the token cache`() throws {
        func bytes(_ headers: [ClaimHeader]) throws -> Int {
            var gateway = try TestGateway(.handingOn(headers))
            _ = gateway.get(token: try Tokens.token(["c": "\"\(String(repeating: "a", count: 1000))\""]))
            return gateway.cache.byteCount
        }
        #expect(try bytes([.test("x-c", "c")]) >= bytes([]) + 1000)
    }

    @Test(arguments: [
        "Host", "Authorization", "cookie", "Content_Length", "Transfer-Encoding", "Connection", "X-Forwarded-For",
        "x_forwarded_user", "Forwarded", "X-Real-IP", "TE", "Tollgate-Refusal", "Expect",
    ])
    func `cannot be one that says something else`(_ name: String) throws {
        #expect(codes([.test(name, "sub")]) == ["header_protected"])
    }

    @Test func `has a name, and one claim`() throws {
        #expect(codes([.test("X User", "sub")]) == ["header_name_invalid"])
        #expect(codes([.test("", "sub")]) == ["header_name_invalid"])
        #expect(codes([.test("X-User", "sub"), .test("x_user", "aud")]) == ["header_duplicate"])
    }

    private func codes(_ headers: [ClaimHeader]) -> [String] {
        do {
            return try TestGateway(.handingOn(headers)).diagnostics.map(\.code)
        } catch {
            return (error as? TestGateway.Invalid)?.diagnostics.map(\.code) ?? []
        }
    }
}
