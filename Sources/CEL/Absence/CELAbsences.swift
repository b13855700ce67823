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

    /// The absences of `source`, a condition; throws where it is no expression.
    ///
    /// - Parameter present: what is known to be there: `jwt` where it is not null, `jwt.exp` for its member.
    package init(
        of source: String, in environment: CELEnvironment, present: Set<String> = []
    ) throws(CELCompileError) {
        let bytes = Array(source.utf8)
        let expression: Expression
        do throws(CELIssue) {
            expression = try Parser.parse(bytes, limits: environment.limits)
        } catch {
            throw CELCompileError(source, [error])
        }
        let (analysis, found) = Self.analyse(expression, bytes, environment, present)
        let named = found.filter { read in
            !found.contains { $0.number != read.number && $0.implied.contains(read.number) }
        }
        reads = named.map { Read(text: analysis.text($0.expression), offset: $0.expression.offset) }
        if found.isEmpty {
            remedy = nil
            return
        }
        // What is guarded where it is read need not be asked for once more, unless another read needs it outside.
        let candidates = [found.map(\.test), found.flatMap(\.tests)].compactMap { Remedy($0, expression, source) }
        remedy =
            candidates.first { candidate in
                let rewritten = Array(candidate.applied(to: source).utf8)
                guard let expression = try? Parser.parse(rewritten, limits: environment.limits) else { return false }
                return Self.analyse(expression, rewritten, environment, present).reads.isEmpty
            } ?? Remedy(takingErrorsForFalseIn: source)
    }

    private static func analyse(
        _ expression: Expression, _ source: [UInt8], _ environment: CELEnvironment, _ present: Set<String>
    ) -> (analysis: AbsenceAnalysis, reads: [AbsentRead]) {
        // For the types; what is wrong with names is somebody else's to say.
        _ = Checker.issues(expression, in: environment)
        var analysis = AbsenceAnalysis(environment, source: source)
        let known = analysis.numbers(of: present)
        return (analysis, analysis.need(expression).reads.unless(known))
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
    fileprivate init?(_ tests: [AbsentRead.Test], _ expression: Expression, _ source: String) {
        var asked: [String] = []
        for test in tests {
            guard let test, !test.isMoreThanALine else { return nil }
            if !asked.contains(test) { asked.append(test) }
        }
        let needsParentheses = expression.bindsLooserThanAnd || source.isMoreThanALine
        self.init(
            asked.joined(separator: " && ") + " && " + (needsParentheses ? "(" : ""), needsParentheses ? ")" : "",
            asks: true, source)
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
