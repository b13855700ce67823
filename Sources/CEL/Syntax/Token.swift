/// One token of an expression.
struct Token {
    enum Kind: Equatable {
        case identifier
        /// An identifier between backquotes: a field name with characters of its own.
        case quotedIdentifier
        case int, uint, double, string, bytes
        case `true`, `false`, null, `in`
        case dot, comma, colon, question
        case leftParenthesis, rightParenthesis, leftBracket, rightBracket, leftBrace, rightBrace
        case or, and, not
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        case plus, minus, times, divide, modulo
        case end
    }

    var kind: Kind
    /// Bytes of the source.
    var range: Range<Int>
}

extension Token.Kind {
    /// Words that may not name variables, so that later versions of the language can use them.
    static let reservedWords: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
}

/// One thing that is wrong with an expression, at a byte offset of its source.
package struct CELIssue: Error, Equatable, Sendable {
    package enum Kind: String, Sendable {
        case syntax, unknownName, type, limit, unsupported
    }

    package let kind: Kind
    package let message: String
    package let offset: Int
    /// What the author may have meant, as a whole sentence.
    package let hint: String?

    package init(_ kind: Kind, _ message: String, at offset: Int, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.offset = offset
        self.hint = hint
    }
}
