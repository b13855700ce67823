/// A scalar as its author wrote it, typed on demand by the core schema of YAML 1.2 (§10.3.2).
package struct DocumentScalar: Equatable, Sendable {
    package enum Style: Hashable, Sendable {
        /// Without quotes: may be a number, a boolean or nothing.
        case plain
        /// In quotes or a block: always text.
        case quoted
    }

    /// The typed reading of a scalar.
    package enum Value: Equatable, Sendable {
        case null
        case boolean(Bool)
        case integer(Int)
        /// A number that is no `Int`: a fraction, an exponent, an infinity, or out of range.
        case otherNumber
        /// Digits that YAML 1.1 and 1.2 read differently (`017`, `0o17`): nobody should guess.
        case ambiguousNumber
        case text
    }

    /// Whether variables stand in a scalar.
    package enum Origin: Hashable, Sendable {
        case asWritten
        /// It is never null, and reads as what is asked for.
        case expanded
        /// A variable is missing, which is reported: it is good for nothing, and needs no other report.
        case unusable
    }

    package var text: String
    package var style: Style
    package var origin: Origin

    package init(text: String, style: Style, origin: Origin = .asWritten) {
        self.text = text
        self.style = style
        self.origin = origin
    }

    package var value: Value {
        if style == .quoted || origin != .asWritten { return .text }
        return Self.coreSchemaValue(of: text)
    }

    /// The integer, also where a variable or its quotes hide it (`port: "${PORT}"`).
    package var integer: Int? {
        let value = origin == .expanded ? Self.coreSchemaValue(of: text) : value
        if case .integer(let number) = value { return number }
        return nil
    }

    /// The number, whole or not, also where a variable hides it.
    package var number: Double? {
        switch origin == .expanded ? Self.coreSchemaValue(of: text) : value {
        case .integer(let number): Double(number)
        case .otherNumber: Double(text)
        default: nil
        }
    }

    package var boolean: Bool? {
        let value = origin == .expanded ? Self.coreSchemaValue(of: text) : value
        if case .boolean(let truth) = value { return truth }
        return nil
    }

    /// The scalar in the words of a message; a value that came from a variable is not shown.
    package var kindInWords: String {
        if origin != .asWritten { return "a string with a variable" }
        return switch value {
        case .null: "nothing"
        case .boolean: text
        case .integer, .otherNumber, .ambiguousNumber: "the number \(text)"
        case .text: "the string \(Self.quotedForMessage(text))"
        }
    }

    /// A text in quotes, cut where it is long or its first line ends.
    package static func quotedForMessage(_ text: String) -> String {
        let line = text.prefix { !$0.isNewline }
        let shown = line.prefix(longestInMessage)
        return shown.count == text.count ? "\"\(shown)\"" : "\"\(shown)…\""
    }

    private static var longestInMessage: Int { 60 }
}

extension DocumentScalar {
    private static func coreSchemaValue(of text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        case ".nan", ".NaN", ".NAN": return .otherNumber
        default: return numberValue(of: text)
        }
    }

    private static func numberValue(of text: String) -> Value {
        var rest = Substring(text).utf8
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest.removeFirst() }
        let unsigned = String(Substring(rest))
        if unsigned == ".inf" || unsigned == ".Inf" || unsigned == ".INF" { return .otherNumber }
        if unsigned.hasPrefix("0o") || unsigned.hasPrefix("0x") { return prefixedValue(of: text) }
        guard !rest.isEmpty, rest.allSatisfy({ $0 &- 0x30 < 10 }) else {
            return isFloat(rest) ? .otherNumber : .text
        }
        if rest.count > 1, rest.first == UInt8(ascii: "0") { return .ambiguousNumber }
        return Int(text).map(Value.integer) ?? .otherNumber
    }

    /// `0o17` and `0x1F`: numbers to YAML 1.2 only, so they are never taken for one.
    private static func prefixedValue(of text: String) -> Value {
        let radix = text.hasPrefix("0o") ? 8 : 16
        return Int(text.dropFirst(2), radix: radix) == nil ? .text : .ambiguousNumber
    }

    /// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with a digit in front of the exponent.
    private static func isFloat(_ text: Substring.UTF8View) -> Bool {
        func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
        var rest = text
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var digits = whole.count
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: isDigit)
            digits += fraction.count
            rest = rest.dropFirst(fraction.count)
        }
        guard digits > 0 else { return false }
        guard let mark = rest.first else { return true }
        guard mark | 0x20 == UInt8(ascii: "e") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }
}
