import Bytes
import Testing

@Suite struct `Byte classes` {
    /// RFC 9110 §5.6.2, written out as the RFC has it.
    private static let tokenCharacters = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    @Test func `token characters are those of RFC 9110 and no others`() {
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isTokenCharacter == Self.tokenCharacters.contains(byte), "byte \(byte)")
        }
    }

    @Test func `field values hold visible bytes, obs-text, blank and tab`() {
        for byte in UInt8.min...UInt8.max {
            let expected = byte == 0x09 || (byte >= 0x20 && byte <= 0x7E) || byte >= 0x80
            #expect(byte.isFieldValueByte == expected, "byte \(byte)")
        }
    }

    @Test func `unreserved characters are those of RFC 3986`() {
        let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isURIUnreserved == unreserved.contains(byte), "byte \(byte)")
        }
    }

    @Test func `hexadecimal digits have their value and nothing else has one`() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let expected = byte < 0x80 ? character.hexDigitValue.map { UInt8($0) } : nil
            #expect(byte.hexDigitValue == expected, "byte \(byte)")
        }
    }

    @Test func `only ASCII capitals are lowered`() {
        for byte in UInt8.min...UInt8.max {
            let isCapital = byte >= 0x41 && byte <= 0x5A
            #expect(byte.asciiLowercased == (isCapital ? byte + 32 : byte), "byte \(byte)")
            let isLetter = isCapital || (byte >= 0x61 && byte <= 0x7A)
            #expect(byte.isASCIILetter == isLetter, "byte \(byte)")
            #expect(byte.isASCIIDigit == (byte >= 0x30 && byte <= 0x39), "byte \(byte)")
        }
    }

    @Test func `a byte set holds what its rule says`() {
        let set = ByteSet { $0 % 3 == 0 }
        for byte in UInt8.min...UInt8.max {
            #expect(set.contains(byte) == (byte % 3 == 0))
        }
    }
}

@Suite struct `Comparing byte strings` {
    @Test func `ignoring case equates letters only`() {
        let host = Array("HoSt".utf8)
        #expect(host.equalsIgnoringASCIICase("host"))
        // `@` and `[` stand beside the letters and differ from `` ` `` and `{` by the case bit alone.
        let at = Array("@[".utf8)
        let tick = Array("`{".utf8)
        #expect(!at.equalsIgnoringASCIICase(tick))
        // U+212A KELVIN SIGN lowers to `k` in Unicode, never here.
        let kelvin = Array("\u{212A}".utf8)
        #expect(!kelvin.equalsIgnoringASCIICase("k"))
    }

    @Test func `a prefix longer than the text is none`() {
        let text = Array("ab".utf8)
        let longer = Array("abc".utf8)
        let empty: [UInt8] = []
        #expect(!text.isPrefixed(by: longer))
        #expect(longer.isPrefixed(by: text))
        #expect(text.isPrefixed(by: empty))
        #expect(empty.equals(empty))
        #expect(empty.equals(""))
    }

    @Test func `secrets are equal only byte for byte`() {
        let secret = (0..<64).map { UInt8($0) }
        let same = secret
        #expect(constantTimeEquals(secret, same))
        for index in secret.indices {
            for bit in 0..<8 {
                var other = secret
                other[index] ^= 1 << UInt8(bit)
                #expect(!constantTimeEquals(secret, other))
            }
        }
        let shorter = Array(secret.dropLast())
        let empty: [UInt8] = []
        #expect(!constantTimeEquals(secret, shorter))
        #expect(!constantTimeEquals(shorter, secret))
        #expect(!constantTimeEquals(empty, secret))
        #expect(constantTimeEquals(empty, empty))
    }
}

@Suite struct `UTF-8 validation` {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var isValid: Bool
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "ASCII", bytes: Array("plain".utf8), isValid: true),
        Case(name: "two to four bytes", bytes: Array("é€😀".utf8), isValid: true),
        Case(name: "last scalar", bytes: [0xF4, 0x8F, 0xBF, 0xBF], isValid: true),
        Case(name: "behind the last scalar", bytes: [0xF4, 0x90, 0x80, 0x80], isValid: false),
        Case(name: "overlong slash in two", bytes: [0xC0, 0xAF], isValid: false),
        Case(name: "overlong slash in three", bytes: [0xE0, 0x80, 0xAF], isValid: false),
        Case(name: "overlong slash in four", bytes: [0xF0, 0x80, 0x80, 0xAF], isValid: false),
        Case(name: "overlong NUL", bytes: [0xC0, 0x80], isValid: false),
        Case(name: "first of three bytes", bytes: [0xE0, 0xA0, 0x80], isValid: true),
        Case(name: "high surrogate", bytes: [0xED, 0xA0, 0x80], isValid: false),
        Case(name: "low surrogate", bytes: [0xED, 0xBF, 0xBF], isValid: false),
        Case(name: "before the surrogates", bytes: [0xED, 0x9F, 0xBF], isValid: true),
        Case(name: "lone continuation", bytes: [0x80], isValid: false),
        Case(name: "cut after one of two", bytes: [0xC3], isValid: false),
        Case(name: "cut after two of three", bytes: [0xE2, 0x82], isValid: false),
        Case(name: "cut after three of four", bytes: [0xF0, 0x9F, 0x98], isValid: false),
        Case(name: "third byte wrong", bytes: [0xE2, 0x82, 0x41], isValid: false),
        Case(name: "fourth byte wrong", bytes: [0xF0, 0x9F, 0x98, 0x41], isValid: false),
        Case(name: "five bytes", bytes: [0xF8, 0x88, 0x80, 0x80, 0x80], isValid: false),
        Case(name: "0xFE", bytes: [0xFE], isValid: false),
    ]

    @Test(arguments: cases)
    func `takes well-formed sequences only`(_ entry: Case) {
        #expect(entry.bytes.isValidUTF8 == entry.isValid)
    }

    @Test func `agrees with the standard library on every three bytes that begin above ASCII`() {
        // Every lead byte with the continuation bytes at the edges of every range.
        let edges: [UInt8] = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
        for lead in UInt8(0x80)...0xFF {
            for second in edges {
                for third in edges {
                    let bytes = [lead, second, third]
                    let expected = String(validating: bytes, as: UTF8.self) != nil
                    #expect(bytes.isValidUTF8 == expected, "\(bytes)")
                }
            }
        }
    }
}
