import GatewayDialects
import GatewayModel
import Testing

@Suite struct `Names and addresses` {
    @Test(arguments: [
        "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1", "1::8",
    ])
    func `of IPv6 are told`(_ text: String) { #expect(HostSyntax.isIPv6(text)) }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0", "::1.2.3",
        "1:2:3:4:5:6:7:192.0.2.1", "::ffff:192.0.2.256", "192.0.2.1::", "1:2:3:4:5:6:7::8", ":1::",
    ])
    func `that are no IPv6 are refused`(_ text: String) { #expect(!HostSyntax.isIPv6(text)) }

    @Test func `of IPv4 are four decimal numbers without leading zeros`() {
        #expect(HostSyntax.isIPv4("0.0.0.0"))
        #expect(HostSyntax.isIPv4("255.255.255.255"))
        for text in ["1.2.3", "1.2.3.4.5", "1.2.3.04", "1.2.3.256", "1.2.3.", "1.2.3.+4", ""] {
            #expect(!HostSyntax.isIPv4(text))
        }
    }

    @Test func `of endpoints are split and lowered`() throws {
        let name = try HostSyntax.endpoint("API.internal.:443")
        #expect(name == ("api.internal", 443))
        let address = try HostSyntax.endpoint("[2001:DB8::A]:1")
        #expect(address == ("2001:db8::a", 1))
    }

    @Test(arguments: [
        ":80", "a:", "a:0", "a:+1", "a: 1", "[::1]80", "[]:80", "a b:80", "a/b:80", "@:80", "a:1:2", "[::1:80", "..:80",
    ])
    func `of endpoints that are wrong are refused`(_ text: String) {
        #expect(throws: NameProblem.self) { try HostSyntax.endpoint(text) }
    }

    @Test func `of hosts meet where a host answers to both`() throws {
        func pattern(_ text: String) throws -> HostPattern { try HostPattern(written: text) }
        #expect(try pattern("*").intersects(pattern("a.test")))
        #expect(try pattern("*.test").intersects(pattern("a.b.test")))
        #expect(try !pattern("*.test").intersects(pattern("test")))
        #expect(try !pattern("*.b.test").intersects(pattern("ab.test")))
        #expect(try pattern("*.test").intersects(pattern("*.b.test")))
        #expect(try !pattern("*.a.test").intersects(pattern("*.b.test")))
    }

    @Test func `that are nearly known are suggested`() {
        let fields = ["listeners", "port", "policies", "hostname"]
        #expect(Suggestion.nearest(to: "lisetners", among: fields) == "listeners")
        #expect(Suggestion.nearest(to: "Port", among: fields) == "port")
        #expect(Suggestion.nearest(to: "hostnames", among: fields) == "hostname")
        #expect(Suggestion.nearest(to: "x", among: fields) == nil)
        #expect(Suggestion.nearest(to: "colour", among: fields) == nil)
        #expect(Suggestion.nearest(to: String(repeating: "p", count: 10_000), among: fields) == nil)
    }

    @Test func `of lengths of time are read with their units`() {
        #expect(Duration(written: "60s") == .seconds(60))
        #expect(Duration(written: "1h1m30s5ms") == .milliseconds(3_690_005))
        #expect(Duration(written: "0s") == .zero)
        for text in ["", "60", "s", "1s1m", "1m1m", "-1s", "1.5s", "1 s", "1S", "9999999999s", "1x"] {
            #expect(Duration(written: text) == nil)
        }
    }
}

@Suite struct `A variable in a string` {
    private let environment = ["A": "1", "EMPTY": "", "B": "$A ${A}"]

    private func expand(_ text: String) -> VariableExpansion.Outcome {
        VariableExpansion.expand(text, environment: environment)
    }

    @Test(arguments: [
        ("$A", "1"), ("${A}", "1"), ("x$A-y", "x1-y"), ("$A$A", "11"), ("$$A", "$A"), ("$$$A", "$1"), ("$B", "$A ${A}"),
        ("^/a$", "^/a$"), ("$ $. $", "$ $. $"), ("${A:-x}", "1"), ("${NO:-x y}", "x y"), ("${EMPTY:-x}", "x"),
        ("${EMPTY}", ""), ("${NO:-}", ""), ("~", "~"),
    ])
    func `is replaced by what it holds`(_ text: String, _ expected: String) {
        let outcome = expand(text)
        #expect(outcome.text == expected)
        #expect(outcome.problems.isEmpty)
    }

    @Test func `that is not set or no variable is a problem`() {
        #expect(expand("$NO ${NO2}").problems == [.undefined(name: "NO"), .undefined(name: "NO2")])
        #expect(expand("${A").problems == [.malformed("${A")])
        #expect(expand("${}").problems == [.malformed("${}")])
        #expect(expand("${A-x}").problems == [.malformed("${A-x}")])
        #expect(expand("$1").problems == [.undefined(name: "1")])
    }
}
