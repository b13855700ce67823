/// Primaries and what may follow them.
extension Parser {
    mutating func primary() throws(CELIssue) -> Expression {
        let offset = token.range.lowerBound
        switch token.kind {
        case .int, .uint, .double: return try number(isNegative: false, at: offset)
        case .string: return try literal(.string(CELBuffer(copying: try literalBytes())))
        case .bytes: return try literal(.bytes(CELBuffer(copying: try literalBytes())))
        case .true: return try literal(.bool(true))
        case .false: return try literal(.bool(false))
        case .null: return try literal(.null)
        case .leftBracket: return try list()
        case .leftBrace: return try map()
        case .leftParenthesis:
            try advance()
            let inner = try expression()
            try expect(.rightParenthesis, ")")
            inner.range = offset..<end
            return inner
        case .dot:
            try advance()
            return try name(isAbsolute: true, at: offset)
        case .identifier: return try name(isAbsolute: false, at: offset)
        default: throw unexpected("an expression")
        }
    }

    private mutating func literal(_ value: CELValue) throws(CELIssue) -> Expression {
        let offset = token.range.lowerBound
        try advance()
        return try make(.literal(value), at: offset)
    }

    private mutating func name(isAbsolute: Bool, at offset: Int) throws(CELIssue) -> Expression {
        guard token.kind == .identifier else { throw unexpected("a name") }
        let name = text(token.range)
        if Token.Kind.reservedWords.contains(name) {
            throw CELIssue(.syntax, "'\(name)' is a reserved word", at: token.range.lowerBound)
        }
        try advance()
        guard token.kind == .leftParenthesis else { return try make(.name(name, isAbsolute: isAbsolute), at: offset) }
        let arguments = try self.arguments()
        let node = try call(target: nil, name, arguments, at: offset)
        node.range = offset..<end
        return node
    }

    /// A parenthesised list of expressions.
    private mutating func arguments() throws(CELIssue) -> [Expression] {
        try expect(.leftParenthesis, "(")
        var arguments: [Expression] = []
        if try take(.rightParenthesis) { return arguments }
        repeat { arguments.append(try expression()) } while try take(.comma)
        try expect(.rightParenthesis, ")")
        return arguments
    }

    mutating func member(_ start: Expression) throws(CELIssue) -> Expression {
        var operand = start
        while true {
            let offset = token.range.lowerBound
            switch token.kind {
            case .dot:
                try advance()
                operand = try selection(of: operand, at: offset)
            case .leftBracket:
                try advance()
                let isOptional = try optionalMark()
                let key = try expression()
                try expect(.rightBracket, "]")
                operand = try make(.index(operand, key, isOptional: isOptional), at: offset)
            case .leftBrace:
                guard let name = operand.qualifiedName else { return operand }
                throw CELIssue(
                    .unsupported, "protocol-buffer messages such as '\(name)' are not supported", at: operand.offset)
            default: return operand
            }
        }
    }

    private mutating func selection(of operand: Expression, at dot: Int) throws(CELIssue) -> Expression {
        let isOptional = try optionalMark()
        let offset = token.range.lowerBound
        guard token.kind == .identifier || token.kind == .quotedIdentifier else { throw unexpected("a field name") }
        let isQuoted = token.kind == .quotedIdentifier
        let range = token.range
        let field = text(isQuoted ? range.lowerBound + 1..<range.upperBound - 1 : range)
        try advance()
        if !isQuoted, !isOptional, token.kind == .leftParenthesis {
            let arguments = try self.arguments()
            let node = try call(target: operand, field, arguments, at: offset)
            node.range = operand.range.lowerBound..<end
            return node
        }
        return try make(.select(operand, field: field, isOptional ? .optional : .value), at: offset)
    }

    /// Whether an element, a member or an entry is said to be one that may be absent.
    private mutating func optionalMark() throws(CELIssue) -> Bool {
        let offset = token.range.lowerBound
        guard try take(.question) else { return false }
        note(macro: "?", at: offset)
        return true
    }

    private mutating func list() throws(CELIssue) -> Expression {
        let offset = token.range.lowerBound
        try advance()
        var elements: [Expression.Element] = []
        while token.kind != .rightBracket {
            let isOptional = try optionalMark()
            elements.append(.init(value: try expression(), isOptional: isOptional))
            guard try take(.comma) else { break }
        }
        try expect(.rightBracket, "]")
        return try make(.list(elements), at: offset)
    }

    private mutating func map() throws(CELIssue) -> Expression {
        let offset = token.range.lowerBound
        try advance()
        var entries: [Expression.Entry] = []
        while token.kind != .rightBrace {
            let isOptional = try optionalMark()
            let key = try expression()
            try expect(.colon, ":")
            entries.append(.init(key: key, value: try expression(), isOptional: isOptional))
            guard try take(.comma) else { break }
        }
        try expect(.rightBrace, "}")
        return try make(.map(entries), at: offset)
    }
}

extension Expression {
    /// `a.b.c` where this is nothing but names and selections, or nil.
    var qualifiedName: String? {
        switch kind {
        case .name(let name, _): name
        case .select(let operand, let field, .value): operand.qualifiedName.map { "\($0).\(field)" }
        default: nil
        }
    }
}
