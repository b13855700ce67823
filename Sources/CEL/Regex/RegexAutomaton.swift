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

    /// A set of steps to go on from, and the byte before (which assertions look at).
    private struct Place: Hashable {
        var steps: [Int32]
        var before: UInt8?
    }

    private struct Builder {
        let program: RegexProgram
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
        private var marks: [Int32]
        private var generation: Int32 = 0
        private var work = 0

        init(_ program: RegexProgram, isWhole: Bool) {
            self.program = program
            self.isWhole = isWhole
            marks = [Int32](repeating: 0, count: program.steps.count)
        }

        mutating func run() -> Bool {
            classify()
            table = [UInt16](repeating: RegexAutomaton.accepting, count: classCount)
            table += [UInt16](repeating: RegexAutomaton.dead, count: classCount)
            guard let first = state(for: Place(steps: closure([program.start]), before: nil)) else { return false }
            start = first
            var next = 0
            while next < pending.count {
                let place = pending[next]
                next += 1
                for sample in samples {
                    guard let target = state(after: sample, at: place) else { return false }
                    table.append(target)
                }
                acceptsAtEnd.append(acceptsEnd(place))
                guard work < RegexAutomaton.maxWork else { return false }
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
            for case .bytes(let range, _) in program.steps { mark(range) }
            if program.hasAssertions {
                for range: ClosedRange<UInt8> in [0x0A...0x0A, 0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A] {
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

        /// The number of a place; nil where there are too many.
        private mutating func state(for place: Place) -> UInt16? {
            if place.steps.isEmpty, isWhole { return RegexAutomaton.dead }
            if let known = states[place] { return known }
            let number = pending.count + 2
            guard number < RegexAutomaton.maxStates, number * classCount < RegexAutomaton.maxTableSize else { return nil }
            states[place] = UInt16(number)
            pending.append(place)
            return UInt16(number)
        }

        private mutating func state(after byte: UInt8, at place: Place) -> UInt16? {
            let here = resolve(place, after: byte)
            if !isWhole, reachesMatch(here) { return RegexAutomaton.accepting }
            var targets: [Int32] = []
            for step in here {
                if case .bytes(let range, let next) = program.steps[Int(step)], range.contains(byte) {
                    targets.append(next)
                }
            }
            // A match of a part may begin anywhere.
            if !isWhole { targets.append(program.start) }
            let before = program.hasAssertions ? classes[Int(byte)] : nil
            return state(for: Place(steps: closure(targets), before: before))
        }

        private mutating func acceptsEnd(_ place: Place) -> Bool { reachesMatch(resolve(place, after: nil)) }

        private func reachesMatch(_ steps: [Int32]) -> Bool {
            steps.contains { if case .match = program.steps[Int($0)] { true } else { false } }
        }

        /// The steps of a place with those behind assertions that hold there.
        private mutating func resolve(_ place: Place, after next: UInt8?) -> [Int32] {
            guard program.hasAssertions else { return place.steps }
            let before = place.before.map { samples[Int($0)] }
            return closure(place.steps) { $0.holds(between: before, and: next) }
        }

        /// All steps reachable without taking a byte, in ascending order.
        private mutating func closure(_ starts: [Int32], _ holds: (RegexAssertion) -> Bool = { _ in false }) -> [Int32] {
            generation += 1
            var stack = starts
            var result: [Int32] = []
            while let step = stack.popLast() {
                guard marks[Int(step)] != generation else { continue }
                marks[Int(step)] = generation
                work += 1
                switch program.steps[Int(step)] {
                case .bytes, .match: result.append(step)
                case .split(let a, let b): stack += [a, b]
                case .save(_, let next): stack.append(next)
                case .assertion(let assertion, let next):
                    result.append(step)
                    if holds(assertion) { stack.append(next) }
                }
            }
            return result.sorted()
        }
    }
}
