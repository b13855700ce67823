import Bytes

// `#expect` takes no spans: the functions under test, for arrays.

extension [UInt8] {
    func equalsIgnoringASCIICase(_ lowercased: StaticString) -> Bool { span.equalsIgnoringASCIICase(lowercased) }
    func equalsIgnoringASCIICase(_ other: [UInt8]) -> Bool { span.equalsIgnoringASCIICase(other.span) }
    func isPrefixed(by prefix: [UInt8]) -> Bool { span.starts(with: prefix.span) }
    func equals(_ other: [UInt8]) -> Bool { span.equals(other.span) }
    func equals(_ literal: StaticString) -> Bool { span.equals(literal) }
    var isValidUTF8: Bool { UTF8Validation.isValid(span) }
}

func constantTimeEquals(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    constantTimeEquals(a.span, b.span)
}

extension Base64URL {
    static func decode(_ text: [UInt8]) throws(Base64URLError) -> [UInt8] { try decode(text.span) }
    static func encode(_ bytes: [UInt8]) -> [UInt8] { encode(bytes.span) }
}

extension ByteTable {
    func find(_ key: [UInt8]) -> Int? { find(key.span) }
    func find(_ key: String) -> Int? { find(Array(key.utf8)) }
}

extension KeyedHash {
    func callAsFunction(_ bytes: [UInt8]) -> UInt64 { self(bytes.span) }
}

extension JSONValue {
    func isText(_ text: StaticString) -> Bool { equals(text) }
}
