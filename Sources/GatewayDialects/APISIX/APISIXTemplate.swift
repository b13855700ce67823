internal import Bytes

/// A text with variables: `/a/$arg_x`, `${http_x ?? none}`, and `$1` where a pattern has captures.
struct APISIXTemplate {
    enum Part: Equatable {
        case text(String)
        /// - Parameter fallback: what stands in its place where a request does not have it.
        case variable(String, fallback: String)
        case capture(Int)
    }

    let parts: [Part]

    /// - Parameter namesHaveDots: whether a dot belongs to a name that stands without braces.
    init(_ text: String, namesHaveDots: Bool = true) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "$", literal.last != "\\", let part = Self.part(&rest, namesHaveDots) else {
                literal.append(character)
                continue
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            parts.append(part)
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// What stands behind a `$`; nil where that is a dollar and nothing else.
    private static func part(_ rest: inout Substring, _ namesHaveDots: Bool) -> Part? {
        if rest.first == "{", let end = rest.firstIndex(of: "}") {
            let inside = rest[rest.index(after: rest.startIndex)..<end]
            let sides = inside.split(separator: "??", maxSplits: 1, omittingEmptySubsequences: false)
                .map(\.withoutOuterSpaces)
            guard let name = sides.first, !name.isEmpty else { return nil }
            rest = rest[rest.index(after: end)...]
            return named(name, fallback: sides.count == 2 ? sides[1] : "")
        }
        // Of `$1_a` the digits alone are the capture's.
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty {
            rest = rest[digits.endIndex...]
            return named(String(digits), fallback: "")
        }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || namesHaveDots && $0 == ".") }
        guard !name.isEmpty else { return nil }
        rest = rest[name.endIndex...]
        return named(String(name), fallback: "")
    }

    private static func named(_ name: String, fallback: String) -> Part {
        if let digit = name.first?.wholeNumberValue, name.allSatisfy(\.isNumber) {
            return .capture(Int(name) ?? digit)
        }
        return .variable(name, fallback: fallback)
    }

    var isConstant: Bool { parts.allSatisfy { if case .text = $0 { true } else { false } } }

    /// Whether all its variables are offered.
    var isOffered: Bool {
        parts.allSatisfy { part in
            if case .variable(let name, _) = part { APISIXVariables().expression(name) != nil } else { true }
        }
    }

    /// The text of one that is constant.
    var constant: String { parts.map { if case .text(let text) = $0 { text } else { "" } }.joined() }

    /// The text as an expression, which never fails.
    ///
    /// - Parameters:
    ///   - captures: the expression of a capture; nil: there are none, which stand for nothing.
    ///   - escaped: what becomes of the expression of a variable.
    func expression(
        _ variables: APISIXVariables, captures: ((Int) -> String)? = nil, escaped: (String) -> String = { $0 }
    ) -> String {
        let terms = parts.map { part in
            switch part {
            case .text(let text): text.celLiteral
            case .variable(let name, let fallback):
                variables.expression(name).map { escaped("default(\($0), \(fallback.celLiteral))") }
                    ?? fallback.celLiteral
            case .capture(let number): captures.map { $0(number) } ?? "''"
            }
        }
        return terms.isEmpty ? "''" : terms.joined(separator: " + ")
    }

    /// Whether a request has any of the variables, as an expression.
    func presence(_ variables: APISIXVariables) -> String {
        let tests = parts.compactMap { part -> String? in
            guard case .variable(let name, _) = part, let value = variables.expression(name) else { return nil }
            return "default(size(\(value)) >= 0, false)"
        }
        return tests.isEmpty ? "false" : tests.joined(separator: " || ")
    }
}

/// Pairs of a pattern and what takes the place of its first find, as `regex_uri` has them: those of the first pattern
/// that is found.
struct APISIXSubstitution {
    private let pairs: [(pattern: String, template: String)]

    init(_ texts: [String]) {
        pairs = stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
    }

    /// The path, rewritten; `otherwise` where no pattern is found in it.
    func expression(otherwise: String) -> String {
        pairs.reversed().reduce(otherwise) { rest, pair in
            "(request.path.matches(\(pair.pattern.celLiteral)) ? "
                + "regex.replace(request.path, \(pair.pattern.celLiteral), \(Self.template(pair)), 1) : \(rest))"
        }
    }

    /// What the group of that number has found in the path; one that there is not has found nothing.
    func capture(_ number: Int) -> String {
        pairs.reversed().reduce("''") { rest, pair in
            if number > Self.groups(of: pair.pattern) {
                return "(request.path.matches(\(pair.pattern.celLiteral)) ? '' : \(rest))"
            }
            let whole = "(?s)^.*?(?:\(pair.pattern)).*$"
            return "(request.path.matches(\(pair.pattern.celLiteral)) ? "
                + "regex.replace(request.path, \(whole.celLiteral), \("\\\(number)".celLiteral), 1) : \(rest))"
        }
    }

    /// `$1` as `\1`.
    private static func template(_ pair: (pattern: String, template: String)) -> String {
        let groups = groups(of: pair.pattern)
        return APISIXTemplate(pair.template).parts.map { part in
            switch part {
            case .text(let text): text.replacing("\\", with: "\\\\")
            case .variable(let name, _): "$\(name)"
            case .capture(let number): number > groups ? "" : "\\\(number)"
            }
        }.joined().celLiteral
    }

    /// How many groups of a pattern capture: each `(` that is not escaped, in no class, and not followed by flags.
    private static func groups(of pattern: String) -> Int {
        var count = 0
        var isInClass = false
        var rest = pattern[...]
        while let character = rest.popFirst() {
            switch character {
            case "\\": _ = rest.popFirst()
            case "[" where !isInClass:
                isInClass = true
                // A bracket that comes first is one of the class.
                if rest.first == "^" { rest.removeFirst() }
                if rest.first == "]" { rest.removeFirst() }
            case "]": isInClass = false
            case "(" where !isInClass:
                let isNamed = rest.hasPrefix("?P<") || rest.hasPrefix("?<")
                if isNamed || rest.first != "?" { count += 1 }
            default: break
            }
        }
        return count
    }
}
