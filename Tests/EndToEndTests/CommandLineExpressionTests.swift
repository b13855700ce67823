import Foundation
import Testing

@Suite("cel")
struct CommandLineExpressionTests {
    struct Evaluation: Sendable {
        let expression: String
        var bindings: String?
        let output: String
    }

    @Test(arguments: [
        Evaluation(expression: "1 + 2", output: #"{"int": "3"}"#),
        Evaluation(expression: "1u < 2.5", output: #"{"bool": true}"#),
        Evaluation(expression: "1.0 / -0.0", output: #"{"double": "-Infinity"}"#),
        Evaluation(
            expression: "[null, 'é', b'a', type(1)]",
            output: #"{"list": [{"null": null}, {"string": "é"}, {"bytes": "YQ=="}, {"type": "int"}]}"#),
        Evaluation(expression: "{'a': duration('90s')}", output: #"{"map": [[{"string": "a"}, {"duration": "90s"}]]}"#),
        Evaluation(expression: "timestamp(0)", output: #"{"timestamp": "1970-01-01T00:00:00Z"}"#),
        Evaluation(expression: "optional.of(ip('::1'))", output: #"{"optional": {"net.IP": "::1"}}"#),
        Evaluation(expression: "'\\u001b[2J'", output: #"{"string": "\u001b[2J"}"#),
        Evaluation(
            expression: "user.name + '!'", bindings: #"{"user":{"name":"ann"}}"#, output: #"{"string": "ann!"}"#),
        Evaluation(expression: "a + 1", bindings: #" {"a":1}"#, output: #"{"int": "2"}"#),
        Evaluation(expression: "a + 1u", bindings: #"{"a":{"uint":"1"}}"#, output: #"{"uint": "2"}"#),
        Evaluation(
            expression: "t > timestamp(0)", bindings: #"{"t":{"timestamp":"2026-01-01T00:00:00Z"}}"#,
            output: #"{"bool": true}"#),
        Evaluation(expression: "a.string", bindings: #"{"a":{"string":5}}"#, output: #"{"int": "5"}"#),
        Evaluation(expression: "md5.encode('')", output: #"{"string": "d41d8cd98f00b204e9800998ecf8427e"}"#),
    ])
    func `eval prints a value with its type`(_ entry: Evaluation) throws {
        let bindings = entry.bindings.map { ["--bindings", $0] } ?? []
        let result = try CommandLineRunner.run(["cel", "eval", entry.expression] + bindings)
        #expect(result.errors.isEmpty)
        #expect(result.line == entry.output)
        #expect(result.exitCode == 0)
    }

    @Test func `eval reads expression and bindings from files and the standard input`() throws {
        let folder = try CommandLineFolder()
        try folder.write("a +\n  b\n", to: "rule.cel")
        try folder.write(#"{"a": 1, "b": 2}"#, to: "values.json")
        #expect(try folder.run("cel", "eval", "@rule.cel", "-b", "values.json").line == #"{"int": "3"}"#)
        #expect(try folder.run("cel", "eval", "-", "-b", "values.json", input: "a - b").line == #"{"int": "-1"}"#)
    }

    struct Failure: Sendable {
        let arguments: [String]
        let exitCode: Int32
        let errors: String
    }

    @Test(arguments: [
        Failure(
            arguments: ["1 +"], exitCode: 1, errors: "1:4: expected an expression, found the end\n | 1 +\n |    ^\n"),
        Failure(arguments: ["nope"], exitCode: 1, errors: "1:1: unknown variable 'nope'\n | nope\n | ^\n"),
        Failure(
            arguments: ["true ||\n  1 + ''"], exitCode: 1,
            errors: "2:5: found no matching overload for '_+_' applied to '(int, string)'\n |   1 + ''\n |     ^\n"),
        Failure(arguments: ["[1][3]"], exitCode: 1, errors: "1:4: index out of range: 3\n | [1][3]\n |    ^\n"),
        Failure(arguments: ["a.b", "-b", #"{"a":{}}"#], exitCode: 1, errors: "1:3: no such key: b\n | a.b\n |   ^\n"),
        Failure(
            arguments: ["nope", "--parse-only"], exitCode: 1, errors: "1:1: unknown variable: nope\n | nope\n | ^\n"),
        Failure(arguments: ["1", "-b", "{"], exitCode: 2, errors: "error: the bindings are no JSON"),
        Failure(arguments: ["1", "-b", "[]"], exitCode: 2, errors: "error: the bindings are a JSON object"),
        Failure(arguments: ["1", "-b", "absent.json"], exitCode: 2, errors: "error: cannot read absent.json"),
        Failure(arguments: ["@absent.cel"], exitCode: 2, errors: "error: cannot read absent.cel"),
    ])
    func `eval says what is wrong and where`(_ entry: Failure) throws {
        let result = try CommandLineRunner.run(["cel", "eval"] + entry.arguments)
        #expect(result.exitCode == entry.exitCode)
        #expect(result.output.isEmpty)
        #expect(result.errors.hasPrefix(entry.errors), "\(result.errors)")
    }

    @Test func `check says what a rule reads, and what may be absent`() throws {
        let rule = "request.path == '/admin' && jwt.groups.contains('admins')"
        let words = try CommandLineRunner.run(["cel", "check", rule])
        #expect(words.exitCode == 0)
        #expect(
            words.output == """
                type: bool
                reads: request.path, jwt
                may be absent: jwt.groups
                  A deny rule denies then; to let such requests pass it, write `has(jwt.groups) && \(rule)`.
                note: 1:40: `jwt.groups` may be a text, of which this looks for a part: a list has elements
                 | \(rule)
                 |                                        ^
                  `'admins' in jwt.groups` asks for an element and is an error for a text.

                """)
        let json = try CommandLineRunner.run(["cel", "check", rule, "--json"])
        let shown = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(shown["valid"] as? Bool == true)
        #expect(shown["reads"] as? [String] == ["request.path", "jwt"])
        #expect(shown["mayBeAbsent"] as? [String] == ["jwt.groups"])
        #expect((shown["notes"] as? [String])?.count == 1)
        #expect(try CommandLineRunner.run(["cel", "check", "true"]).output == "type: bool\nreads: nothing\n")
    }

    @Test(arguments: [
        (
            "request.pth == ''",
            "1:9: 'request' has no member 'pth'\n | request.pth == ''\n |         ^\n  Did you mean 'path'?\n"
        ),
        ("jwt.rawToken == ''", "1:5: 'jwt.rawToken' is a secret"),
        ("request.path", "A rule is true or false; this is a string."),
        ("request.path.matches('[')", "1:22: invalid regular expression"),
    ])
    func `check refuses what cannot be a rule`(_ rule: String, _ errors: String) throws {
        let result = try CommandLineRunner.run(["cel", "check", rule])
        #expect(result.exitCode == 1)
        #expect(result.errors.hasPrefix(errors), "\(result.errors)")
    }

    @Test func `check takes a wrong name where only the grammar counts`() throws {
        let result = try CommandLineRunner.run(["cel", "check", "request.pth == ''", "--parse-only"])
        #expect(result.exitCode == 0)
        #expect(result.output.contains("note: 1:9: 'request' has no member 'pth'"))
        #expect(result.output.contains("  Did you mean 'path'?"))
    }

    @Test(arguments: ["-9223372036854775808", "-1 + 2", "-2 == jwt.level", "--1"])
    func `an expression that looks like an option is told to stand behind two hyphens`(_ expression: String) throws {
        for command in ["eval", "check"] {
            let result = try CommandLineRunner.run(["cel", command, expression])
            #expect(result.exitCode == 2)
            #expect(result.errors.contains("tollgate cel \(command) -- '\(expression)'"), "\(result.errors)")
        }
        let result = try CommandLineRunner.run(["cel", "eval", "--", "-9223372036854775808"])
        #expect(result.line == #"{"int": "-9223372036854775808"}"#)
        #expect(try !CommandLineRunner.run(["cel", "eval", "--nope"]).errors.contains("--'"))
    }

    @Test func `conformance prints misses and counts`() throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            {"tests": [
              {"id": "a/1", "file": "a", "expr": "1 + 1", "expect": {"value": {"int": "2"}}},
              {"id": "a/2", "file": "a", "expr": "1 + 1", "expect": {"value": {"int": "3"}}},
              {"id": "b/1", "file": "b", "expr": "x", "bindings": {"x": {"int": "1"}}, "expect": {"value": {"int": "1"}}},
              {"id": "b/2", "file": "b", "expr": "y", "needs_proto": true, "expect": {"value": {"int": "1"}}}
            ]}
            """, to: "cases.json")
        let result = try folder.run("cel", "conformance", "cases.json")
        #expect(result.exitCode == 1)
        #expect(
            result.output == """
                a/2: 2, expected 3
                a: 1 passed, 1 failed, 0 skipped
                b: 1 passed, 0 failed, 1 skipped
                2 passed, 1 failed, 1 skipped

                """)
        try folder.write(#"{"tests": [{"id": "a", "expr": "1/0", "expect": {"eval_error": []}}]}"#, to: "cases.json")
        #expect(try folder.run("cel", "conformance", "cases.json").exitCode == 0)
        try folder.write("{}", to: "cases.json")
        #expect(try folder.run("cel", "conformance", "cases.json").exitCode == 2)
        #expect(try folder.run("cel", "conformance", "absent.json").exitCode == 2)
    }
}
