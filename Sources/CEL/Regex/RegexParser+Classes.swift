/// Escapes and classes.
extension RegexParser {
    mutating func escapedAtom() throws(RegexError) -> RegexNode {
        if take("\\b") { return .assertion(.wordBoundary) }
        if take("\\B") { return .assertion(.notWordBoundary) }
        if take("\\A") { return .assertion(.textStart) }
        if take("\\z") { return .assertion(.textEnd) }
        if let set = try classEscape() { return .set(set) }
        return .set(folded(ScalarSet(try escape())))
    }

    /// `\d`, `\w`, `\s`, a category of Unicode and their opposites, or nil.
    private mutating func classEscape() throws(RegexError) -> ScalarSet? {
        guard next == "\\", position + 1 < pattern.count else { return nil }
        let set: ScalarSet
        switch pattern[position + 1] {
        case "d": set = .digits
        case "D": set = ScalarSet.digits.inverted
        case "w": set = .word
        case "W": set = ScalarSet.word.inverted
        case "s": set = .space
        case "S": set = ScalarSet.space.inverted
        case "p": return try category(isInverted: false)
        case "P": return try category(isInverted: true)
        default: return nil
        }
        position += 2
        return set
    }

    /// `\pL`, `\p{Lu}`, `\p{^Lu}`.
    private mutating func category(isInverted: Bool) throws(RegexError) -> ScalarSet {
        let start = position
        position += 2
        var isInverted = isInverted
        var name = ""
        if take("{") {
            if take("^") { isInverted.toggle() }
            while let scalar = next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard take("}") else { throw error("malformed escape sequence", at: start) }
        } else if let scalar = next {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard let set = ScalarSet.category(name) else {
            throw error(
                "unknown Unicode class: general categories such as \\p{L} and \\p{Nd} are known, scripts are not",
                at: start)
        }
        return isInverted ? folded(set).inverted : folded(set)
    }

    /// The scalar that an escape stands for.
    private mutating func escape() throws(RegexError) -> UInt32 {
        let start = position
        position += 1
        guard let scalar = next else { throw error("nothing follows the backslash", at: start) }
        position += 1
        switch scalar {
        case "a": return 7
        case "f": return 0x0C
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 9
        case "v": return 0x0B
        case "x": return try hexadecimal(from: start)
        case "0": return octal(scalar.value - 0x30, 2)
        case "1"..."7":
            // One digit would be a back-reference.
            guard let second = next, ("0"..."7").contains(second) else {
                throw error("back-references are not supported", at: start)
            }
            return octal(scalar.value - 0x30, 2)
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw error("unknown escape sequence", at: start)
            }
            return scalar.value
        }
    }

    private mutating func octal(_ first: UInt32, _ more: Int) -> UInt32 {
        var value = first
        for _ in 0..<more {
            guard let digit = next, ("0"..."7").contains(digit) else { break }
            value = value * 8 + digit.value - 0x30
            position += 1
        }
        return value
    }

    private mutating func hexadecimal(from start: Int) throws(RegexError) -> UInt32 {
        let isBraced = take("{")
        var digits = ""
        while let scalar = next, scalar.properties.isASCIIHexDigit, digits.count < (isBraced ? 6 : 2) {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard isBraced ? take("}") : digits.count == 2, let value = UInt32(digits, radix: 16),
            Unicode.Scalar(value) != nil
        else { throw error("malformed escape sequence", at: start) }
        return value
    }

    mutating func bracket() throws(RegexError) -> ScalarSet {
        let start = position
        position += 1
        let isInverted = take("^")
        var set = ScalarSet([])
        var isFirst = true
        while isFirst || next != "]" {
            guard next != nil else { throw error("this class is not closed", at: start) }
            isFirst = false
            set = set.union(try bracketItem())
        }
        position += 1
        if flags.ignoresCase { set = set.foldingCase }
        return isInverted ? set.inverted : set
    }

    private mutating func bracketItem() throws(RegexError) -> ScalarSet {
        let start = position
        if take("[:") {
            let isInverted = take("^")
            var name = ""
            while let scalar = next, scalar.properties.isAlphabetic {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard take(":]"), let set = ScalarSet.named(name) else { throw error("unknown class name", at: start) }
            return isInverted ? set.inverted : set
        }
        if let set = try classEscape() { return set }
        let low = try bracketScalar()
        guard next == "-", position + 1 < pattern.count, pattern[position + 1] != "]" else { return ScalarSet(low) }
        position += 1
        let high = try bracketScalar()
        guard low <= high else { throw error("the range is reversed", at: start) }
        return ScalarSet([low...high])
    }

    private mutating func bracketScalar() throws(RegexError) -> UInt32 {
        guard let scalar = next else { throw error("this class is not closed") }
        if scalar == "\\" { return try escape() }
        position += 1
        return scalar.value
    }
}
