/// A look at the text before it is parsed, for the one bomb the parser itself would set off.
///
/// The parser compares the keys of each mapping. Where a key is a collection made of nested aliases,
/// comparing takes exponential time, before any count of nodes could stop it. So a document with
/// both many aliases and something that may be such a key is refused. It works on words, not on
/// tokens: what it takes for an alias or a key may be text, hence a limit and no ban.
enum AliasScan {
    static func isDangerous(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return false }
        let bytes = Array(text.utf8)
        var aliases = 0
        var hasComplexKey = false
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "*") where isAlias(bytes, index):
                aliases += 1
                if isKey(bytes, afterNameAt: index + 1) { hasComplexKey = true }
            case UInt8(ascii: "?") where isBlank(bytes, index + 1):
                hasComplexKey = true
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if isColon(bytes, from: index + 1) { hasComplexKey = true }
            default: break
            }
        }
        return hasComplexKey && aliases > DocumentReader.Limits.aliasesBesideComplexKeys
    }

    private static func isAlias(_ bytes: [UInt8], _ index: Int) -> Bool {
        guard index + 1 < bytes.count, isNameByte(bytes[index + 1]) else { return false }
        guard index > 0 else { return true }
        let before = bytes[index - 1]
        return before <= 0x20 || before == UInt8(ascii: "[") || before == UInt8(ascii: "{")
            || before == UInt8(ascii: ",")
    }

    private static func isKey(_ bytes: [UInt8], afterNameAt start: Int) -> Bool {
        var index = start
        while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
        return isColon(bytes, from: index)
    }

    private static func isColon(_ bytes: [UInt8], from start: Int) -> Bool {
        var index = start
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index < bytes.count && bytes[index] == UInt8(ascii: ":")
    }

    private static func isBlank(_ bytes: [UInt8], _ index: Int) -> Bool {
        index >= bytes.count || bytes[index] <= 0x20
    }

    /// libYAML's names of anchors: letters, digits, `_` and `-`.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte &- 0x30 < 10) || ((byte | 0x20) &- 0x61 < 26) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
