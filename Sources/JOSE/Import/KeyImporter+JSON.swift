internal import Bytes

extension KeyImporter {
    mutating func readJSON(_ text: [UInt8]) {
        guard let document = parseJSON(text) else { return }
        let root = document.root
        if root.isArray {
            report(.warning, .keysMemberMissing, "A list of keys without the member \"keys\" around it.")
            return readKeys(root.elements)
        }
        guard let keys = root["keys"] else {
            guard root["kty"] != nil else {
                return report(.error, .notAKeySet, "The object has neither \"keys\" nor \"kty\".")
            }
            return readJWK(root, index: 0)
        }
        guard keys.isArray else {
            return report(.error, .notAKeySet, "The member \"keys\" is not a list.")
        }
        readKeys(keys.elements)
    }

    private mutating func readKeys(_ elements: JSONValue.Elements) {
        for (index, element) in elements.enumerated() {
            readJWK(element, index: index)
        }
    }

    /// Strictly, or once more without the control characters that broke strings.
    private mutating func parseJSON(_ text: [UInt8]) -> JSONDocument? {
        do {
            return try JSONDocument(parsing: text, limits: .document)
        } catch {
            guard error.reason == .controlCharacter,
                let document = try? JSONDocument(
                    parsing: JSONRepair.withoutControlCharactersInStrings(text), limits: .document)
            else {
                report(.error, .notJSON, "Not JSON: \(error.reason.rawValue) at byte \(error.offset).")
                return nil
            }
            report(
                .warning, .controlCharactersRemoved,
                "Line breaks or other control characters inside strings were removed.")
            return document
        }
    }
}

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
}
