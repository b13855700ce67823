internal import Bytes

/// A URL somewhere in a text, and what of it may be secret.
struct WrittenURL {
    /// What stands before the `@` of its authority (RFC 3986 §3.2.1); nil: nothing.
    var user: Range<Int>?
    /// What stands behind its question mark; nil: nothing.
    var query: Range<Int>?

    /// All of those that a text holds, `//host` among them, and those in queries. A blank or a quotation mark ends
    /// each.
    static func all(in bytes: [UInt8], _ range: Range<Int>) -> [WrittenURL] {
        var found: [WrittenURL] = []
        var index = range.lowerBound
        while index + 2 <= range.upperBound {
            guard bytes[index] == UInt8(ascii: "/"), bytes[index + 1] == UInt8(ascii: "/") else {
                index += 1
                continue
            }
            let start = index + 2
            let end =
                bytes[start..<range.upperBound].firstIndex { $0 <= ASCII.space || $0 == 0x22 || $0 == 0x27 }
                ?? range.upperBound
            let authority = bytes[start..<end].firstIndex { "/?#".utf8.contains($0) } ?? end
            let user = bytes[start..<authority].lastIndex(of: UInt8(ascii: "@")).map { start..<$0 }
            let mark = bytes[start..<end].firstIndex(of: UInt8(ascii: "?")).map { $0 + 1 }
            found.append(WrittenURL(user: user, query: mark.flatMap { $0 < end ? $0..<end : nil }))
            index = authority
        }
        return found
    }
}
