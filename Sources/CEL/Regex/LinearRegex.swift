internal import Bytes

/// A regular expression that is matched in time proportional to the text: never by backtracking.
///
/// Syntax is that of RE2 (see `RegexParser`); text is UTF-8. Immutable; use it from any thread.
package final class LinearRegex: Sendable {
    private let program: RegexProgram
    private let part: RegexAutomaton?
    private let whole: RegexAutomaton?

    /// Which question gets a table of its own; any other is answered too, only slower.
    package enum Use: Sendable {
        case part, whole
        /// None: for a pattern that is used once.
        case once
    }

    /// Compiles `pattern` for replacing; throws what is wrong with it and where. As with Perl, `$` stands before a
    /// line feed that ends the text, too.
    package init(replacing pattern: String) throws(RegexError) {
        program = try RegexProgram(pattern, endsBeforeLastNewline: true)
        part = nil
        whole = nil
    }

    /// Compiles `pattern`; throws what is wrong with it and where.
    package init(_ pattern: String, for use: Use = .part) throws(RegexError) {
        program = try RegexProgram(pattern)
        part = use == .part ? RegexAutomaton(program, isWhole: false) : nil
        whole = use == .whole ? RegexAutomaton(program, isWhole: true) : nil
    }

    /// Whether any part of the text matches.
    package func matches(_ text: Span<UInt8>) -> Bool {
        part?.matches(text) ?? (firstMatch(in: text) != nil)
    }

    /// Whether the text as a whole matches.
    package func matchesWhole(_ text: Span<UInt8>) -> Bool {
        if let whole { return whole.matches(text) }
        var budget = Int.max
        return RegexSimulation(program).firstMatch(in: text, isWhole: true, budget: &budget) != nil
    }

    /// Where the leftmost match from an offset on is and what its groups captured: two offsets per group, group 0
    /// being the match; -1 for a group that took no part. Nil where nothing matches.
    package func firstMatch(in text: Span<UInt8>, from: Int = 0) -> [Int]? {
        var budget = Int.max
        return RegexSimulation(program).firstMatch(in: text, from: from, budget: &budget)
    }

    /// The text with what the template says in the place of its matches, which do not overlap.
    ///
    /// - Parameters:
    ///   - limit: matches that are replaced at most.
    ///   - maxBytes: of what comes out.
    ///   - budget: steps that may be taken. Eight bytes that are looked at are one, however little is found in them, and
    ///     so are eight that are put in.
    /// - Returns: nil where the budget is not enough, or more would come out.
    package func replaceMatches(
        in text: Span<UInt8>, by template: RegexTemplate, limit: Int, maxBytes: Int = .max, budget: inout Int
    ) -> [UInt8]? {
        budget -= text.count / 8
        if budget < 0 { return nil }
        let simulation = RegexSimulation(program)
        var output: [UInt8] = []
        var (end, position, left) = (0, 0, limit)
        while left > 0, position <= text.count {
            guard let match = simulation.firstMatch(in: text, from: position, budget: &budget) else { break }
            output += text.extracting(end..<match[0]).copied
            let before = output.count
            template.append(match, of: text, to: &output)
            budget -= (output.count - before) / 8
            if budget < 0 || output.count > maxBytes { return nil }
            end = match[1]
            position = Self.position(after: match, in: text)
            left -= 1
        }
        if budget < 0 || output.count + text.count - end > maxBytes { return nil }
        output += text.extracting(end..<text.count).copied
        return output
    }

    /// Where the search goes on behind a match: an empty one is stepped over by one scalar, so that it is found once.
    static func position(after match: [Int], in text: Span<UInt8>) -> Int {
        var position = match[1]
        guard match[0] == match[1] else { return position }
        position += 1
        while position < text.count, text[position] & 0xC0 == 0x80 { position += 1 }
        return position
    }

    /// Groups besides the match itself.
    package var captureCount: Int { program.captureCount }

    /// The number of the group of that name, or nil.
    package func captureIndex(named name: String) -> Int? { program.captureNames[name] }

    /// Steps that looking at one byte takes at most.
    package var costPerByte: Int { part != nil ? 1 : searchCostPerByte }

    /// The same for searching with captures, whose steps are larger.
    package var searchCostPerByte: Int { stepCount * 8 }

    /// The size of the automaton.
    package var stepCount: Int { program.steps.count }
}
