internal import Bytes
internal import Crypto

extension KeyMaterial {
    /// RFC 7638: SHA-256 of the required members, in lexicographic order and without blanks.
    var thumbprint: [UInt8] {
        var text: [UInt8] = []
        JWKWriter.write(members, to: &text)
        return Array(SHA256.hash(data: text))
    }
}

/// Writes JWKs: members whose values are strings.
enum JWKWriter {
    static func write(_ members: [(name: String, value: String)], to text: inout [UInt8]) {
        text.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSONString.write(member.name, to: &text)
            text.append(UInt8(ascii: ":"))
            JSONString.write(member.value, to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    static func writeSet(_ keys: [[(name: String, value: String)]]) -> [UInt8] {
        var text = Array(#"{"keys":["#.utf8)
        for (index, key) in keys.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            write(key, to: &text)
        }
        text.append(contentsOf: "]}".utf8)
        return text
    }
}
