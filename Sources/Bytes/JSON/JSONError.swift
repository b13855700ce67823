/// What a JSON text dies of, with the offset of the offending byte.
package struct JSONError: Error, Equatable, Sendable {
    package enum Reason: String, Equatable, Sendable {
        case unexpectedEnd
        case unexpectedByte
        case trailingBytes
        case invalidEscape
        /// A byte below 0x20 inside a string (RFC 8259 §7).
        case controlCharacter
        case invalidUTF8
        case invalidNumber
        /// Two members of one object have the same name once escapes are decoded.
        case duplicateName
        case tooDeep
        case tooLarge
    }

    package let reason: Reason
    /// Offset of the byte in the text, from 0.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

/// Bounds of what the reader accepts.
package struct JSONLimits: Sendable {
    /// Bytes of the whole text; at most `UInt32.max`.
    package var maxBytes: Int
    /// Arrays and objects inside each other.
    package var maxDepth: Int
    /// Values and member names in all.
    package var maxNodes: Int

    package init(maxBytes: Int, maxDepth: Int, maxNodes: Int) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxNodes = maxNodes
    }

    /// For tokens: what arrives from strangers.
    package static let token = JSONLimits(maxBytes: 64 << 10, maxDepth: 32, maxNodes: 4096)
    /// For documents an operator or a trusted server wrote.
    package static let document = JSONLimits(maxBytes: 16 << 20, maxDepth: 64, maxNodes: 1 << 20)
}

package enum JSONKind: UInt8, Sendable {
    case object, array, string, number, `true`, `false`, null
}

/// One entry of a document's flat table of values: 12 bytes, since a table may hold one for every two bytes
/// of its text, and the table of a token in the cache is kept.
struct JSONNode: Sendable {
    /// The bytes of the value; for a string, those between the quotation marks.
    var start: UInt32
    var end: UInt32
    /// `next`, then a bit for `hasEscapes`, then three for `kind`.
    private var packed: UInt32

    /// What fits into `next`.
    static let maxNodes = 1 << 28

    init(kind: JSONKind, start: UInt32, end: UInt32, next: UInt32) {
        self.start = start
        self.end = end
        packed = next << 4 | UInt32(kind.rawValue)
    }

    @inline(__always)
    var kind: JSONKind { JSONKind(rawValue: UInt8(truncatingIfNeeded: packed & 7)) ?? .null }

    /// A string with escape sequences: its text must be decoded before it is compared.
    @inline(__always)
    var hasEscapes: Bool {
        get { packed & 8 != 0 }
        set { packed = newValue ? packed | 8 : packed & ~8 }
    }

    /// Index of the first node after this value and all it contains.
    @inline(__always)
    var next: UInt32 {
        get { packed >> 4 }
        set { packed = newValue << 4 | packed & 15 }
    }
}
