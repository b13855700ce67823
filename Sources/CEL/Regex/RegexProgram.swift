/// A regular expression as a nondeterministic automaton over bytes (K. Thompson, 1968).
struct RegexProgram {
    enum Step {
        case bytes(ClosedRange<UInt8>, next: Int32)
        /// The first way is preferred.
        case split(Int32, Int32)
        case assertion(RegexAssertion, next: Int32)
        /// Remembers the place in a slot: two for each capture.
        case save(Int32, next: Int32)
        case match
    }

    private(set) var steps: [Step] = [.match]
    private(set) var start: Int32 = 0
    private(set) var hasAssertions = false
    let captureCount: Int
    let captureNames: [String: Int]

    /// More than any pattern written by hand needs, and few enough to simulate.
    private static let maxSteps = 20_000

    /// Bytes that a match may begin with; nil where one may be empty.
    private(set) var firstBytes: [Bool]?

    init(_ pattern: String, endsBeforeLastNewline: Bool = false) throws(RegexError) {
        var parser = RegexParser(pattern, endsBeforeLastNewline: endsBeforeLastNewline)
        let node = try parser.parse()
        captureCount = parser.captureCount
        captureNames = parser.captureNames
        start = try compile(node, next: 0)
        firstBytes = findFirstBytes()
    }

    private func findFirstBytes() -> [Bool]? {
        var found = [Bool](repeating: false, count: 256)
        var seen = [Bool](repeating: false, count: steps.count)
        var stack = [start]
        while let step = stack.popLast() {
            if seen[Int(step)] { continue }
            seen[Int(step)] = true
            switch steps[Int(step)] {
            case .bytes(let range, _): for byte in range { found[Int(byte)] = true }
            case .split(let first, let second): stack += [first, second]
            case .assertion(_, let next), .save(_, let next): stack.append(next)
            case .match: return nil
            }
        }
        return found
    }

    private mutating func add(_ step: Step) throws(RegexError) -> Int32 {
        guard steps.count < Self.maxSteps else {
            throw RegexError(message: "the regular expression is too large", offset: 0)
        }
        steps.append(step)
        return Int32(steps.count - 1)
    }

    /// The first step of what matches `node` and goes on at `next`.
    private mutating func compile(_ node: RegexNode, next: Int32) throws(RegexError) -> Int32 {
        switch node {
        case .empty: return next
        case .set(let set): return try compile(set, next: next)
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try compile(part, next: next) }
            return next
        case .alternatives(let branches):
            var starts: [Int32] = []
            for branch in branches { starts.append(try compile(branch, next: next)) }
            return try split(starts)
        case .capture(let body, let index):
            let end = try add(.save(Int32(index * 2 + 1), next: next))
            return try add(.save(Int32(index * 2), next: try compile(body, next: end)))
        case .assertion(let assertion):
            hasAssertions = true
            return try add(.assertion(assertion, next: next))
        case .repetition(let body, let minimum, let maximum, let isGreedy):
            return try compile(body, minimum, maximum, isGreedy, next: next)
        }
    }

    private mutating func split(_ starts: [Int32]) throws(RegexError) -> Int32 {
        var start = starts[starts.count - 1]
        for other in starts.dropLast().reversed() { start = try add(.split(other, start)) }
        return start
    }

    private mutating func compile(
        _ body: RegexNode, _ minimum: Int, _ maximum: Int?, _ isGreedy: Bool, next: Int32
    ) throws(RegexError) -> Int32 {
        var start = next
        if let maximum {
            for _ in minimum..<max(minimum, maximum) {
                let once = try compile(body, next: start)
                start = try add(isGreedy ? .split(once, next) : .split(next, once))
            }
        } else {
            let loop = try add(.split(next, next))
            let once = try compile(body, next: loop)
            steps[Int(loop)] = isGreedy ? .split(once, next) : .split(next, once)
            // Where the body may match nothing, it is tried before the loop is left, as backtracking engines do.
            start = body.mayBeEmpty ? try add(isGreedy ? .split(once, next) : .split(next, once)) : loop
        }
        for _ in 0..<minimum { start = try compile(body, next: start) }
        return start
    }

    // MARK: - UTF-8

    private mutating func compile(_ set: ScalarSet, next: Int32) throws(RegexError) -> Int32 {
        if set.ranges.count == 1, let only = set.ranges.first, only.upperBound < 0x80 {
            return try add(.bytes(UInt8(only.lowerBound)...UInt8(only.upperBound), next: next))
        }
        var sequences: [[ClosedRange<UInt8>]] = []
        for range in set.ranges { Self.split(range, into: &sequences) }
        guard !sequences.isEmpty else {
            return try add(.bytes(1...1, next: try add(.assertion(.textStart, next: next))))
        }
        // Sequences that end alike share their ends.
        var shared: [Suffix: Int32] = [:]
        var starts: [Int32] = []
        for sequence in sequences {
            var state = next
            for range in sequence.reversed() {
                let suffix = Suffix(range: range, next: state)
                if let known = shared[suffix] {
                    state = known
                } else {
                    state = try add(.bytes(range, next: state))
                    shared[suffix] = state
                }
            }
            starts.append(state)
        }
        return try split(starts)
    }

    private struct Suffix: Hashable {
        let range: ClosedRange<UInt8>
        let next: Int32
    }

    /// Cuts a range of scalars into sequences of byte ranges that match exactly its UTF-8 forms.
    private static func split(_ range: ClosedRange<UInt32>, into sequences: inout [[ClosedRange<UInt8>]]) {
        // Surrogates have no UTF-8 form; the other limits are where the length of the form changes.
        for part: ClosedRange<UInt32> in [0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF]
        where range.overlaps(part) {
            splitOneLength(range.clamped(to: part), into: &sequences)
        }
    }

    private static func splitOneLength(
        _ range: ClosedRange<UInt32>, into sequences: inout [[ClosedRange<UInt8>]]
    ) {
        let low = range.lowerBound
        let high = range.upperBound
        // A range whose ends differ above their last n continuation bytes must cover those bytes whole.
        for shift: UInt32 in [6, 12, 18] where high > 0x7F {
            let mask: UInt32 = (1 << shift) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 {
                splitOneLength(low...(low | mask), into: &sequences)
                splitOneLength((low | mask) + 1...high, into: &sequences)
                return
            }
            if high & mask != mask {
                splitOneLength(low...(high & ~mask) - 1, into: &sequences)
                splitOneLength((high & ~mask)...high, into: &sequences)
                return
            }
        }
        guard let first = Unicode.Scalar(low), let last = Unicode.Scalar(high) else { return }
        let ends = zip(UTF8.encode(first) ?? .init(), UTF8.encode(last) ?? .init())
        sequences.append(ends.map { $0...$1 })
    }
}
