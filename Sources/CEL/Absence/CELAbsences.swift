/// What a condition reads that may be absent, in places where its absence makes the whole condition an error.
///
/// A deny rule that fails denies: whoever loads one should hear of these.
package struct CELAbsences: Sendable {
    /// A read of what may be absent.
    package struct Read: Equatable, Sendable {
        /// As it is written: `jwt.sub`, `request.headers["x-team"]`.
        package let text: String
        /// Byte offset in the source.
        package let offset: Int
    }

    /// Each thing once, in the order of the source. One that is read on the way to another is not named besides it.
    package let reads: [Read]
    /// Nil where nothing is to be done.
    package let remedy: Remedy?

    /// What makes the condition false, instead of an error, where something is absent.
    package struct Remedy: Equatable, Sendable {
        /// What is put before the condition, and behind it.
        package let before: String
        package let after: String
        /// Whether it asks for what may be absent; else it takes any error for false.
        package let asks: Bool
        /// The condition with both, where that is one line; nil where a line's end or a comment is in it.
        package let whole: String?
    }

    /// None.
    package init() {
        reads = []
        remedy = nil
    }

    /// - Parameter present: what is known to be there: `jwt` where it is not null, `jwt.exp` for its member.
    package init(of parsed: CELParsedExpression, present: Set<String> = []) {
        let (analysis, found) = Self.analyse(parsed, present)
        let named = found.filter { read in
            !found.contains { $0.number != read.number && $0.implied.contains(read.number) }
        }
        reads = named.map { Read(text: analysis.text($0.expression), offset: $0.expression.offset) }
        remedy = found.isEmpty ? nil : Self.remedy(found, parsed, present)
    }

    private static func remedy(_ found: [AbsentRead], _ parsed: CELParsedExpression, _ present: Set<String>) -> Remedy {
        // What is guarded where it is read need not be asked for once more, unless another read needs it outside.
        let few = Remedy(found.map(\.test), parsed)
        let all = Remedy(found.flatMap(\.tests), parsed)
        // With all of them nothing is left to be found.
        if let few, few != all {
            let rewritten = try? CELParsedExpression(few.applied(to: parsed.source), in: parsed.environment)
            if let rewritten, analyse(rewritten, present).reads.isEmpty { return few }
        }
        return all ?? Remedy(takingErrorsForFalseIn: parsed.source)
    }

    private static func analyse(
        _ parsed: CELParsedExpression, _ present: Set<String>
    ) -> (analysis: AbsenceAnalysis, reads: [AbsentRead]) {
        // For the types; what is wrong with names is somebody else's to say.
        _ = parsed.checked
        var analysis = AbsenceAnalysis(parsed.environment, source: Array(parsed.source.utf8))
        let known = analysis.numbers(of: present)
        return (analysis, analysis.need(parsed.root).reads.unless(known))
    }
}

extension AbsenceAnalysis {
    fileprivate mutating func numbers(of paths: Set<String>) -> Set<Int> {
        Set(
            paths.map { path in
                guard let dot = path.firstIndex(of: ".") else { return numbers[.attribute(path)] }
                let root = numbers[.attribute(String(path[..<dot]))]
                return numbers[.field(of: root, String(path[path.index(after: dot)...]))]
            })
    }
}

extension CELAbsences.Remedy {
    /// The condition behind these tests; nil where one of them cannot be asked there.
    fileprivate init?(_ tests: [AbsentRead.Test], _ parsed: CELParsedExpression) {
        var asked: [String] = []
        for test in tests {
            guard let test, !test.isMoreThanALine else { return nil }
            if !asked.contains(test) { asked.append(test) }
        }
        let needsParentheses = parsed.root.bindsLooserThanAnd || parsed.source.isMoreThanALine
        self.init(
            asked.joined(separator: " && ") + " && " + (needsParentheses ? "(" : ""), needsParentheses ? ")" : "",
            asks: true, parsed.source)
    }

    fileprivate init(takingErrorsForFalseIn source: String) {
        self.init("default(", ", false)", asks: false, source)
    }

    private init(_ before: String, _ after: String, asks: Bool, _ source: String) {
        self.before = before
        self.after = after
        self.asks = asks
        whole = source.isMoreThanALine ? nil : before + source + after
    }

    /// The condition with what is put around it.
    package func applied(to source: String) -> String { whole ?? before + source + "\n" + after }
}

extension String {
    /// Whether what is put behind it on the same line may be lost: a comment has one end, the line's.
    fileprivate var isMoreThanALine: Bool { contains { $0.isNewline } || contains("//") }
}

extension Expression {
    fileprivate var bindsLooserThanAnd: Bool {
        switch kind {
        case .or, .conditional: true
        default: false
        }
    }
}
