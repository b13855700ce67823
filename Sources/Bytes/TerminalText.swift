/// Text from strangers, made fit for a terminal: nothing in it can move the cursor, hide or reorder what
/// stands beside it.
///
/// Control and format characters (C0, C1, bidirectional overrides, zero-width ones), separators of lines
/// and what Unicode has not assigned are shown as JSON escapes.
package enum TerminalText {
    /// One line: line breaks and tabs are escaped too.
    package static func line(_ text: String) -> String {
        escaping(text) { isHarmless($0) }
    }

    /// Several lines: line feeds and tabs stay.
    package static func lines(_ text: String) -> String {
        escaping(text) { isHarmless($0) || $0 == "\n" || $0 == "\t" }
    }

    /// A JSON string, quotation marks included: the same text to a JSON reader.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: append(scalar, isHarmless(scalar), to: &result)
            }
        }
        return result + "\""
    }

    private static func escaping(_ text: String, _ isKept: (Unicode.Scalar) -> Bool) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, isKept(scalar), to: &result) }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, _ isKept: Bool, to result: inout String) {
        if isKept { return result.unicodeScalars.append(scalar) }
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            return false
        default: return true
        }
    }
}
