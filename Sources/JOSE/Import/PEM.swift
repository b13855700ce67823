internal import Bytes

/// One block of a PEM text (RFC 7468).
struct PEMBlock: Sendable, Equatable {
    var label: String
    var bytes: [UInt8]
}

/// Reads PEM: text outside the blocks is ignored, inside them only base64 and blanks may stand.
enum PEM {
    /// Every block in order; nil at a block that does not end or is not base64.
    static func blocks(in text: [UInt8]) -> [PEMBlock]? {
        var blocks: [PEMBlock] = []
        var body: [UInt8] = []
        var label: String?
        var rest = text[...]
        while let line = nextLine(of: &rest) {
            if let open = label {
                if let name = Self.label(line, after: "-----END ") {
                    guard name == open, let bytes = decode(body) else { return nil }
                    blocks.append(PEMBlock(label: open, bytes: bytes))
                    label = nil
                    body = []
                } else {
                    body.append(contentsOf: line)
                }
            } else if let name = Self.label(line, after: "-----BEGIN ") {
                label = name
            }
        }
        return label == nil ? blocks : nil
    }

    /// The text with each boundary on a line of its own: for texts that came through a shell or a form
    /// that turned line breaks into blanks or into a backslash and a letter.
    static func withLineBreaksRestored(_ text: [UInt8]) -> [UInt8] {
        text.span.text
            .replacing("\\r", with: "").replacing("\\n", with: "\n")
            .replacing("-----BEGIN ", with: "\n-----BEGIN ").replacing("-----END ", with: "\n-----END ")
            .replacing("KEY-----", with: "KEY-----\n").replacing("CERTIFICATE-----", with: "CERTIFICATE-----\n")
            .utf8.map(\.self)
    }

    /// Takes the next line that is not empty, without the blanks around it.
    private static func nextLine(of rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        rest = rest.drop(while: isLineBreak)
        guard !rest.isEmpty else { return nil }
        let line = rest.prefix { !isLineBreak($0) }
        rest = rest[line.endIndex...]
        let start = line.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start.startIndex
        return start[..<end]
    }

    private static func label(_ line: ArraySlice<UInt8>, after prefix: String) -> String? {
        let suffix = "-----".utf8
        guard line.starts(with: prefix.utf8), line.count > prefix.utf8.count + suffix.count,
            line.suffix(suffix.count).elementsEqual(suffix)
        else { return nil }
        let label = line.dropFirst(prefix.utf8.count).dropLast(suffix.count)
        return label.span.text
    }

    private static func decode(_ body: [UInt8]) -> [UInt8]? {
        guard !body.isEmpty else { return nil }
        let (text, _) = Base64Repair.repair(body)
        return try? Base64URL.decode(text.span)
    }
}
