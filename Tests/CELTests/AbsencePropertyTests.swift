import Testing

@testable import CEL

/// The analysis of absence against the evaluator: conditions made by chance, of claims and headers that are there, or
/// not, by chance.
@Suite struct AbsencePropertyTests {
    @Test(arguments: 0..<8)
    func `what is not pointed out cannot fail, and what is suggested neither`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed &* 7919)
        var sound = 0
        for _ in 0..<400 {
            var maker = ConditionMaker(random: random)
            let source = maker.condition(4)
            random = maker.random
            let parsed = try CELParsedExpression(source, in: TestEnvironment.value)
            let found = CELAbsences(of: parsed)
            let program = try CELProgram(parsed)
            let remedied = try found.remedy.map { remedy in
                let text = remedy.applied(to: source)
                let rewritten = try CELParsedExpression(text, in: TestEnvironment.value)
                #expect(CELAbsences(of: rewritten).reads.isEmpty, "\(text)")
                return try CELProgram(rewritten)
            }
            for _ in 0..<12 {
                let request = try activation(&random)
                let value = program.evaluate(request).value
                guard let remedied else {
                    sound += 1
                    #expect(!value.isError, "\(source): \(value.debugText)")
                    continue
                }
                let safe = remedied.evaluate(request).value
                #expect(!safe.isError, "\(remedied.source): \(safe.debugText)")
                if safe.debugText == "true" { #expect(value.debugText == "true", "\(source)") }
            }
        }
        #expect(sound > 12 * 20)
    }

    /// What is there is of the type that the conditions take it for.
    private func activation(_ random: inout SplitMix) throws -> TestActivation {
        func text() -> String { ["a", "x", "s", "m"].randomElement(using: &random) ?? "a" }
        func sometimes(_ parts: [String]) -> String {
            parts.filter { _ in Bool.random(using: &random) }.joined(separator: ",")
        }
        let map = "{\(sometimes(["\"s\":\"\(text())\"", "\"a\":\"\(text())\"", "\"x\":\"\(text())\""]))}"
        let list = "[\(sometimes(["\"\(text())\"", "\"\(text())\"", "\"\(text())\""]))]"
        let objects = "[\(sometimes(["{\"s\":\"\(text())\"}", "{\"a\":\"\(text())\"}", "{}"]))]"
        let claims = sometimes(["\"s\":\"\(text())\"", "\"m\":\(map)", "\"l\":\(list)", "\"o\":\(objects)"])
        let hasToken = Bool.random(using: &random)
        var activation = try TestEnvironment.activation(path: text(), jwt: hasToken ? "{\(claims)}" : nil)
        activation.values[TestEnvironment.method] = .string("a")
        activation.values[TestEnvironment.headers] = .map(
            ["a", "x", "s"].filter { _ in Bool.random(using: &random) }.map { (.string($0), .string(text())) })
        return activation
    }
}

/// Makes conditions that fail only for lack of a value.
private struct ConditionMaker {
    var random: SplitMix
    /// Variables of macros: texts, and objects that may have `s` or `a`.
    private var texts: [String] = []
    private var objects: [String] = []

    init(random: SplitMix) {
        self.random = random
    }

    private mutating func one(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

    private mutating func chance(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    mutating func condition(_ depth: Int) -> String {
        guard depth > 0 else { return atom(0) }
        switch chance(12) {
        case 0, 1: return "(\(condition(depth - 1)) && \(condition(depth - 1)))"
        case 2: return "(\(atom(depth)) && \(condition(depth - 1)) && \(atom(depth)))"
        case 3: return "(\(condition(depth - 1)) || \(condition(depth - 1)))"
        case 4: return "!(\(condition(depth - 1)))"
        case 5: return "(\(condition(depth - 1)) ? \(condition(depth - 1)) : \(condition(depth - 1)))"
        case 6: return "default(\(condition(depth - 1)), \(condition(depth - 1)))"
        case 7: return macro(depth)
        case 8: return binding(depth)
        default: return atom(depth)
        }
    }

    private mutating func atom(_ depth: Int) -> String {
        switch chance(10) {
        case 0: return "has(\(field()))"
        case 1: return "\(text(depth)) in \(map())"
        case 2: return "\(one(["jwt", "default(jwt.s, null)", "default(jwt.m.s, null)"])) \(one(["!=", "=="])) null"
        case 3: return "\(optional(depth)).hasValue()"
        case 4: return "size(jwt.l) \(one([">", ">=", "==", "!=", "<", "<="])) \(chance(3))"
        case 5: return "'a' in jwt.l"
        default: return "\(text(depth)) \(one(["==", "!="])) \(text(depth))"
        }
    }

    private mutating func field() -> String {
        one(
            ["jwt.s", "jwt.m", "jwt.l", "jwt.m.s", "jwt.m.a", "request.headers.x", "request.headers.a"]
                + objects.map { "\($0).s" })
    }

    private mutating func map() -> String { one(["request.headers", "jwt.m", "jwt"]) }

    private mutating func optional(_ depth: Int) -> String {
        one(["jwt.?s", "jwt.m.?s", "jwt.?m.?a", "request.headers[?request.path]", "jwt.?l[?0]", "optional.of(jwt.s)"])
    }

    private mutating func text(_ depth: Int) -> String {
        switch chance(13) {
        case 0 where depth > 0: return "request.headers[\(text(depth - 1))]"
        case 1 where depth > 0: return "jwt.m[\(text(depth - 1))]"
        case 2: return "jwt.l[\(chance(2))]"
        case 3: return "\(optional(depth)).\(one(["value()", "orValue('a')"]))"
        case 4 where depth > 0: return "default(\(text(depth - 1)), \(text(depth - 1)))"
        case 5: return "\(one(["jwt.s", "request.path"])).substring(\(chance(3)))"
        case 6: return one(["jwt.s", "jwt['s']", "jwt.m.s", "jwt.m['a']", "request.headers.x", "request.headers['a']"])
        case 7: return one(["request.path", "request.method", "'a'", "'x'", "'s'"])
        case 8: return one(["{'a': jwt.s}.a", "['a', jwt.s][1]", "{'a': 'b'}[request.path]"])
        case 9 where !objects.isEmpty: return "\(one(objects)).\(one(["s", "a"]))"
        case 10 where !texts.isEmpty: return one(texts)
        case 11: return "jwt.m.filterKeys(k, k == 'a').a"
        default: return one(["'a'", "'x'", "jwt.s", "request.headers.s"])
        }
    }

    private mutating func macro(_ depth: Int) -> String {
        let name = one(["e", "f"])
        let form = one(["exists", "all"])
        switch chance(4) {
        case 0:
            objects.append(name)
            defer { objects.removeLast() }
            return "jwt.o.\(form)(\(name), \(condition(depth - 1)))"
        case 1:
            texts.append(name)
            defer { texts.removeLast() }
            return "jwt.l.\(form)(\(name), \(condition(depth - 1)))"
        case 2:
            let range = one(["request.headers", "jwt.m"])
            return "\(range).\(form)(\(name), \(range)[\(name)] == 'a')"
        default: return "jwt.l.\(form)(i, \(name), jwt.l[i] == \(name))"
        }
    }

    private mutating func binding(_ depth: Int) -> String {
        switch chance(3) {
        case 0:
            return "jwt.with(j, \(one(["has(j.s)", "j.s == 'a'", "j != null && has(j.s)"])) && \(condition(depth - 1)))"
        case 1:
            let value = text(depth - 1)
            texts.append("t")
            defer { texts.removeLast() }
            return "cel.bind(t, \(value), \(condition(depth - 1)))"
        default: return "cel.bind(ok, \(condition(depth - 1)), ok && \(condition(depth - 1)))"
        }
    }
}

/// Splitmix64: the same conditions each time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
