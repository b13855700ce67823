internal import Bytes

/// Bounds of what the compiler takes.
package struct CELLimits: Sendable {
    /// Bytes of the source.
    package var maxSourceBytes = 64 << 10
    /// Nodes of the syntax tree.
    package var maxNodes = 20_000
    /// Nodes on the longest way down the tree, and parentheses inside each other.
    package var maxDepth = 250
    /// Comprehensions inside each other.
    package var maxComprehensionDepth = 8

    package init() {}
}

/// Recursive descent over the grammar of CEL; expands macros as it goes.
struct Parser {
    private var lexer: Lexer
    private(set) var token = Token(kind: .end, range: 0..<0)
    let limits: CELLimits
    /// Behind the token before this one.
    private(set) var end = 0
    private var recursion = 0
    private var nodeCount = 0
    /// Those that were expanded.
    private var macros: [CELUse] = []

    init(_ source: [UInt8], limits: CELLimits) {
        self.lexer = Lexer(source)
        self.limits = limits
    }

    /// The whole source as one expression, and the macros in it.
    static func parse(
        _ source: [UInt8], limits: CELLimits
    ) throws(CELIssue) -> (root: Expression, macros: [CELUse]) {
        guard source.count <= limits.maxSourceBytes else {
            throw CELIssue(.limit, "the expression is longer than \(limits.maxSourceBytes) bytes", at: 0)
        }
        guard UTF8Validation.isValid(source.span) else {
            throw CELIssue(.syntax, "the expression is not valid UTF-8", at: 0)
        }
        var parser = Parser(source, limits: limits)
        try parser.advance()
        let expression = try parser.expression()
        guard parser.token.kind == .end else { throw parser.unexpected("an operator or the end of the expression") }
        return (expression, parser.macros)
    }

    mutating func note(macro: String, at offset: Int) {
        macros.append(CELUse(part: .macro(macro), offset: offset))
    }

    // MARK: - Tokens

    mutating func advance() throws(CELIssue) {
        end = token.range.upperBound
        token = try lexer.next()
    }

    mutating func take(_ kind: Token.Kind) throws(CELIssue) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    mutating func expect(_ kind: Token.Kind, _ text: String) throws(CELIssue) {
        guard try take(kind) else { throw unexpected("'\(text)'") }
    }

    func text(_ range: Range<Int>) -> String { String(decoding: lexer.source[range], as: UTF8.self) }

    var tokenBytes: ArraySlice<UInt8> { lexer.source[token.range] }

    func literalBytes() throws(CELIssue) -> [UInt8] { try Literal.bytes(token, of: lexer.source) }

    func unexpected(_ wanted: String) -> CELIssue {
        let found = token.kind == .end ? "the end" : "'\(text(token.range))'"
        return CELIssue(.syntax, "expected \(wanted), found \(found)", at: token.range.lowerBound)
    }

    /// A node that ends where the parser is, and begins at its offset or with its first part.
    mutating func make(_ kind: Expression.Kind, at offset: Int) throws(CELIssue) -> Expression {
        nodeCount += 1
        guard nodeCount <= limits.maxNodes else { throw CELIssue(.limit, "the expression is too large", at: offset) }
        let start = min(offset, kind.leading?.range.lowerBound ?? offset)
        let node = Expression(kind, at: offset, range: start..<max(start, end))
        guard node.depth <= limits.maxDepth else {
            throw CELIssue(.limit, "the expression nests too deeply", at: offset)
        }
        return node
    }

    // MARK: - Precedence

    mutating func expression() throws(CELIssue) -> Expression {
        recursion += 1
        defer { recursion -= 1 }
        guard recursion <= limits.maxDepth else {
            throw CELIssue(.limit, "the expression nests too deeply", at: token.range.lowerBound)
        }
        let condition = try disjunction()
        let offset = token.range.lowerBound
        guard try take(.question) else { return condition }
        let yes = try disjunction()
        try expect(.colon, ":")
        let no = try expression()
        return try make(.conditional(condition, yes, no), at: offset)
    }

    private mutating func disjunction() throws(CELIssue) -> Expression {
        var operands = [try conjunction()]
        let offset = token.range.lowerBound
        while try take(.or) { operands.append(try conjunction()) }
        return operands.count == 1 ? operands[0] : try make(.or(operands), at: offset)
    }

    private mutating func conjunction() throws(CELIssue) -> Expression {
        var operands = [try binary(1)]
        let offset = token.range.lowerBound
        while try take(.and) { operands.append(try binary(1)) }
        return operands.count == 1 ? operands[0] : try make(.and(operands), at: offset)
    }

    /// Relations bind at 1, sums at 2, products at 3; all to the left.
    private mutating func binary(_ minimum: Int) throws(CELIssue) -> Expression {
        var left = try unary()
        while let (op, precedence) = token.kind.binaryOperator, precedence >= minimum {
            let offset = token.range.lowerBound
            try advance()
            let right = try binary(precedence + 1)
            left = try make(.binary(op, left, right), at: offset)
        }
        return left
    }

    private mutating func unary() throws(CELIssue) -> Expression {
        let kind = token.kind
        guard kind == .not || kind == .minus else { return try member(try primary()) }
        var offsets: [Int] = []
        while token.kind == kind {
            offsets.append(token.range.lowerBound)
            try advance()
        }
        var operand: Expression
        if kind == .minus, token.kind == .int || token.kind == .double {
            let literal = try number(isNegative: true, at: offsets.removeLast())
            operand = try member(literal)
        } else {
            operand = try member(try primary())
        }
        // An even number of negations of a boolean, or of minus signs, is kept: operands are checked at run time.
        for offset in offsets.reversed() {
            operand = try make(.unary(kind == .not ? .not : .negate, operand), at: offset)
        }
        return operand
    }

    mutating func number(isNegative: Bool, at offset: Int) throws(CELIssue) -> Expression {
        let value: CELValue =
            switch token.kind {
            case .int: try Literal.integer(tokenBytes, isNegative: isNegative, at: offset)
            case .uint: try Literal.unsigned(tokenBytes, at: offset)
            default: try Literal.double(tokenBytes, isNegative: isNegative, at: offset)
            }
        try advance()
        return try make(.literal(value), at: offset)
    }
}

extension Token.Kind {
    fileprivate var binaryOperator: (Operator, Int)? {
        switch self {
        case .equal: (.equal, 1)
        case .notEqual: (.notEqual, 1)
        case .less: (.less, 1)
        case .lessOrEqual: (.lessOrEqual, 1)
        case .greater: (.greater, 1)
        case .greaterOrEqual: (.greaterOrEqual, 1)
        case .in: (.in, 1)
        case .plus: (.add, 2)
        case .minus: (.subtract, 2)
        case .times: (.multiply, 3)
        case .divide: (.divide, 3)
        case .modulo: (.modulo, 3)
        default: nil
        }
    }
}
