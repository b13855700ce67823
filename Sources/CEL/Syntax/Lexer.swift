internal import Bytes

/// Cuts an expression into tokens, one at a time.
struct Lexer {
    let source: [UInt8]
    private var position = 0

    init(_ source: [UInt8]) {
        self.source = source
    }

    private func byte(_ offset: Int) -> UInt8 {
        let index = position + offset
        return index < source.count ? source[index] : 0
    }

    mutating func next() throws(CELIssue) -> Token {
        skipBlanks()
        let start = position
        guard position < source.count else { return Token(kind: .end, range: start..<start) }
        let first = source[position]
        if first.isASCIILetter || first == UInt8(ascii: "_") { return try word() }
        if first.isASCIIDigit || (first == UInt8(ascii: ".") && byte(1).isASCIIDigit) { return try number() }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            return try string(from: start, .string, isRaw: false)
        }
        if first == UInt8(ascii: "`") { return try quotedIdentifier() }
        guard let (kind, length) = punctuation(first, byte(1)) else {
            throw CELIssue(.syntax, "unexpected character \(characterText(at: start))", at: start)
        }
        position += length
        return Token(kind: kind, range: start..<position)
    }

    /// Blanks and comments (`//` to the end of the line).
    private mutating func skipBlanks() {
        while position < source.count {
            switch source[position] {
            case 0x20, 0x09, 0x0A, 0x0D, 0x0C: position += 1
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
                while position < source.count, source[position] != 0x0A { position += 1 }
            default: return
            }
        }
    }

    private func characterText(at offset: Int) -> String {
        let tail = source[offset...].prefix(4)
        return String(decoding: tail, as: UTF8.self).first.map { "'\($0)'" } ?? "end of text"
    }

    private func punctuation(_ first: UInt8, _ second: UInt8) -> (Token.Kind, Int)? {
        let isEqual = second == UInt8(ascii: "=")
        switch first {
        case UInt8(ascii: "."): return (.dot, 1)
        case UInt8(ascii: ","): return (.comma, 1)
        case UInt8(ascii: ":"): return (.colon, 1)
        case UInt8(ascii: "?"): return (.question, 1)
        case UInt8(ascii: "("): return (.leftParenthesis, 1)
        case UInt8(ascii: ")"): return (.rightParenthesis, 1)
        case UInt8(ascii: "["): return (.leftBracket, 1)
        case UInt8(ascii: "]"): return (.rightBracket, 1)
        case UInt8(ascii: "{"): return (.leftBrace, 1)
        case UInt8(ascii: "}"): return (.rightBrace, 1)
        case UInt8(ascii: "+"): return (.plus, 1)
        case UInt8(ascii: "-"): return (.minus, 1)
        case UInt8(ascii: "*"): return (.times, 1)
        case UInt8(ascii: "/"): return (.divide, 1)
        case UInt8(ascii: "%"): return (.modulo, 1)
        case UInt8(ascii: "<"): return isEqual ? (.lessOrEqual, 2) : (.less, 1)
        case UInt8(ascii: ">"): return isEqual ? (.greaterOrEqual, 2) : (.greater, 1)
        case UInt8(ascii: "!"): return isEqual ? (.notEqual, 2) : (.not, 1)
        case UInt8(ascii: "=") where isEqual: return (.equal, 2)
        case UInt8(ascii: "|") where second == first: return (.or, 2)
        case UInt8(ascii: "&") where second == first: return (.and, 2)
        default: return nil
        }
    }

    /// An identifier, a word of the language, or a string with a prefix.
    private mutating func word() throws(CELIssue) -> Token {
        let start = position
        while byte(0).isASCIILetter || byte(0).isASCIIDigit || byte(0) == UInt8(ascii: "_") { position += 1 }
        if byte(0) == UInt8(ascii: "\"") || byte(0) == UInt8(ascii: "'"), position - start <= 2,
            let (kind, isRaw) = stringPrefix(source[start..<position])
        {
            return try string(from: start, kind, isRaw: isRaw)
        }
        let range = start..<position
        let kind: Token.Kind =
            switch range.count {
            case 2 where says("in", range): .in
            case 4 where says("true", range): .true
            case 4 where says("null", range): .null
            case 5 where says("false", range): .false
            default: .identifier
            }
        return Token(kind: kind, range: range)
    }

    private func says(_ word: StaticString, _ range: Range<Int>) -> Bool {
        source.span.extracting(range).equals(word)
    }

    private func stringPrefix(_ prefix: ArraySlice<UInt8>) -> (Token.Kind, isRaw: Bool)? {
        switch String(decoding: prefix.map(\.asciiLowercased), as: UTF8.self) {
        case "r": (.string, true)
        case "b": (.bytes, false)
        // The grammar has them in this order only.
        case "br": (.bytes, true)
        default: nil
        }
    }

    private mutating func quotedIdentifier() throws(CELIssue) -> Token {
        let start = position
        position += 1
        while position < source.count, source[position] != UInt8(ascii: "`") {
            let byte = source[position]
            guard byte.isASCIILetter || byte.isASCIIDigit || [0x5F, 0x2E, 0x2D, 0x2F, 0x20].contains(byte) else {
                throw CELIssue(.syntax, "a quoted field name holds letters, digits and _.-/ only", at: position)
            }
            position += 1
        }
        guard position < source.count, position > start + 1 else {
            throw CELIssue(.syntax, "this quoted field name does not end", at: start)
        }
        position += 1
        return Token(kind: .quotedIdentifier, range: start..<position)
    }

    private mutating func number() throws(CELIssue) -> Token {
        let start = position
        var kind = Token.Kind.int
        if byte(0) == UInt8(ascii: "0"), byte(1) | 0x20 == UInt8(ascii: "x") {
            position += 2
            let digits = position
            while byte(0).hexDigitValue != nil { position += 1 }
            if position == digits { throw CELIssue(.syntax, "a hexadecimal number needs digits", at: start) }
        } else {
            kind = decimal()
        }
        if kind == .int, byte(0) | 0x20 == UInt8(ascii: "u") {
            position += 1
            kind = .uint
        }
        if byte(0).isASCIILetter || byte(0) == UInt8(ascii: "_") {
            throw CELIssue(.syntax, "a number may not run into a name", at: position)
        }
        return Token(kind: kind, range: start..<position)
    }

    private mutating func decimal() -> Token.Kind {
        var kind = Token.Kind.int
        while byte(0).isASCIIDigit { position += 1 }
        if byte(0) == UInt8(ascii: "."), byte(1).isASCIIDigit {
            kind = .double
            position += 1
            while byte(0).isASCIIDigit { position += 1 }
        }
        guard byte(0) | 0x20 == UInt8(ascii: "e") else { return kind }
        let signed = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
        guard byte(signed ? 2 : 1).isASCIIDigit else { return kind }
        position += signed ? 2 : 1
        while byte(0).isASCIIDigit { position += 1 }
        return .double
    }

    /// A string from its prefix at `start`; the position is at its first quotation mark.
    private mutating func string(from start: Int, _ kind: Token.Kind, isRaw: Bool) throws(CELIssue) -> Token {
        let quote = source[position]
        let isTriple = byte(1) == quote && byte(2) == quote
        position += isTriple ? 3 : 1
        while position < source.count {
            let current = source[position]
            if current == quote, !isTriple || (byte(1) == quote && byte(2) == quote) {
                position += isTriple ? 3 : 1
                return Token(kind: kind, range: start..<position)
            }
            if !isTriple, current == 0x0A || current == 0x0D { break }
            position += current == UInt8(ascii: "\\") ? 2 : 1
        }
        throw CELIssue(.syntax, "this string does not end", at: start)
    }
}
