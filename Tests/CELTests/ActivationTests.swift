import Bytes
import Testing

@testable import CEL

/// Counts what it is asked for.
private final class Ledger {
    var asked: [String] = []
}

private struct CountingActivation: CELActivation, ~Copyable {
    let ledger: Ledger
    let claims: JSONDocument

    func resolve(_ attribute: Int) -> CELValue {
        ledger.asked.append("\(attribute)")
        return attribute == TestEnvironment.jwt ? CELValue(json: claims.root) : .null
    }

    func resolve(_ attribute: Int, key: CELBuffer) -> CELValue? {
        ledger.asked.append("\(attribute).\(key.text)")
        guard attribute == TestEnvironment.headers else { return CELValue(json: claims.root).entry(named: key) }
        return key.text == "x-a" ? .string("1") : nil
    }
}

@Suite struct ActivationTests {
    @Test(arguments: [
        ("request.headers['x-a'] == '1' || request.path == ''", "true", ["1.x-a"]),
        ("request.headers['x-b'] == '1'", "error: no_such_key", ["1.x-b"]),
        ("has(request.headers.nope)", "false", ["1.nope"]),
        ("'x-a' in request.headers && !('x-b' in request.headers)", "true", ["1.x-a", "1.x-b"]),
        ("jwt.sub == 'a' && jwt.sub != 'b'", "true", ["2.sub", "2.sub"]),
        ("false && jwt.sub == 'a'", "false", []),
    ])
    func `is asked for what is read, entry by entry`(
        _ source: String, _ expected: String, _ asked: [String]
    ) throws {
        let ledger = Ledger()
        let activation = CountingActivation(ledger: ledger, claims: try JSONDocument(parsing: #"{"sub":"a"}"#))
        let program = try CELProgram(source, environment: TestEnvironment.value)
        let text: String =
            switch program.evaluate(activation) {
            case .error(let error): "error: \(error.code.rawValue)"
            case let result: result.value.debugText
            }
        #expect(text == expected)
        #expect(ledger.asked == asked)
    }

    @Test(arguments: [
        ("has(place.city)", "false"), ("place.city == 'x'", "error: no_such_key"), ("place.?city.hasValue()", "false"),
        ("default(place.city, 'none')", #""none""#), ("place.country", #""de""#), ("has(place.country)", "true"),
        ("place['city'] != 'x'", "error: no_such_key"),
    ])
    func `a member without a value is an error to read, and has() says so`(
        _ source: String, _ expected: String
    ) throws {
        var environment = TestEnvironment.value
        environment.declare("place.city", .string, id: 20, isOptional: true)
        environment.declare("place.country", .string, id: 21, isOptional: true)
        var activation = TestActivation()
        activation.values[21] = .string("de")
        #expect(try evaluate(source, activation, in: environment) == expected)
    }

    @Test(arguments: [
        "place.secret == 'x'", "has(place.secret)", "place['secret'] == ''", "place.?secret.hasValue()",
        "place.map.key == ''", "'key' in place.map", "default(place.secret, '') == ''", "[place.secret].size() == 1",
    ])
    func `what may not be read does not compile, typed or not`(_ source: String) {
        var environment = TestEnvironment.value
        for checking in [CELEnvironment.Checking.typed, .parseOnly] {
            environment.checking = checking
            environment.declare("place.secret", .string, id: 20, refusal: "it is a secret")
            environment.declare("place.map", .map(.string, .string), id: 21, refusal: "it is a secret")
            #expect(compileError(source, in: environment)?.message == "it is a secret")
        }
    }

    @Test func `a function that is taken away says why`() {
        var environment = TestEnvironment.value
        environment.refuse(function: "size", "nothing here has a size")
        #expect(compileError("size('a') == 1", in: environment)?.message == "nothing here has a size")
    }

    @Test func `claims are read where they lie, escapes and numbers as JSON means them`() throws {
        let json = #"{"a\"b":"x\u0041","n":-7,"u":18446744073709551615,"d":1e3,"o":{"l":[true,null,[]]}}"#
        let activation = try TestEnvironment.activation(jwt: json)
        #expect(try evaluate(#"jwt['a"b'] + 'y'"#, activation) == #""xAy""#)
        #expect(
            try evaluate("type(jwt.n) == int && type(jwt.u) == uint && type(jwt.d) == double", activation) == "true")
        #expect(try evaluate("jwt.o.l.size() == 3 && jwt.o.l[0] && jwt.o.l[1] == null", activation) == "true")
        #expect(try evaluate("jwt.o == {'l': [true, null, []]} && jwt.size() == 5", activation) == "true")
        #expect(try evaluate("jwt.exists(k, k == 'o') && 'n' in jwt", activation) == "true")
        #expect(try evaluate("jwt.transformMap(k, v, k == 'n', v + 1)", activation) == #"{"n": -6}"#)
    }

    @Test func `comprehensions nest to a limit, and large lists check in linear time`() {
        let nested = (0..<9).reversed().reduce("true") { "[1].all(x\($1), \($0))" }
        #expect(compileError(nested)?.message == "comprehensions nest too deeply")
        let empties = "[" + Array(repeating: "[]", count: 9000).joined(separator: ",") + "].size() == 9000"
        #expect(compileError(empties) == nil)
        let strings = "'x' in [" + (0..<9000).map { "'\($0)'" }.joined(separator: ",") + "]"
        #expect(compileError(strings) == nil)
        let unknown = (0..<9000).map { "n\($0)" }.joined(separator: "&&")
        #expect(compileError(unknown)?.issues.count == 20)
    }
}
