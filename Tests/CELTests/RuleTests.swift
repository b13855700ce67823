import Bytes
import Testing

@testable import CEL

@Suite struct RuleTests {
    static let seed = #"request.path == "/admin" && jwt.groups.contains("admins")"#

    @Test func `the seed rule lets an admin in and nobody else`() throws {
        #expect(try evaluate(Self.seed, TestEnvironment.activation()) == "true")
        #expect(try evaluate(Self.seed, TestEnvironment.activation(path: "/")) == "false")
        #expect(try evaluate(Self.seed, TestEnvironment.activation(jwt: #"{"groups":["users"]}"#)) == "false")
        #expect(try evaluate(Self.seed, TestEnvironment.activation(jwt: "{}")) == "error: no_such_key")
    }

    @Test func `a root without a value is null`() throws {
        let anonymous = try TestEnvironment.activation(jwt: nil)
        #expect(try evaluate("jwt == null", anonymous) == "true")
        #expect(try evaluate("has(jwt.sub)", anonymous) == "false")
        #expect(try evaluate("jwt.sub == 'a'", anonymous) == "error: no_such_member")
        #expect(try evaluate("jwt == null || jwt.sub == 'a'", anonymous) == "true")
        #expect(try evaluate("default(jwt.sub, 'nobody')", anonymous) == #""nobody""#)
    }

    @Test(arguments: [
        (#"request.path.startsWith("/api") && jwt.groups.exists(g, g in ["admins", "ops"])"#, "true"),
        ("jwt.level >= 3 && jwt.level < 3.5", "true"),
        ("jwt.groups.size() == 2 && jwt.groups[1] == 'admins'", "true"),
        ("has(jwt.sub) && !has(jwt.nope)", "true"),
        ("request.headers.host + ':' + request.headers['host']", #""example.com:example.com""#),
        ("jwt.groups.filter(g, g != 'users')", #"["admins"]"#),
        ("jwt.groups.all(g, size(g) > 4)", "true"),
        ("jwt.groups.map(g, g + '!')", #"["users!", "admins!"]"#),
        ("jwt.groups.exists_one(g, g == 'users')", "true"),
        ("coalesce(jwt.nope, null, jwt.sub)", #""a""#),
        ("jwt.with(j, j.sub + j.sub)", #""aa""#),
    ])
    func `rules read claims and request`(_ rule: String, _ expected: String) throws {
        #expect(try evaluate(rule, TestEnvironment.activation(path: "/api/x")) == expected)
    }

    @Test func `a program lists the attributes it reads`() throws {
        let program = try CELProgram(Self.seed, environment: TestEnvironment.value)
        #expect(program.attributes == [TestEnvironment.path, TestEnvironment.jwt])
        #expect(try CELProgram("1 + 2 == 3", environment: TestEnvironment.value).constant?.debugText == "true")
    }
}

@Suite struct CompileErrorTests {
    @Test func `an unknown member of a typed root is shown with a caret and a suggestion`() throws {
        let error = try #require(compileError("true &&\n  request.pth == '/'"))
        #expect(error.line == 2)
        #expect(error.column == 11)
        #expect(
            error.description == """
                2:11: 'request' has no member 'pth'
                 |   request.pth == '/'
                 |           ^
                  Did you mean 'path'?
                """)
    }

    @Test(arguments: [
        ("reqest.path", "unknown variable 'reqest'", "Did you mean 'request'?"),
        ("request.path.startWith('/')", "unknown function 'startWith'", "Did you mean 'startsWith'?"),
        ("request.path != null", "a string is never null", nil),
        ("request.path == 1", "found no matching overload for '_==_' applied to '(string, int)'", nil),
        ("request.path.size(1)", "found no matching overload for 'size' applied to 'string.(int)'", nil),
        ("request.path &&", "expected an expression, found the end", nil),
        ("1 + ", "expected an expression, found the end", nil),
        ("'abc", "this string does not end", nil),
        ("rb'a' == b'a'", "expected an operator or the end of the expression, found ''a''", nil),
        (
            "has(request.headers['x-a'])", "has() takes a field selection such as has(a.b)",
            "A key in brackets is asked for with 'in': \"b-c\" in a."
        ),
        ("request", "'request' is a group of values, not a value", nil),
        ("if", "'if' is a reserved word", nil),
        ("99999999999999999999", "the number does not fit 64 bits", nil),
    ])
    func `mistakes are named`(_ source: String, _ message: String, _ hint: String?) throws {
        let error = try #require(compileError(source))
        #expect(error.message == message)
        if let hint { #expect(error.issues.first?.hint == hint) }
    }

    @Test func `an expression that is only parsed fails when evaluated`() throws {
        var environment = TestEnvironment.value
        environment.checking = .parseOnly
        #expect(try evaluate("request.pth == 'x'", in: environment) == "error: unknown_variable")
        #expect(try evaluate("request.pth == 'x' || true", in: environment) == "true")
        #expect(try evaluate("nope(1) || true", in: environment) == "true")
    }
}

@Suite struct LimitTests {
    @Test func `nesting is bounded`() {
        let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        #expect(compileError(deep)?.issues.first?.kind == .limit)
        #expect(compileError(Array(repeating: "1", count: 3000).joined(separator: "+"))?.issues.first?.kind == .limit)
        let lists = String(repeating: "[", count: 3000) + String(repeating: "]", count: 3000)
        #expect(compileError(lists)?.issues.first?.kind == .limit)
        #expect(compileError(String(repeating: "!", count: 3000) + "true")?.issues.first?.kind == .limit)
        #expect(compileError(Array(repeating: "true", count: 3000).joined(separator: " && ")) == nil)
    }

    @Test func `an exhausted budget is an error of its own that nothing absorbs`() throws {
        let list = "[" + Array(repeating: "1", count: 100).joined(separator: ",") + "]"
        let cubic = "\(list).all(a, \(list).all(b, \(list).all(c, a + b + c > 0)))"
        #expect(try evaluate(cubic) == "error: budget_exceeded")
        #expect(try evaluate("\(cubic) || true") == "error: budget_exceeded")
        #expect(try evaluate("default(\(cubic), true)") == "error: budget_exceeded")
    }

    @Test func `a string that doubles runs out of budget, not of memory`() throws {
        var source = "request.path"
        for level in 0..<40 { source = "cel.bind(s\(level), \(source), s\(level) + s\(level))" }
        let activation = try TestEnvironment.activation(path: String(repeating: "x", count: 1000))
        #expect(try evaluate(source, activation) == "error: budget_exceeded")
    }
}
