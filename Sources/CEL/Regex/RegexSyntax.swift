/// A parsed regular expression.
indirect enum RegexNode {
    case empty
    case set(ScalarSet)
    case sequence([RegexNode])
    /// The first that matches is preferred.
    case alternatives([RegexNode])
    case repetition(RegexNode, min: Int, max: Int?, isGreedy: Bool)
    case capture(RegexNode, index: Int)
    case assertion(RegexAssertion)
}

/// A condition on a place in the text.
enum RegexAssertion: UInt8 {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary

    /// Whether it holds between two bytes; nil stands for the end of the text on that side.
    func holds(between before: UInt8?, and after: UInt8?) -> Bool {
        switch self {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == 0x0A
        case .lineEnd: after == nil || after == 0x0A
        case .wordBoundary: Self.isWord(before) != Self.isWord(after)
        case .notWordBoundary: Self.isWord(before) == Self.isWord(after)
        }
    }

    static func isWord(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
    }
}

/// Why a pattern is no regular expression.
package struct RegexError: Error, Equatable, Sendable {
    package let message: String
    /// Byte offset in the pattern.
    package let offset: Int
}

/// Reads RE2 syntax: alternation, groups, classes, anchors, `\b`, lazy quantifiers, bounded repeats, flags.
///
/// Not taken: back-references and look-around (no automaton can), `\p{…}`, `\C`.
struct RegexParser {
    private let pattern: [Unicode.Scalar]
    private var position = 0
    private var flags = Flags()
    private var depth = 0
    private(set) var captureCount = 0
    private(set) var captureNames: [String: Int] = [:]

    /// Groups inside each other.
    private static let maxDepth = 100
    /// Highest count of a bounded repeat.
    private static let maxRepeat = 1000

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
        var isUngreedy = false
    }

    init(_ pattern: String) {
        self.pattern = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(RegexError) -> RegexNode {
        let node = try alternatives()
        guard position == pattern.count else { throw error("unexpected ')'") }
        return node
    }

    private func error(_ message: String, at place: Int? = nil) -> RegexError {
        let before = pattern[..<min(place ?? position, pattern.count)]
        return RegexError(message: message, offset: before.reduce(0) { $0 + UTF8.width($1) })
    }

    private var next: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

    private mutating func take(_ text: String) -> Bool {
        var place = position
        for wanted in text.unicodeScalars {
            guard place < pattern.count, pattern[place] == wanted else { return false }
            place += 1
        }
        position = place
        return true
    }

    // MARK: - Structure

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw error("groups nest too deeply") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if take("\\Q") {
                while position < pattern.count, !take("\\E") {
                    parts.append(.set(folded(ScalarSet(pattern[position].value))))
                    position += 1
                }
                if let last = parts.popLast() { parts.append(try quantified(last)) }
                continue
            }
            guard let atom = try atom() else { continue }
            parts.append(try quantified(atom))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func quantified(_ atom: RegexNode) throws(RegexError) -> RegexNode {
        let start = position
        guard let (minimum, maximum) = try quantifier() else { return atom }
        let isLazy = take("?")
        let end = position
        if try quantifier() != nil { throw error("a quantifier may not follow another", at: end) }
        if let maximum, minimum > maximum { throw error("the repeat counts are reversed", at: start) }
        return .repetition(atom, min: minimum, max: maximum, isGreedy: isLazy == flags.isUngreedy)
    }

    private mutating func quantifier() throws(RegexError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{"), let minimum = number() else {
            position = start
            return nil
        }
        var maximum: Int? = minimum
        if take(",") { maximum = number() }
        guard take("}") else {
            position = start
            return nil
        }
        guard max(minimum, maximum ?? 0) <= Self.maxRepeat else {
            throw error("a repeat counts to \(Self.maxRepeat) at most", at: start)
        }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000)
            position += 1
        }
        return value
    }

    // MARK: - Atoms

    /// Nil for what sets flags only.
    private mutating func atom() throws(RegexError) -> RegexNode? {
        guard let scalar = next else { return nil }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracket())
        case ".":
            position += 1
            return .set(flags.dotTakesNewline ? .all : ScalarSet.newline.inverted)
        case "^":
            position += 1
            return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$":
            position += 1
            return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escapedAtom()
        case "*", "+", "?": throw error("nothing to repeat")
        default:
            position += 1
            return .set(folded(ScalarSet(scalar.value)))
        }
    }

    private func folded(_ set: ScalarSet) -> ScalarSet { flags.ignoresCase ? set.foldingCase : set }

    private mutating func group() throws(RegexError) -> RegexNode? {
        let start = position
        position += 1
        let saved = flags
        var index: Int?
        if take("?") {
            if take("P<") || take("<") {
                index = try namedCapture(from: start)
            } else {
                guard try setFlags(from: start) else { return nil }
            }
        } else {
            captureCount += 1
            index = captureCount
        }
        let body = try alternatives()
        guard take(")") else { throw error("this group is not closed", at: start) }
        flags = saved
        return index.map { .capture(body, index: $0) } ?? .sequence([body])
    }

    private mutating func namedCapture(from start: Int) throws(RegexError) -> Int {
        if next == "=" || next == "!" { throw error("look-around is not supported", at: start) }
        var name = ""
        while let scalar = next, scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard !name.isEmpty, take(">") else { throw error("malformed group name", at: start) }
        guard captureNames[name] == nil else { throw error("two groups are named '\(name)'", at: start) }
        captureCount += 1
        captureNames[name] = captureCount
        return captureCount
    }

    /// Flags behind `(?`; false where the group ends with them and they hold for what follows.
    private mutating func setFlags(from start: Int) throws(RegexError) -> Bool {
        var value = true
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotTakesNewline = value
            case "U": flags.isUngreedy = value
            case "-" where value: value = false
            case ":": return true
            case ")": return false
            case "=", "!", "<": throw error("look-around is not supported", at: start)
            default: throw error("unknown flag", at: position - 1)
            }
        }
        throw error("this group is not closed", at: start)
    }

    private mutating func escapedAtom() throws(RegexError) -> RegexNode {
        if take("\\b") { return .assertion(.wordBoundary) }
        if take("\\B") { return .assertion(.notWordBoundary) }
        if take("\\A") { return .assertion(.textStart) }
        if take("\\z") { return .assertion(.textEnd) }
        if let set = classEscape() { return .set(set) }
        return .set(folded(ScalarSet(try escape())))
    }

    /// `\d`, `\w`, `\s` and their opposites, or nil.
    private mutating func classEscape() -> ScalarSet? {
        guard next == "\\", position + 1 < pattern.count else { return nil }
        let set: ScalarSet
        switch pattern[position + 1] {
        case "d": set = .digits
        case "D": set = ScalarSet.digits.inverted
        case "w": set = .word
        case "W": set = ScalarSet.word.inverted
        case "s": set = .space
        case "S": set = ScalarSet.space.inverted
        default: return nil
        }
        position += 2
        return set
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
        case "p", "P": throw error("Unicode classes are not supported", at: start)
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

    // MARK: - Classes

    private mutating func bracket() throws(RegexError) -> ScalarSet {
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
        if let set = classEscape() { return set }
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
