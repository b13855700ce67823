import Testing

@testable import CEL

@Suite struct RegexTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let text: String
        let part: Bool
        let whole: Bool
        var testDescription: String { "\(pattern) on \(text)" }

        init(_ pattern: String, _ text: String, _ part: Bool, _ whole: Bool) {
            self.pattern = pattern
            self.text = text
            self.part = part
            self.whole = whole
        }
    }

    @Test(arguments: [
        Case("", "", true, true),
        Case("", "abc", true, false),
        Case("abc", "xabcx", true, false),
        Case("a|b*", "bbb", true, true),
        Case("^abc$", "abc", true, true),
        Case("^abc$", "abc\n", false, false),
        Case("(?m)^b$", "a\nb\nc", true, false),
        Case("a.c", "a\nc", false, false),
        Case("(?s)a.c", "a\nc", true, true),
        Case("(?i)HeLLo", "hEllO", true, true),
        Case("(?i:a)b", "Ab", true, true),
        Case("(?i:a)b", "AB", false, false),
        Case("(?i)straße", "STRAßE", true, true),
        Case("(?i)k", "\u{212A}", true, true),
        Case("[a-c]+", "abcabc", true, true),
        Case("[^a-c]+", "abc", false, false),
        Case("[]a]+", "]a", true, true),
        Case("[a\\-z]", "-", true, true),
        Case("[[:alpha:]_]+[[:^digit:]]", "ab_c", true, true),
        Case(#"\d{3}-\d{4}"#, "555-1234", true, true),
        Case(#"\d{2,3}"#, "1", false, false),
        Case("a{2}", "aa", true, true),
        Case("a{,2}", "a{,2}", true, true),
        Case("x*", "", true, true),
        Case("(a*)*b", "aaab", true, true),
        Case("(?:a|ab)(?:c|bcd)", "abcd", true, true),
        Case(#"\bfoo\b"#, "a foo b", true, false),
        Case(#"\bfoo\b"#, "afoo b", false, false),
        Case(#"\Boo\b"#, "foo", true, false),
        Case(#"\bfoo"#, "foo", true, true),
        Case("é+", "éé", true, true),
        Case(".", "😀", true, true),
        Case("^.$", "é", true, true),
        Case("[α-ω]+", "λόγος", true, false),
        Case(#"\x{1F600}"#, "😀", true, true),
        Case(#"\Qa.b\E+"#, "a.bbb", true, true),
        Case(#"\Qa.b\E"#, "axb", false, false),
        Case(#"/api/v\d+/users/[^/]+$"#, "/api/v2/users/42", true, true),
        Case("a+?b", "aab", true, true),
        Case("(a|aa)+$", "aaaa", true, true),
        Case("[^\\n]*", "a\n", true, false),
        Case("$^", "", true, true),
        Case("a$b", "ab", false, false),
        Case(#"\B\B"#, "é", true, false),
        Case(#"a\Bé"#, "aé", false, false),
        Case(#"^\wé\b\w"#, "aéa", true, true),
        Case(#"[^x]\B[^x]"#, "é", false, false),
        Case("(|a)*", "aa", true, true),
        Case("(a|b?)*c", "abac", true, true),
        Case(#"\pL+"#, "Größe", true, true),
        Case(#"\pL+"#, "语言", true, true),
        Case(#"\p{Lu}\p{Ll}+"#, "Ärger", true, true),
        Case(#"\p{Lu}"#, "ärger", false, false),
        Case(#"(?i)\p{Lu}+"#, "ärger", true, true),
        Case(#"\PL"#, "é", false, false),
        Case(#"\p{^L}"#, "7", true, true),
        Case(#"\P{^Nd}+"#, "٣7", true, true),
        Case(#"[\p{Nd}_-]+"#, "1_٣", true, true),
        Case(#"[^\pL]+"#, "語", false, false),
        Case(#"\p{Any}"#, "\u{10FFFF}", true, true),
    ])
    func `matches a part and the whole`(_ test: Case) throws {
        let bytes = Array(test.text.utf8)
        for use in [LinearRegex.Use.part, .whole] {
            let regex = try LinearRegex(test.pattern, for: use)
            #expect(regex.matches(bytes.span) == test.part)
            #expect(regex.matchesWhole(bytes.span) == test.whole)
        }
    }

    @Test(arguments: [
        ("a(", "this group is not closed", 1), ("a)", "unexpected ')'", 1), ("é[a", "this class is not closed", 2),
        ("*a", "nothing to repeat", 0), ("a**", "a quantifier may not follow another", 2),
        ("[z-a]", "the range is reversed", 1), ("a{2,1}", "the repeat counts are reversed", 1),
        ("a{1001}", "a repeat counts to 1000 at most", 1), (#"(a)\1"#, "back-references are not supported", 3),
        ("(?=a)", "look-around is not supported", 0), ("(?<!a)b", "look-around is not supported", 0),
        ("(?P<n>a)(?P<n>b)", "two groups are named 'n'", 8), (#"\"#, "nothing follows the backslash", 0),
        (
            #"a\p{Greek}"#,
            "unknown Unicode class: general categories such as \\p{L} and \\p{Nd} are known, scripts are not", 1
        ),
        (#"\p{L"#, "malformed escape sequence", 0),
        (#"\p"#, "unknown Unicode class: general categories such as \\p{L} and \\p{Nd} are known, scripts are not", 0),
        (#"\y"#, "unknown escape sequence", 0), ("[[:nope:]]", "unknown class name", 1),
        ("((((a{100}){100}){100}){100})", "the regular expression is too large", 0),
    ])
    func `names what is wrong and where`(_ pattern: String, _ message: String, _ offset: Int) {
        #expect(throws: RegexError(message: message, offset: offset)) { try LinearRegex(pattern) }
    }

    @Test func `finds the leftmost match and its groups`() throws {
        func captures(_ pattern: String, _ text: String) throws -> [Int]? {
            try LinearRegex(pattern).firstMatch(in: Array(text.utf8).span)
        }
        #expect(try captures("(a+)(b*)", "xaabbx") == [1, 5, 1, 3, 3, 5])
        #expect(try captures("a|ab", "ab") == [0, 1])
        #expect(try captures("a+?", "aaa") == [0, 1])
        #expect(try captures("(a)|(b)", "b") == [0, 1, -1, -1, 0, 1])
        #expect(try captures("(?:(a)|b)*", "ab") == [0, 2, 0, 1])
        #expect(try captures("z", "abc") == nil)
        #expect(try captures("(^|)*", "a") == [0, 0, 0, 0])
        #expect(try captures(#"\B\B"#, "Aé") == [3, 3])
        #expect(try captures("(?:(a)|b)*?c", "abc") == [0, 3, 0, 1])
        #expect(try captures("$", "abc") == [3, 3])
    }

    @Test(arguments: [
        ("l", "hello world", "<$0>", 1, "he<l>lo world"), ("l", "hello world", "", 9, "heo word"),
        (#"\w\S+$"#, "hello world\n", "*", 1, "hello *\n"), ("(?m)o$", "o\no\n", "0", 9, "0\n0\n"),
        ("o$", "o\no\n\n", "0", 9, "o\no\n\n"), ("", "aé", "-", 9, "-a-é-"), ("x*", "axb", "-", 9, "-a--b-"),
        ("(a)|(b)", "ab", "[$1$2$3]", 9, "[a][b]"), ("(?i)HELLO", "hello", "x", 1, "x"), ("z", "abc", "x", 9, "abc"),
        ("^a", "aaa", "b", 9, "baa"), (#"\bb"#, "ab b", "c", 9, "ab c"), ("é", "é\u{1F600}é", "e", 9, "e\u{1F600}e"),
    ])
    func `replaces what it finds`(
        _ pattern: String, _ text: String, _ template: String, _ limit: Int, _ expected: String
    )
        throws
    {
        let parts = template.split(separator: "$", omittingEmptySubsequences: false).enumerated().flatMap {
            index, part -> [RegexTemplate.Part] in
            let group = index > 0 ? part.first?.wholeNumberValue : nil
            return (group.map { [.group($0)] } ?? []) + [.text(Array(part.dropFirst(group == nil ? 0 : 1).utf8))]
        }
        var budget = 100_000
        let replaced = try LinearRegex(replacing: pattern).replaceMatches(
            in: Array(text.utf8).span, by: RegexTemplate(parts), limit: limit, budget: &budget)
        #expect(replaced.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test func `gives up replacing where that takes more than it may`() throws {
        let text = Array(repeating: UInt8(ascii: "a"), count: 4_000)
        let regex = try LinearRegex(replacing: "a.*z|a")
        var budget = 1_000_000
        #expect(regex.replaceMatches(in: text.span, by: RegexTemplate([]), limit: 1, budget: &budget)?.count == 3_999)
        #expect(budget > 800_000)
        #expect(regex.replaceMatches(in: text.span, by: RegexTemplate([]), limit: .max, budget: &budget) == nil)
        budget = 1_000_000
        let long = RegexTemplate([.text(Array(repeating: 0, count: 4_000))])
        #expect(
            try LinearRegex(replacing: "a").replaceMatches(in: text.span, by: long, limit: .max, budget: &budget) == nil
        )
    }

    @Test(arguments: ["z", "(?i)zz", "q+z", "\\bz", "(?:\\bz|^b|^c)"])
    func `counts what it looks at where it finds nothing`(_ pattern: String) throws {
        let text = Array(repeating: UInt8(ascii: "a"), count: 80_000)
        let regex = try LinearRegex(replacing: pattern)
        var budget = 15_000
        #expect(
            regex.replaceMatches(in: text.span, by: RegexTemplate([]), limit: 1, budget: &budget) == nil
                || budget < 5_000)
        #expect(regex.replaceMatches(in: text.span, by: RegexTemplate([]), limit: 1, budget: &budget) == nil)
    }

    @Test func `gives up replacing where more comes out than may`() throws {
        let regex = try LinearRegex(replacing: "a")
        let two = RegexTemplate([.text([0, 0])])
        for (maxBytes, expected) in [(5, nil), (6, 6)] {
            var budget = 1_000
            let replaced = regex.replaceMatches(
                in: [97, 97, 98, 98].span, by: two, limit: .max, maxBytes: maxBytes, budget: &budget)
            #expect(replaced?.count == expected)
        }
    }

    @Test func `patterns that hang backtracking engines run in linear time`() throws {
        let text = Array(String(repeating: "a", count: 50_000).utf8)
        for pattern in ["(a*)*b", "(a|aa)+$x", "(a|a)*b", "(.*)(.*)(.*)(.*)b", "(a?){30}a{30}b"] {
            #expect(try !LinearRegex(pattern).matches(text.span))
        }
    }

    @Test(arguments: [
        (#"regexReplace("/id/1234/data", "/id/[0-9]*/", "/id/{id}/")"#, #""/id/{id}/data""#),
        (#"regexReplace("ab", "(?P<x>a)(b)", "$2${x}$$")"#, #""ba$""#),
        (#"regex.replace("foo bar", "(fo)o (ba)r", r"\2 \1")"#, #""ba fo""#),
        (#"regex.replace("aaa", "a", "b", 2)"#, #""bba""#),
        (#"regex.extract("hello world", "hello(.*)").value()"#, #"" world""#),
        (#"regex.extract("hello", "x").hasValue()"#, "false"),
        (#"regex.extractAll("id:1 id:22", r"id:(\d+)")"#, #"["1", "22"]"#),
        (#"regexReplace("abc", "", "-")"#, #""-a-b-c-""#),
        ("request.path.matches('^/a.*n$')", "true"),
    ])
    func `functions search and replace`(_ source: String, _ expected: String) throws {
        #expect(try evaluate(source, TestEnvironment.activation()) == expected)
    }

    @Test func `a constant pattern that is wrong is an error of compilation`() throws {
        let error = try #require(compileError("request.path.matches('a(b')"))
        #expect(error.message.hasPrefix("invalid regular expression: this group is not closed"))
    }
}
