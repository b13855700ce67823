/// Reads RE2 syntax: alternation, groups, classes, anchors, `\b`, lazy quantifiers, bounded repeats, flags.
///
/// Not taken: back-references and look-around (no automaton can), `\p{…}`, `\C`.
struct RegexParser {
    let pattern: [Unicode.Scalar]
    var position = 0
    var flags = Flags()
    private var depth = 0
    private(set) var captureCount = 0
    private(set) var captureNames: [String: Int] = [:]

    /// Groups inside each other.
    private static let maxDepth = 100
    /// Highest count of a bounded repeat.
    private static let maxRepeat = 1000

    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
        var isUngreedy = false
    }

    /// Whether `$` stands before a line feed that ends the text, too, as with Perl.
    private let endsBeforeLastNewline: Bool

    init(_ pattern: String, endsBeforeLastNewline: Bool = false) {
        self.endsBeforeLastNewline = endsBeforeLastNewline
        self.pattern = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(RegexError) -> RegexNode {
        let node = try alternatives()
        guard position == pattern.count else { throw error("unexpected ')'") }
        return node
    }

    func error(_ message: String, at place: Int? = nil) -> RegexError {
        let before = pattern[..<min(place ?? position, pattern.count)]
        return RegexError(message: message, offset: before.reduce(0) { $0 + UTF8.width($1) })
    }

    var next: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

    mutating func take(_ text: String) -> Bool {
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
            return .assertion(flags.isMultiline ? .lineEnd : endsBeforeLastNewline ? .lastLineEnd : .textEnd)
        case "\\": return try escapedAtom()
        case "*", "+", "?": throw error("nothing to repeat")
        default:
            position += 1
            return .set(folded(ScalarSet(scalar.value)))
        }
    }

    func folded(_ set: ScalarSet) -> ScalarSet { flags.ignoresCase ? set.foldingCase : set }

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
}
