import Testing

@testable import CEL

/// Semantics beyond the conformance cases: what is ours, and corners they leave out.
@Suite struct LanguageTests {
    @Test(arguments: [
        ("[1, 2, 3].contains(2) && !['a'].contains('b')", "true"),
        ("{'a': 1, 'b': 2}.mapValues(v, v * 10)", #"{"a": 10, "b": 20}"#),
        ("{'a': 1, 'b': 2}.filterKeys(k, k != 'a')", #"{"b": 2}"#),
        ("{'a': 1, 'b': 2}.removeKeys(k, k == 'a')", #"{"b": 2}"#),
        ("string(999999.5) + string(1e5) + string(1234567.0) + string(1e-5)", #""999999.51000001.234567e+061e-05""#),
        ("toJson([1234567.0, 1e20])", #""[1234567,100000000000000000000]""#),
        ("form.decode('a=1&b=%26+x&\\u0301c')", "{\"a\": \"1\", \"b\": \"& x\", \"\u{301}c\": \"\"}"),
        ("form.encode({'a b': 'c&d=é'})", #""a+b=c%26d%3D%C3%A9""#),
        ("[1, 2, 3].reverse() == [3, 2, 1] && 'aé☺'.reverse() == '☺éa' && dyn([1, 2]).reverse()[0] == 2", "true"),
        ("{'a': 1}.merge({'a': 2, 'b': 3})", #"{"a": 2, "b": 3}"#),
        ("{'a': 1}.transformMapEntry(k, v, {k + k: v})", #"{"aa": 1}"#),
        (#"json('{"a":[1,2.5,"x",null,18446744073709551615]}').a"#, #"[1, 2.5, "x", null, 18446744073709551615u]"#),
        (#"toJson({'a': [1, 2.5, b'hi', true, null]})"#, #""{\"a\":[1,2.5,\"aGk=\",true,null]}""#),
        (#"jsonField('{"a":1}', 'a')"#, "1"),
        ("url.encode('a b/é')", #""a%20b%2F%C3%A9""#),
        ("url.decode('a%20b')", #""a b""#),
        ("'prefix-x'.stripPrefix('prefix-') + 'y.txt'.stripSuffix('.txt')", #""xy""#),
        ("[3, 1, 2].sort()", "[1, 2, 3]"),
        ("['bb', 'a'].sortBy(s, size(s))", #"["a", "bb"]"#),
        ("[1, [2, [3]]].flatten(2)", "[1, 2, 3]"),
        ("[1, 1.0, 2u, 'a', [1], [1.0]].distinct()", #"[1, 2u, "a", [1]]"#),
        ("lists.range(3).map(i, i * i)", "[0, 1, 4]"),
        ("[1, 2, 3].slice(1, 3) == [2, 3] && [1].first().value() == 1 && ![].last().hasValue()", "true"),
        (
            "sets.contains([1, 2], [dyn(2u)]) && sets.equivalent([1, 1], [dyn(1.0)]) && !sets.intersects([1], [2])",
            "true"
        ),
        ("math.sqrt(16.0)", "4.0"),
        ("max(1, 3, 2) + min([4, 5])", "7"),
        ("form.encode({'a b': 'c&d', 'e': ''})", #""a+b=c%26d&e=""#),
        ("form.decode('a+b=c%26d&e&a+b=z')", #"{"a b": "c&d", "e": ""}"#),
        ("string(1e20) + string(1e21) + string(-0.00001) + string(0.1)", #""1e+201e+21-1e-050.1""#),
        ("timestamp('2024-07-01T12:00:00Z').getHours('America/New_York')", "8"),
        ("timestamp('2024-01-01T12:00:00Z').getHours('America/New_York')", "7"),
        ("timestamp('2150-07-01T12:00:00Z').getHours('Europe/Berlin')", "14"),
        ("timestamp('2150-01-01T12:00:00Z').getHours('Australia/Sydney')", "23"),
        ("timestamp('2024-01-01T12:00:00Z').getHours('../../etc/passwd')", "error: invalid_argument"),
        ("timestamp('2024-02-29T23:59:59.5Z').getDayOfYear()", "59"),
        ("duration('1h30m').getMinutes()", "90"),
        ("timestamp('2024-01-01T00:00:00+02:00') == timestamp('2023-12-31T22:00:00Z')", "true"),
        ("timestamp('2023-02-29T00:00:00Z')", "error: conversion"),
        ("duration('-1.5s') + duration('500ms')", #"duration("-1s")"#),
        ("optional.none().or(optional.of(1)).orValue(2)", "1"),
        ("optional.of(1).orValue(1 / 0)", "1"),
        ("[optional.of(1), optional.none()].unwrapOpt()", "[1]"),
        ("fail('no') || true", "true"),
        ("default(1 / 0, 3)", "3"),
        ("coalesce(null, 1 / 0)", "null"),
        ("request['path'] == request.path", "true"),
        ("[1, 2].map(x, [x].map(x, x + 1))", "[[2], [3]]"),
        ("cel.bind(x, [1, 2], x.map(y, x.exists(z, z > y)))", "[true, false]"),
        ("'%s %d'.format(['a'])", "error: index_out_of_range"),
        ("jwt.groups in [['users', 'admins'], []]", "true"),
        ("-(-9223372036854775808)", "error: overflow"),
        ("-9223372036854775808 / -1", "error: overflow"),
        ("18446744073709551615u + 1u", "error: overflow"),
        ("{'a': 1, 'a': 2}", "error: duplicate_key"),
        ("'a'[0]", nil),
    ])
    func `evaluates`(_ source: String, _ expected: String?) throws {
        let activation = try TestEnvironment.activation()
        guard let expected else {
            #expect(compileError(source) != nil)
            return
        }
        #expect(try evaluate(source, activation) == expected)
    }

    @Test func `errors of evaluation show where they happened`() throws {
        let program = try CELProgram("true &&\n  jwt.nope == 1", environment: TestEnvironment.value)
        guard case .error(let error) = try program.evaluate(TestEnvironment.activation()) else {
            Issue.record("expected an error")
            return
        }
        #expect(error.rendered(in: program.source) == "2:7: no such key: nope\n |   jwt.nope == 1\n |       ^")
    }

    @Test func `hosts declare functions of their own`() throws {
        var environment = TestEnvironment.value
        let signature = try #require(CELSignature("string.() -> string"))
        environment.declare(
            CELFunction(
                "shout", [signature],
                .unary { value, _ in
                    guard case .string(let text) = value else { return .null }
                    return .string(text.text.uppercased() + "!")
                }))
        #expect(try evaluate("'hey'.shout()", in: environment) == #""HEY!""#)
        #expect(compileError("1.shout()", in: environment) != nil)
    }
}

@Suite struct HostilityTests {
    @Test func `values that show their parts many times over cost their budget, not our time`() throws {
        var nested = "v59 == w59"
        for level in (0..<60).reversed() {
            let inner = level == 0 ? "jwt.level" : "[v\(level - 1), v\(level - 1)]"
            let other = level == 0 ? "jwt.level" : "[w\(level - 1), w\(level - 1)]"
            nested = "cel.bind(v\(level), \(inner), cel.bind(w\(level), \(other), \(nested)))"
        }
        let activation = try TestEnvironment.activation()
        #expect(try evaluate(nested, activation) == "error: budget_exceeded")
        let text = nested.replacing("v59 == w59", with: "'%s'.format([v59])")
        #expect(try evaluate(text, activation).hasPrefix("error:"))
        let json = nested.replacing("v59 == w59", with: "toJson(v59)")
        #expect(try evaluate(json, activation) == "error: budget_exceeded")
        let plain = try CELProgram(nested.replacing("v59 == w59", with: "v59"), environment: TestEnvironment.value)
        #expect(plain.evaluate(activation).value.owned().isError)
        #expect(plain.evaluate(activation).value.debugText.utf8.count < 1 << 20)
    }

    @Test func `expressions at the limit of nesting compile and run on a small stack`() throws {
        let shapes = [
            (String(repeating: "(", count: 240), "1", String(repeating: ")", count: 240)),
            (String(repeating: "[", count: 240), "", String(repeating: "]", count: 240)),
            (String(repeating: "true ? 1 : ", count: 200), "2", ""),
            (String(repeating: "size([", count: 100), "jwt", String(repeating: "])", count: 100)),
            (String(repeating: "-", count: 200), "jwt.level", ""),
            ("jwt", String(repeating: ".a", count: 200), ""),
            ("jwt.level", String(repeating: " + jwt.level", count: 200), " == 0"),
        ]
        for (head, middle, tail) in shapes {
            _ = try evaluate(head + middle + tail, TestEnvironment.activation())
        }
    }

    /// Mutations of valid expressions, the same in every run.
    @Test func `no text makes the compiler or the evaluator crash or outlive its budget`() throws {
        let seeds = [
            #"request.path.startsWith("/api") && jwt.groups.exists(g, g in ["admins", "ops"])"#,
            #"cel.bind(x, {'a': [1, 2u, 3.5e1, b'\xff', r"\d"]}, x.a.map(y, y == 1 ? "q" : dyn(y)).size() > 2)"#,
            #"{?'k': optional.of(1), 2: 'x'}[?'k'].orValue(3) + int('7') % 4 - -2 * 0x1F"#,
            #"timestamp('2024-01-01T00:00:00Z').getHours('Europe/Berlin') + duration('1h2m').getMinutes()"#,
            #""%s %.3f %x".format([jwt, 2.5, 255]).replace('a', 'b').split(' ').join('-').matches('^[a-z]+(x|y){2,3}$')"#,
            #"has(jwt.a.b) || !jwt.?a[?0].hasValue() ? math.greatest(1, 2, 3.0) : cidr('10.0.0.0/8').containsIP('10.1.2.3')"#,
        ]
        var generator = SplitMix(state: 42)
        let alphabet = Array("()[]{}.,?:+-*/%!<>=&|'\"\\ abjtwx019eu_`é".utf8)
        let activation = try TestEnvironment.activation()
        for round in 0..<6000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...Int(generator.next() % 4) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 4 {
                case 0: bytes[place] = alphabet[Int(generator.next() % UInt64(alphabet.count))]
                case 1: bytes.insert(alphabet[Int(generator.next() % UInt64(alphabet.count))], at: place)
                case 2: if bytes.count > 1 { bytes.remove(at: place) }
                default:
                    let end = min(bytes.count, place + Int(generator.next() % 12))
                    bytes.insert(contentsOf: bytes[place..<end], at: place)
                }
            }
            var environment = TestEnvironment.value
            environment.checking = round % 2 == 0 ? .typed : .parseOnly
            let source = String(decoding: bytes, as: UTF8.self)
            do throws(CELCompileError) {
                let program = try CELProgram(source, environment: environment)
                _ = program.evaluate(activation, budget: 10_000).value.debugText
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    struct SplitMix {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
