/// Runs the automaton of a regular expression on a text, all ways at once (R. Pike): time is proportional to
/// the text times the pattern. Finds where the preferred match is and what its groups captured.
struct RegexSimulation {
    private let program: RegexProgram
    private let slotCount: Int

    /// The places of a match: two for each group, -1 where the group took no part. Group 0 is the match.
    typealias Captures = [Int]

    init(_ program: RegexProgram) {
        self.program = program
        slotCount = (program.captureCount + 1) * 2
    }

    private struct Threads {
        var steps: [Int32] = []
        var captures: [Captures] = []
        var marks: [Int]

        init(_ count: Int) { marks = Array(repeating: -1, count: count) }

        mutating func clear() {
            steps.removeAll(keepingCapacity: true)
            captures.removeAll(keepingCapacity: true)
        }
    }

    /// Steps that a search is worth by itself: its tables are made anew.
    private static let costOfSearch = 8

    /// The leftmost match that begins at or after `from`, or nil.
    ///
    /// - Parameter budget: steps that may be taken; below zero where it was not enough, which finds nothing.
    func firstMatch(
        in text: Span<UInt8>, from: Int = 0, isWhole: Bool = false, budget: inout Int
    ) -> Captures? {
        budget -= Self.costOfSearch + program.steps.count
        var current = Threads(program.steps.count)
        var following = Threads(program.steps.count)
        var found: Captures?
        for position in from...max(from, text.count) {
            if current.steps.isEmpty, found == nil, let firstBytes = program.firstBytes,
                position == text.count || !firstBytes[Int(text[position])]
            {
                if isWhole { break }
                continue
            }
            if found == nil, !isWhole || position == from, isScalarStart(position, in: text) {
                var captures = Captures(repeating: -1, count: slotCount)
                captures[0] = position
                budget -= add(program.start, captures, at: position, in: text, to: &current)
            }
            if budget < 0 { return nil }
            if current.steps.isEmpty {
                // An assertion may hold further on, but not where the start is fixed or a match is found.
                if found != nil || isWhole { break }
                continue
            }
            budget -= current.steps.count
            let byte: UInt8? = position < text.count ? text[position] : nil
            for (index, step) in current.steps.enumerated() {
                switch program.steps[Int(step)] {
                case .bytes(let range, let next):
                    guard let byte, range.contains(byte) else { continue }
                    budget -= add(next, current.captures[index], at: position + 1, in: text, to: &following)
                    continue
                case .match where !isWhole || position == text.count:
                    var captures = current.captures[index]
                    captures[1] = position
                    found = captures
                case .match: continue
                case .split, .assertion, .save: continue
                }
                // Ways of lower preference than a match are given up.
                break
            }
            swap(&current, &following)
            following.clear()
        }
        return found
    }

    private func isScalarStart(_ position: Int, in text: Span<UInt8>) -> Bool {
        position == text.count || text[position] & 0xC0 != 0x80
    }

    /// Adds a step and all it reaches without taking a byte, in order of preference.
    ///
    /// - Returns: how many steps were looked at: what an assertion stops costs time, too.
    private func add(
        _ step: Int32, _ captures: Captures, at position: Int, in text: Span<UInt8>, to threads: inout Threads
    ) -> Int {
        var stack: [(Int32, Captures)] = [(step, captures)]
        var count = 0
        while let (step, captures) = stack.popLast() {
            count += 1
            guard threads.marks[Int(step)] != position else { continue }
            threads.marks[Int(step)] = position
            switch program.steps[Int(step)] {
            case .bytes, .match:
                threads.steps.append(step)
                threads.captures.append(captures)
            case .split(let first, let second):
                stack.append((second, captures))
                stack.append((first, captures))
            case .save(let slot, let next):
                var captures = captures
                captures[Int(slot)] = position
                stack.append((next, captures))
            case .assertion(let assertion, let next):
                let before: UInt8? = position > 0 ? text[position - 1] : nil
                let after: UInt8? = position < text.count ? text[position] : nil
                if assertion.holds(between: before, and: after, isLast: position + 1 == text.count) {
                    stack.append((next, captures))
                }
            }
        }
        return count
    }
}
