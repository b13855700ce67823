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

extension RegexNode {
    /// Whether the expression may match without taking a byte.
    var mayBeEmpty: Bool {
        switch self {
        case .empty, .assertion: true
        case .set: false
        case .sequence(let parts): parts.allSatisfy(\.mayBeEmpty)
        case .alternatives(let branches): branches.contains(where: \.mayBeEmpty)
        case .repetition(let body, let minimum, _, _): minimum == 0 || body.mayBeEmpty
        case .capture(let body, _): body.mayBeEmpty
        }
    }
}

/// A condition on a place in the text.
enum RegexAssertion: UInt8 {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
    /// The end of the text, or of the line that a line feed at its end closes. Automata of tables can't tell.
    case lastLineEnd

    /// Whether it holds between two bytes; nil stands for the end of the text on that side.
    ///
    /// - Parameter isLast: whether nothing stands behind `after`.
    func holds(between before: UInt8?, and after: UInt8?, isLast: Bool = false) -> Bool {
        switch self {
        case .lastLineEnd: after == nil || after == 0x0A && isLast
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == 0x0A
        case .lineEnd: after == nil || after == 0x0A
        case .wordBoundary: Self.isWord(before) != Self.isWord(after)
        // Never inside a scalar of several bytes.
        case .notWordBoundary:
            Self.isWord(before) == Self.isWord(after) && !(after.map { $0 & 0xC0 == 0x80 } ?? false)
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
