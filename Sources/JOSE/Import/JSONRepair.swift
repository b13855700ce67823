/// Repairs of JSON texts written by hand or broken by a web page.
enum JSONRepair {
    static func withoutControlCharactersInStrings(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString, byte < 0x20 { continue }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInString
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
            result.append(byte)
        }
        return result
    }

    /// The objects in the list of a text of the form `{"keys":[…]}` or `[…]`, by brackets and quotation
    /// marks alone; nil unless every bracket is closed, nothing else is in the list, and no more keys are than
    /// are read.
    static func elementsOfKeys(_ text: [UInt8]) -> [Range<Int>]? {
        guard let open = startOfList(text) else { return nil }
        var ranges: [Range<Int>] = []
        var index = open + 1
        while true {
            index = skipBlanks(text, from: index)
            guard index < text.count, text[index] == UInt8(ascii: "{"), let end = endOfBrackets(text, from: index)
            else { return nil }
            guard ranges.count < KeyImporter.maxKeys else { return nil }
            ranges.append(index..<end)
            index = skipBlanks(text, from: end)
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: "]") { break }
            guard text[index] == UInt8(ascii: ",") else { return nil }
            index += 1
        }
        let start = skipBlanks(text, from: 0)
        return endOfBrackets(text, from: start) == nil ? nil : ranges
    }

    private static func startOfList(_ text: [UInt8]) -> Int? {
        var index = skipBlanks(text, from: 0)
        guard index < text.count, text[index] != UInt8(ascii: "[") else { return index < text.count ? index : nil }
        for expected in ["{", "\"keys\"", ":"] {
            guard text[index...].starts(with: expected.utf8) else { return nil }
            index = skipBlanks(text, from: index + expected.utf8.count)
        }
        return index < text.count && text[index] == UInt8(ascii: "[") ? index : nil
    }

    private static func skipBlanks(_ text: [UInt8], from start: Int) -> Int {
        text[start...].firstIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } ?? text.count
    }

    /// Behind the bracket that closes the one at `start`, or nil.
    private static func endOfBrackets(_ text: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for index in start..<text.count {
            let byte = text[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
        }
        return nil
    }
}
