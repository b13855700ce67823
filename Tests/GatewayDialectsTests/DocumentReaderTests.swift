import GatewayDialects
import GatewayModel
import Testing

@Suite struct `The document reader` {
    private func read(_ text: String, environment: [String: String] = [:]) -> (DocumentNode?, [Diagnostic]) {
        let findings = Findings(dialectName: "a test")
        let node = DocumentReader.read(
            text: text, documentName: "doc", environment: environment, findings: findings)
        return (node, findings.sorted)
    }

    private func codes(_ text: String) -> [String] { read(text).1.map(\.code) }

    private func entries(_ node: DocumentNode?) -> [String: DocumentNode] {
        guard case .mapping(let entries) = node?.content else { return [:] }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
    }

    @Test func `gives every value its place and its name`() throws {
        let (node, diagnostics) = read("a:\n- b: 1\n  c:\n    d: [x, yy]\n")
        #expect(diagnostics.isEmpty)
        guard case .sequence(let items) = try #require(entries(node)["a"]).content else { return #expect(Bool(false)) }
        let c = try #require(entries(items[0])["c"])
        let d = try #require(entries(c)["d"])
        guard case .sequence(let letters) = d.content else { return #expect(Bool(false)) }
        #expect(letters[1].provenance == Provenance(document: "doc", line: 4, column: 12))
        #expect(letters[1].name == "d[1]")
    }

    @Test(arguments: ["{\"a\": \"x\\ud83d\\uDE00\", \"b\": [1]}", "a: \"x\\uD83D\\ude00\"\nb: [1]\n"])
    func `reads characters that are written as two escapes`(text: String) {
        let (node, diagnostics) = read(text)
        #expect(diagnostics.isEmpty, "\(diagnostics)")
        #expect(entries(node)["a"]?.content == .scalar(DocumentScalar(text: "x😀", style: .quoted)))
        let places = text.split(separator: "\n").enumerated().compactMap { line, text in
            text.firstIndex(of: "[").map { [line + 1, text.distance(from: text.startIndex, to: $0) + 1] }
        }
        #expect(entries(node)["b"].map { [$0.provenance.line, $0.provenance.column] } == places.first)
    }

    @Test(arguments: ["{\"a\": \"\\ud83d\"}", "{\"a\": \"\\ude00\\ud83d\"}", "a: \"\\ud83dx\"\n"])
    func `refuses half of a character, and says so`(text: String) {
        let (node, diagnostics) = read(text)
        #expect(node == nil)
        #expect(diagnostics.map(\.code) == ["yaml_syntax"])
        #expect(diagnostics.first?.hint?.contains("halves of one character") == true)
    }

    @Test func `leaves escapes alone where they are none`() {
        let (node, diagnostics) = read("a: '\\ud83d\\ude00'\nb: \\ud83d\\ude00\nc: \"\\\\ud83d\"\n")
        #expect(diagnostics.isEmpty)
        #expect(entries(node)["a"]?.content == .scalar(DocumentScalar(text: "\\ud83d\\ude00", style: .quoted)))
        #expect(entries(node)["c"]?.content == .scalar(DocumentScalar(text: "\\ud83d", style: .quoted)))
    }

    @Test(arguments: [
        ("a:\n- b: 1\n   c: 2\n", "a name with a colon cannot stand here", "check the indentation: the fields"),
        ("a: b: c\n", "a name with a colon cannot stand here", "put quotes around a text"),
        ("a:\n  b: 1\n- c\n", "the next field of the mapping is expected here", "begins at line 1, column 1"),
        ("a:\n  - b\n  c: 1\n", "the next item of the list is expected here", "begins at line 2, column 3"),
        ("  a: 1\nb: 2\n", "this belongs to nothing that stands before it", "check the indentation"),
        ("{\"a\": [1, 2}\n", "a comma or the closing ] is expected here", "begins at line 1, column 7"),
    ])
    func `says in plain words what is wrong with an indentation or a bracket`(
        _ text: String, _ message: String, _ hint: String
    ) throws {
        let problem = try #require(read(text).1.first)
        #expect(problem.message.contains(message), "\(problem)")
        #expect(problem.hint?.contains(hint) == true, "\(problem)")
    }

    @Test func `blames no tabs in JSON`() {
        #expect(codes("{\n\t\"a\": 1,\n\t\"b\": 2]\n}\n") == ["yaml_syntax"])
    }

    @Test func `reads JSON with escapes and tabs`() {
        let (node, diagnostics) = read("{\n\t\"a\": \"\\u00e9\\n\\\"\",\n\t\"b\": [1, true, null]\n}\n")
        #expect(diagnostics.isEmpty)
        #expect(entries(node)["a"]?.content == .scalar(DocumentScalar(text: "é\n\"", style: .quoted)))
    }

    @Test func `reads past a byte order mark and carriage returns`() {
        let (node, diagnostics) = read("\u{FEFF}a: 1\r\nb: x\r\n")
        #expect(diagnostics.isEmpty)
        #expect(entries(node)["b"]?.content == .scalar(DocumentScalar(text: "x", style: .plain)))
    }

    @Test func `refuses a document that is too large`() {
        #expect(codes("a: " + String(repeating: "x", count: DocumentReader.Limits.bytes)) == ["document_too_large"])
    }

    @Test func `refuses a document that is nested too deeply`() {
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(codes("a: " + deep) == ["document_too_deep"])
        // Beyond the parser's own limit.
        #expect(codes("a: " + String(repeating: "[", count: 20_000)) == ["yaml_syntax"])
        #expect(codes("a: " + String(repeating: "{a: ", count: 20_000)) == ["yaml_syntax"])
        #expect(codes(String(repeating: "- ", count: 20_000)) == ["yaml_syntax"])
    }

    @Test func `refuses a document of too many values`() {
        let many = String(repeating: "1,", count: DocumentReader.Limits.nodes + 1)
        #expect(codes("a: [" + many + "]") == ["document_too_large"])
    }

    @Test func `takes a moderate number of aliases for long lists`() {
        let uses = String(repeating: "- *a\n", count: 900)
        #expect(codes("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb:\n" + uses) == [])
    }

    @Test func `does not take multiplications in expressions for aliases`() {
        let rules = String(repeating: "- 'a *b ? [1] : {2: 3}'\n", count: 50)
        #expect(codes("rules:\n" + rules) == [])
    }

    @Test func `refuses an alias to nothing, and an alias to itself`() {
        #expect(codes("a: *b\n") == ["yaml_syntax"])
        #expect(codes("a: &b [*b]\n") == ["yaml_syntax"])
    }

    @Test func `refuses keys that are lists or mappings`() {
        #expect(codes("[a, b]: 1\n") == ["yaml_key"])
        #expect(codes("? {a: 1}\n: 2\n") == ["yaml_key"])
    }

    @Test func `refuses a merge of what is no mapping`() {
        #expect(codes("a: {<<: 1}\n") == ["yaml_merge"])
        #expect(codes("a: {\"<<\": 1}\n") == [])
    }

    @Test func `takes what is written over what is merged, and the first merge over the second`() {
        let (node, diagnostics) = read("a: &a {x: 1, y: 1, z: 1}\nb: &b {y: 2, z: 2, w: 2}\nc: {<<: [*a, *b], x: 3}\n")
        #expect(diagnostics.isEmpty)
        let merged = entries(entries(node)["c"])
        let values = merged.mapValues { node -> String in
            if case .scalar(let scalar) = node.content { scalar.text } else { "" }
        }
        #expect(values == ["x": "3", "y": "1", "z": "1", "w": "2"])
    }

    @Test func `expands no keys and no comments`() {
        let (node, diagnostics) = read("$A: 1 # $B\n", environment: [:])
        #expect(diagnostics.isEmpty)
        #expect(entries(node).keys.contains("$A"))
    }

    @Test(arguments: [
        "a: ok\n---\n", "--- \n", "%YAML 1.1\n---\na: 1\n...\n", "a: !!binary aGk=\n", "a: !!set {b}\n", "&a a: *a\n",
    ])
    func `answers odd documents without a crash`(_ text: String) {
        let (node, diagnostics) = read(text)
        #expect(node != nil || !diagnostics.isEmpty)
    }
}

@Suite struct `A scalar` {
    struct Reading: Sendable {
        var text: String
        var value: DocumentScalar.Value
    }

    @Test(arguments: [
        Reading(text: "", value: .null), Reading(text: "~", value: .null), Reading(text: "null", value: .null),
        Reading(text: "nULL", value: .text), Reading(text: "true", value: .boolean(true)),
        Reading(text: "FALSE", value: .boolean(false)), Reading(text: "yes", value: .text),
        Reading(text: "off", value: .text), Reading(text: "n", value: .text), Reading(text: "0", value: .integer(0)),
        Reading(text: "-0", value: .integer(0)), Reading(text: "+12", value: .integer(12)),
        Reading(text: "-12", value: .integer(-12)), Reading(text: "010", value: .ambiguousNumber),
        Reading(text: "0o10", value: .ambiguousNumber), Reading(text: "0xFf", value: .ambiguousNumber),
        Reading(text: "0xg", value: .text), Reading(text: "1_000", value: .text),
        Reading(text: "12:30:45", value: .text),
        Reading(text: "2001-01-01", value: .text), Reading(text: "1.5", value: .otherNumber),
        Reading(text: ".5", value: .otherNumber), Reading(text: "5.", value: .otherNumber),
        Reading(text: "1e5", value: .otherNumber), Reading(text: "1e", value: .text), Reading(text: ".", value: .text),
        Reading(text: "-.inf", value: .otherNumber), Reading(text: ".nan", value: .otherNumber),
        Reading(text: "-", value: .text), Reading(text: "1.2.3", value: .text),
        Reading(text: "99999999999999999999", value: .otherNumber),
    ])
    func `is typed by the core schema of YAML 1_2`(_ reading: Reading) {
        #expect(DocumentScalar(text: reading.text, style: .plain).value == reading.value)
        #expect(DocumentScalar(text: reading.text, style: .quoted).value == .text)
    }

    @Test func `with a variable is never null and reads as what is asked for`() {
        let number = DocumentScalar(text: "3000", style: .quoted, origin: .expanded)
        #expect(number.value == .text)
        #expect(number.integer == 3000)
        #expect(DocumentScalar(text: "null", style: .plain, origin: .expanded).value == .text)
        #expect(DocumentScalar(text: "true", style: .plain, origin: .expanded).boolean == true)
        #expect(
            DocumentScalar(text: "secret", style: .plain, origin: .expanded).kindInWords == "a string with a variable")
    }
}
