/// Where the text that an expression answers comes from, as far as its form tells.
package struct CELOrigin: Sendable {
    /// What it may be a part of, as paths: `request.path`. Entries of maps are left out.
    package private(set) var paths: [String] = []
    /// What of these it may answer as it is.
    package private(set) var wholes: [String] = []
    /// Parts of the expression, as written, that put a text together, or make another one of what they read.
    package private(set) var makings: [String] = []

    package init(of parsed: CELParsedExpression) {
        follow(parsed.root, parsed, isWhole: true)
    }

    private static let makers: Set = [
        "join", "replace", "regexReplace", "regex.replace", "format", "base64.decode", "lowerAscii", "upperAscii",
        "reverse",
    ]
    /// What they answer is a value of its own, whatever it stands in.
    private static let takers: Set = ["query", "cookie"]

    /// - Parameter expression: one whose value may become that of the whole.
    private mutating func follow(_ expression: Expression, _ parsed: CELParsedExpression, isWhole: Bool) {
        switch expression.kind {
        case .name, .select:
            guard let path = Self.path(of: expression) else { return }
            paths.append(path)
            if isWhole { wholes.append(path) }
        case .index(let operand, _, _): if Self.path(of: operand) == nil { follow(operand, parsed, isWhole: false) }
        case .binary(.add, _, _): makings.append(parsed.text(expression))
        case .call(let target, let function, let arguments):
            let name = target.flatMap(Self.path).map { "\($0).\(function)" } ?? function
            if Self.makers.contains(function) || Self.makers.contains(name) {
                makings.append(parsed.text(expression))
            } else if !Self.takers.contains(function), let subject = target ?? arguments.first {
                follow(subject, parsed, isWhole: false)
            }
        case .conditional(_, let first, let second):
            for part in [first, second] { follow(part, parsed, isWhole: isWhole) }
        case .fallback(let parts): for part in parts { follow(part, parsed, isWhole: isWhole) }
        case .bind(_, let value, let body): for part in [value, body] { follow(part, parsed, isWhole: isWhole) }
        case .block(let values, let body): for part in values + [body] { follow(part, parsed, isWhole: isWhole) }
        default: break
        }
    }

    /// `a.b.c` as text; nil for anything else.
    private static func path(of expression: Expression) -> String? {
        switch expression.kind {
        case .name(let name, _): name
        case .select(let operand, let field, .value): path(of: operand).map { "\($0).\(field)" }
        default: nil
        }
    }
}
