/// The deterministic form of a regular expression, built whole: one table look-up per byte.
///
/// Answers whether a match exists, not where. Patterns whose table would be large have none.
struct RegexAutomaton: Sendable {
    private let classes: [UInt8]
    private let classCount: Int
    /// The state after a byte of a class; state × class.
    private let table: [UInt16]
    private let acceptsAtEnd: [Bool]
    private let start: UInt16

    private static let accepting: UInt16 = 0
    private static let dead: UInt16 = 1
    private static let maxTableSize = 1 << 15
    private static let maxStates = 2000
    /// Bounds the time of building, in steps looked at.
    private static let maxWork = 400_000

    /// Nil where the table would be too large.
    init?(_ program: RegexProgram, isWhole: Bool) {
        var builder = Builder(program, isWhole: isWhole)
        guard builder.run() else { return nil }
        classes = builder.classes
        classCount = builder.classCount
        table = builder.table
        acceptsAtEnd = builder.acceptsAtEnd
        start = builder.start
    }

    func matches(_ text: Span<UInt8>) -> Bool {
        var state = start
        for index in text.indices {
            state = table[Int(state) &* classCount &+ Int(classes[Int(text[index])])]
            if state <= Self.dead { return state == Self.accepting }
        }
        return acceptsAtEnd[Int(state)]
    }

    /// What assertions can tell about a byte beside a place.
    private enum Before: UInt8 {
        case textStart, newline, word, continuation, other

        static var kinds: Int { 5 }

        init(_ byte: UInt8) {
            self =
                byte == 0x0A
                ? .newline : RegexAssertion.isWord(byte) ? .word : byte & 0xC0 == 0x80 ? .continuation : .other
        }

        var sample: UInt8? {
            switch self {
            case .textStart: nil
            case .newline: 0x0A
            case .word: 0x61
            case .continuation: 0x80
            case .other: 0x20
            }
        }
    }

    /// A set of steps to go on from, and what stands before.
    private struct Place: Hashable {
        var steps: [Int32]
        var before: Before
    }

    private struct Builder {
        private let steps: [RegexProgram.Step]
        private let firstStep: Int32
        private let hasAssertions: Bool
        /// Whether the match must be the whole text.
        let isWhole: Bool
        var classes = [UInt8](repeating: 0, count: 256)
        var classCount = 0
        var table: [UInt16] = []
        var acceptsAtEnd = [true, false]
        var start: UInt16 = 0
        /// One byte of each class.
        private var samples: [UInt8] = []
        private var states: [Place: UInt16] = [:]
        private var pending: [Place] = []
        /// Steps seen in the running closure have the number of its generation.
        private var marks: [Int32]
        private var generation: Int32 = 0
        private var stack: [Int32] = []
        private var work = 0
        private var mayBeginLater = false
        /// Where the class before led: neighbouring classes often lead to the same place.
        private var lastTargets: [Int32] = []
        private var lastBefore = Before.other
        private var lastState: UInt16?
        private var targets: [Int32] = []

        init(_ program: RegexProgram, isWhole: Bool) {
            steps = program.steps
            firstStep = program.start
            hasAssertions = program.hasAssertions
            self.isWhole = isWhole
            marks = [Int32](repeating: 0, count: program.steps.count)
        }

        mutating func run() -> Bool {
            classify()
            table = [UInt16](repeating: RegexAutomaton.accepting, count: classCount)
            table += [UInt16](repeating: RegexAutomaton.dead, count: classCount)
            // A match of a part may begin anywhere, unless the pattern is bound to the start of the text.
            mayBeginLater = !isWhole && !closure([firstStep], before: .word).isEmpty
            guard let first = state(closure([firstStep], before: .textStart), .textStart) else { return false }
            start = first
            var next = 0
            while next < pending.count {
                guard addRow(for: pending[next]), work < RegexAutomaton.maxWork else { return false }
                next += 1
            }
            return true
        }

        /// Bytes that no step tells apart are one class.
        private mutating func classify() {
            var isBoundary = [Bool](repeating: false, count: 257)
            func mark(_ range: ClosedRange<UInt8>) {
                isBoundary[Int(range.lowerBound)] = true
                isBoundary[Int(range.upperBound) + 1] = true
            }
            for case .bytes(let range, _) in steps { mark(range) }
            if hasAssertions {
                for range: ClosedRange<UInt8> in [
                    0x0A...0x0A, 0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A, 0x80...0xBF,
                ] {
                    mark(range)
                }
            }
            var current = -1
            for byte in 0..<256 {
                if byte == 0 || isBoundary[byte] {
                    current += 1
                    samples.append(UInt8(byte))
                }
                classes[byte] = UInt8(current)
            }
            classCount = current + 1
        }

        /// What a place does with the next byte.
        private struct Row {
            var ways: [(range: ClosedRange<UInt8>, next: Int32)] = []
            var isMatch = false
        }

        private func row(_ here: [Int32]) -> Row {
            var row = Row()
            for step in here {
                switch steps[Int(step)] {
                case .bytes(let range, let next): row.ways.append((range, next))
                case .match: row.isMatch = true
                default: break
                }
            }
            return row
        }

        /// Adds the transitions of a place; false where there are too many places.
        private mutating func addRow(for place: Place) -> Bool {
            let isConditional = hasAssertion(place.steps)
            let plain = row(place.steps)
            guard isConditional else {
                for index in samples.indices {
                    guard let target = state(after: samples[index], from: plain) else { return false }
                    table.append(target)
                }
                acceptsAtEnd.append(plain.isMatch)
                return true
            }
            // Bytes alike to assertions see the same steps.
            var resolved = [Row?](repeating: nil, count: Before.kinds)
            for index in samples.indices {
                let kind = Int(Before(samples[index]).rawValue)
                let here = resolved[kind] ?? row(resolve(place, after: samples[index]))
                resolved[kind] = here
                guard let target = state(after: samples[index], from: here) else { return false }
                table.append(target)
            }
            acceptsAtEnd.append(row(resolve(place, after: nil)).isMatch)
            return true
        }

        /// The number of a place; nil where there are too many.
        private mutating func state(_ reached: [Int32], _ before: Before) -> UInt16? {
            if reached.isEmpty { return RegexAutomaton.dead }
            // Without assertions it does not matter what stands before.
            let isConditional = hasAssertion(reached)
            let place = Place(steps: reached, before: isConditional ? before : .other)
            if let known = states[place] { return known }
            let number = pending.count + 2
            guard number < RegexAutomaton.maxStates, number * classCount < RegexAutomaton.maxTableSize else {
                return nil
            }
            states[place] = UInt16(number)
            pending.append(place)
            return UInt16(number)
        }

        private mutating func state(after byte: UInt8, from here: Row) -> UInt16? {
            if !isWhole, here.isMatch { return RegexAutomaton.accepting }
            work += here.ways.count
            targets.removeAll(keepingCapacity: true)
            for way in here.ways where way.range.contains(byte) { targets.append(way.next) }
            if mayBeginLater { targets.append(firstStep) }
            if targets.isEmpty { return RegexAutomaton.dead }
            let before = hasAssertions ? Before(byte) : .other
            if let lastState, before == lastBefore, targets == lastTargets { return lastState }
            guard let state = state(closure(targets, before: before), before) else { return nil }
            lastTargets.removeAll(keepingCapacity: true)
            lastTargets += targets
            (lastBefore, lastState) = (before, state)
            return state
        }

        private func hasAssertion(_ reached: [Int32]) -> Bool {
            guard hasAssertions else { return false }
            for step in reached {
                if case .assertion = steps[Int(step)] { return true }
            }
            return false
        }

        /// The steps of a place with those behind assertions that hold there.
        private mutating func resolve(_ place: Place, after next: UInt8?) -> [Int32] {
            closure(place.steps, before: place.before) { $0.holds(between: place.before.sample, and: next) }
        }

        /// All steps reachable without taking a byte, in ascending order; those that can never hold left out.
        private mutating func closure(
            _ starts: [Int32], before: Before, _ holds: (RegexAssertion) -> Bool = { _ in false }
        ) -> [Int32] {
            if starts.isEmpty { return [] }
            generation += 1
            stack.removeAll(keepingCapacity: true)
            stack += starts
            var result: [Int32] = []
            while let step = stack.popLast() {
                guard marks[Int(step)] != generation else { continue }
                marks[Int(step)] = generation
                work += 1
                switch steps[Int(step)] {
                case .bytes, .match: result.append(step)
                case .split(let a, let b):
                    stack.append(a)
                    stack.append(b)
                case .save(_, let next): stack.append(next)
                case .assertion(.textStart, let next):
                    if before == .textStart { stack.append(next) }
                case .assertion(let assertion, let next):
                    result.append(step)
                    if holds(assertion) { stack.append(next) }
                }
            }
            if result.count > 1 { result.sort() }
            return result
        }
    }
}
