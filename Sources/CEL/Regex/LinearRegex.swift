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
        whole?.matches(text) ?? (RegexSimulation(program).firstMatch(in: text, isWhole: true) != nil)
    }

    /// Where the leftmost match from an offset on is and what its groups captured: two offsets per group, group 0
    /// being the match; -1 for a group that took no part. Nil where nothing matches.
    package func firstMatch(in text: Span<UInt8>, from: Int = 0) -> [Int]? {
        RegexSimulation(program).firstMatch(in: text, from: from)
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
