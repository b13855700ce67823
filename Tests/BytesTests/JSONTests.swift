import Bytes
import Testing

@Suite struct `Strict JSON` {
    private static func parse(_ text: String, limits: JSONLimits = .token) throws(JSONError) -> JSONDocument {
        try JSONDocument(parsing: Array(text.utf8), limits: limits)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var text: String
        var reason: JSONError.Reason
        var offset: Int
        var testDescription: String { text.isEmpty ? "empty" : text }

        init(_ text: String, _ reason: JSONError.Reason, at offset: Int) {
            self.text = text
            self.reason = reason
            self.offset = offset
        }
    }

    static let refused: [Refused] = [
        Refused("", .unexpectedEnd, at: 0),
        Refused("  ", .unexpectedEnd, at: 2),
        Refused("\u{FEFF}{}", .unexpectedByte, at: 0),
        // Trailing bytes
        Refused("{} {}", .trailingBytes, at: 3),
        Refused("{}x", .trailingBytes, at: 2),
        Refused("{}\0", .trailingBytes, at: 2),
        Refused("1 2", .trailingBytes, at: 2),
        Refused("truex", .trailingBytes, at: 4),
        // Unfinished
        Refused("{", .unexpectedEnd, at: 1),
        Refused(#"{"a""#, .unexpectedEnd, at: 4),
        Refused(#"{"a":"#, .unexpectedEnd, at: 5),
        Refused(#"{"a":1"#, .unexpectedEnd, at: 6),
        Refused(#"{"a":1,"#, .unexpectedEnd, at: 7),
        Refused("[1", .unexpectedEnd, at: 2),
        Refused("\"a", .unexpectedEnd, at: 2),
        Refused("\"a\\", .unexpectedEnd, at: 3),
        // Grammar
        Refused("[1,]", .unexpectedByte, at: 3),
        Refused("[,1]", .unexpectedByte, at: 1),
        Refused("[1 2]", .unexpectedByte, at: 3),
        Refused(#"{"a":1,}"#, .unexpectedByte, at: 7),
        Refused(#"{"a" 1}"#, .unexpectedByte, at: 5),
        Refused("{a:1}", .unexpectedByte, at: 1),
        Refused("{'a':1}", .unexpectedByte, at: 1),
        Refused("{1:1}", .unexpectedByte, at: 1),
        Refused("[1}", .unexpectedByte, at: 2),
        Refused("// x\n{}", .unexpectedByte, at: 0),
        Refused("NaN", .unexpectedByte, at: 0),
        Refused("Infinity", .unexpectedByte, at: 0),
        Refused("True", .unexpectedByte, at: 0),
        Refused("tru", .unexpectedByte, at: 0),
        Refused("nul", .unexpectedByte, at: 0),
        Refused("\u{B}1", .unexpectedByte, at: 0),
        Refused("\u{A0}1", .unexpectedByte, at: 0),
        // Numbers
        Refused("01", .trailingBytes, at: 1),
        Refused("-", .invalidNumber, at: 1),
        Refused("-a", .invalidNumber, at: 1),
        Refused("+1", .unexpectedByte, at: 0),
        Refused(".5", .unexpectedByte, at: 0),
        Refused("1.", .invalidNumber, at: 2),
        Refused("1.e1", .invalidNumber, at: 2),
        Refused("1e", .invalidNumber, at: 2),
        Refused("1e+", .invalidNumber, at: 3),
        Refused("-01", .trailingBytes, at: 2),
        Refused("0x10", .trailingBytes, at: 1),
        Refused("1_000", .trailingBytes, at: 1),
        // Duplicates
        Refused(#"{"a":1,"a":1}"#, .duplicateName, at: 7),
        Refused(#"{"a":1,"\u0061":2}"#, .duplicateName, at: 7),
        Refused(#"{"\u0061":1,"a":2}"#, .duplicateName, at: 12),
        Refused(#"{"\/":1,"/":2}"#, .duplicateName, at: 8),
        Refused(#"{"\ud83d\ude00":1,"😀":2}"#, .duplicateName, at: 18),
        Refused(#"{"":1,"":2}"#, .duplicateName, at: 6),
        Refused(#"{"o":{"x":1,"y":2,"x":3}}"#, .duplicateName, at: 18),
        Refused(#"[{"x":1,"x":3}]"#, .duplicateName, at: 8),
        // Strings
        Refused("\"\u{1}\"", .controlCharacter, at: 1),
        Refused("\"a\nb\"", .controlCharacter, at: 2),
        Refused("\"a\tb\"", .controlCharacter, at: 2),
        Refused("\"\0\"", .controlCharacter, at: 1),
        Refused(#""\x41""#, .invalidEscape, at: 1),
        Refused(#""\'""#, .invalidEscape, at: 1),
        Refused(#""\u00""#, .invalidEscape, at: 1),
        Refused(#""\u00g0""#, .invalidEscape, at: 1),
        Refused(#""\U0041""#, .invalidEscape, at: 1),
        Refused(#""\u""#, .invalidEscape, at: 1),
        // Lone surrogates
        Refused(#""\ud800""#, .invalidEscape, at: 1),
        Refused(#""\udc00""#, .invalidEscape, at: 1),
        Refused(#""\ud800x""#, .invalidEscape, at: 1),
        Refused(#""\ud800\n""#, .invalidEscape, at: 1),
        Refused(#""\ud800\ud800""#, .invalidEscape, at: 1),
        Refused(#""\ud800\u0041""#, .invalidEscape, at: 1),
        Refused(#""\udc00\ud800""#, .invalidEscape, at: 1),
        Refused(#""\ud83d\ude0""#, .invalidEscape, at: 1),
    ]

    @Test(arguments: refused)
    func `refuses with the reason and the offset`(_ entry: Refused) {
        #expect(throws: JSONError(entry.reason, at: entry.offset)) { try Self.parse(entry.text) }
    }

    @Test(
        arguments: [
            [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xFF], [0xE2, 0x82],
        ] as [[UInt8]])
    func `refuses invalid UTF-8 in strings and names`(_ bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONError(.invalidUTF8, at: 1)) {
            try JSONDocument(parsing: [quote] + bytes + [quote], limits: .token)
        }
        let object = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
        #expect(throws: JSONError(.invalidUTF8, at: 2)) {
            try JSONDocument(parsing: object, limits: .token)
        }
    }

    @Test func `no prefix of a document is a document`() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00"],"b":{"c":null,"d":true,"e":false}}"#.utf8)
        _ = try JSONDocument(parsing: text, limits: .token)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) {
                try JSONDocument(parsing: Array(text.prefix(count)), limits: .token)
            }
        }
    }

    @Test func `no byte flipped in a document crashes the reader`() {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00"],"b":{"c":null,"d":true}}"#.utf8)
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[index] = byte
                if let document = try? JSONDocument(parsing: changed, limits: .token) {
                    _ = Self.visit(document.root)
                }
            }
        }
    }

    /// Touches everything of a value.
    private static func visit(_ value: JSONValue) -> Int {
        var count = 1 + (value.string?.utf8.count ?? 0)
        count += value.integer == nil ? 0 : 1
        count += value.double == nil ? 0 : 1
        for (name, member) in value.members { count += (name.string?.utf8.count ?? 0) + visit(member) }
        for element in value.elements { count += visit(element) }
        return count
    }
}

@Suite struct `Reading JSON values` {
    @Test func `members keep their order and are found by their decoded name`() throws {
        let document = try JSONDocument(parsing: #" { "b" : 1 , "\u0061" : [ true , null ] , "c" : { } } "#)
        #expect(document.root.members.map { $0.name.string } == ["b", "a", "c"])
        #expect(document.root["a"]?.elements.map(\.kind) == [.true, .null])
        #expect(document.root["c"]?.count == 0)
        #expect(document.root["d"] == nil)
        let plain = try #require(document.root["b"])
        #expect(document.bytes[plain.range] == Array("1".utf8)[...])
    }

    @Test func `members of members do not show outside`() throws {
        let document = try JSONDocument(parsing: #"{"o":{"iss":"evil"},"l":[{"iss":"evil"}],"iss":"good"}"#)
        #expect(document.root["iss"]?.string == "good")
        #expect(document.root["iss"]?["iss"] == nil)
    }

    @Test func `escapes are decoded once`() throws {
        let document = try JSONDocument(parsing: #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00\\u0041""#)
        #expect(document.root.string == "\"\\/\u{8}\u{C}\n\r\tAé€😀\\u0041")
    }

    @Test func `a text with NUL keeps it`() throws {
        let document = try JSONDocument(parsing: #"{"sub":"alice\u0000bob"}"#)
        #expect(document.root["sub"]?.isText("alice") == false)
        #expect(document.root["sub"]?.string == "alice\0bob")
    }

    struct Number: Sendable, CustomTestStringConvertible {
        var text: String
        var integer: Int64?
        var double: Double?
        var testDescription: String { text }
    }

    static let numbers: [Number] = [
        Number(text: "0", integer: 0, double: 0),
        Number(text: "-0", integer: 0, double: 0),
        Number(text: "42", integer: 42, double: 42),
        Number(text: "-42", integer: -42, double: -42),
        Number(text: "1.0", integer: nil, double: 1),
        Number(text: "1e3", integer: nil, double: 1000),
        Number(text: "1E+3", integer: nil, double: 1000),
        Number(text: "1e-3", integer: nil, double: 0.001),
        Number(text: "9223372036854775807", integer: .max, double: 0x1p63),
        Number(text: "-9223372036854775808", integer: .min, double: -0x1p63),
        Number(text: "9223372036854775808", integer: nil, double: 0x1p63),
        Number(text: "-9223372036854775809", integer: nil, double: -0x1p63),
        Number(text: "99999999999999999999999", integer: nil, double: 1e23),
        Number(text: "1e400", integer: nil, double: .infinity),
        Number(text: "-1e400", integer: nil, double: -.infinity),
        Number(text: "\"1\"", integer: nil, double: nil),
        Number(text: "null", integer: nil, double: nil),
    ]

    @Test(arguments: numbers)
    func `numbers are read exactly or not at all`(_ number: Number) throws {
        let value = try JSONDocument(parsing: number.text).root
        #expect(value.integer == number.integer)
        #expect(value.double == number.double)
    }

    @Test func `a name is told from one that only begins alike`() throws {
        let document = try JSONDocument(parsing: #"{"issuer":1,"is":2}"#)
        #expect(document.root["iss"] == nil)
    }

    @Test func `what is written as a string reads back`() throws {
        let text = String((0..<0x250).compactMap(Unicode.Scalar.init).map(Character.init)) + "😀\u{2028}"
        var output: [UInt8] = []
        JSONString.write(text, to: &output)
        #expect(try JSONDocument(parsing: output, limits: .document).root.string == text)
        #expect(!output.contains { $0 < 0x20 })
    }
}

@Suite struct `Limits of JSON` {
    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test func `depth ends at the limit`() throws {
        let limits = JSONLimits(maxBytes: 1000, maxDepth: 5, maxNodes: 100)
        _ = try JSONDocument(parsing: Self.nested(5), limits: limits)
        #expect(throws: JSONError(.tooDeep, at: 5)) { try JSONDocument(parsing: Self.nested(6), limits: limits) }
        #expect(throws: JSONError(.tooDeep, at: 25)) {
            try JSONDocument(parsing: String(repeating: #"{"a":"#, count: 100), limits: limits)
        }
    }

    @Test func `depth counts what is open, not what was`() throws {
        let limits = JSONLimits(maxBytes: 1000, maxDepth: 2, maxNodes: 100)
        _ = try JSONDocument(parsing: "[[],[],[],{},{}]", limits: limits)
    }

    @Test func `a hundred thousand brackets are refused without a stack overflow`() {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 60_000)
        #expect(throws: JSONError(.tooDeep, at: 32)) { try JSONDocument(parsing: text, limits: .token) }
    }

    @Test func `bytes and nodes end at their limits`() throws {
        let limits = JSONLimits(maxBytes: 10, maxDepth: 5, maxNodes: 4)
        _ = try JSONDocument(parsing: "[1,2,3]   ", limits: limits)
        #expect(throws: JSONError(.tooLarge, at: 10)) { try JSONDocument(parsing: "[1,2,3]    ", limits: limits) }
        #expect(throws: JSONError(.tooLarge, at: 7)) { try JSONDocument(parsing: "[1,2,3,4]", limits: limits) }
    }

    @Test func `an object of 20,000 members is read fast and its last duplicate found`() throws {
        let members = (0..<20_000).map { "\"member-\($0)\":\($0)" }
        let text = Array("{\(members.joined(separator: ","))}".utf8)
        let duplicate = Array("{\(members.joined(separator: ",")),\"member-\\u0030\":1}".utf8)
        let clock = ContinuousClock()
        let time = try clock.measure {
            _ = try JSONDocument(parsing: text, limits: .document)
            #expect(throws: JSONError(.duplicateName, at: text.count)) {
                try JSONDocument(parsing: duplicate, limits: .document)
            }
        }
        // Pair by pair it would be 200 million comparisons: half a minute in a debug build.
        #expect(time < .seconds(5))
    }

    /// Plain text is skipped eight bytes at a time.
    @Test(arguments: 0...20)
    func `what is special in a string is seen at every place`(_ place: Int) throws {
        let before = String(repeating: "x~\u{7F} ", count: 6).prefix(place)
        for after in ["", "yz", "0123456789abcdef"] {
            #expect(try JSONDocument(parsing: "\"\(before)\(after)\"").root.string == before + after)
            #expect(try JSONDocument(parsing: "\"\(before)\\\"\(after)\"").root.string == before + "\"" + after)
            #expect(try JSONDocument(parsing: "\"\(before)é€😀\(after)\"").root.string == before + "é€😀" + after)
            #expect(throws: JSONError(.controlCharacter, at: place + 1)) {
                try JSONDocument(parsing: "\"\(before)\u{1F}\(after)\"")
            }
            #expect(throws: JSONError(.trailingBytes, at: place + 2)) {
                try JSONDocument(parsing: "\"\(before)\"\(after)\"")
            }
            let broken = Array("\"\(before)".utf8) + [0x80] + Array("\(after)\"".utf8)
            #expect(throws: JSONError(.invalidUTF8, at: place + 1)) {
                try JSONDocument(parsing: broken, limits: .document)
            }
        }
    }

    /// A value needs two bytes; tables that double would take thirty times the text.
    @Test(arguments: ["0", "[]", "{}", #""""#, "[0]", "true"])
    func `a text of nothing but values costs less than ten times its length`(_ value: String) throws {
        for count in [100, 1000, 5000, 20_000] {
            let text = Array("[\(Array(repeating: value, count: count).joined(separator: ","))]".utf8)
            let document = try JSONDocument(parsing: text, limits: .document)
            #expect(document.root.count == count)
            #expect(document.byteCount < 10 * text.count + 512)
        }
    }

    @Test(arguments: [15, 16, 17, 18])
    func `duplicates are found on both sides of the switch to sorting`(_ count: Int) throws {
        let members = (0..<count).map { "\"m\($0)\":{}" }.joined(separator: ",")
        #expect(try JSONDocument(parsing: "{\(members)}").root.count == count)
        for duplicate in [0, count / 2, count - 1] {
            #expect(throws: JSONError(.duplicateName, at: members.utf8.count + 2)) {
                try JSONDocument(parsing: "{\(members),\"m\(duplicate)\":1}")
            }
        }
    }
}
