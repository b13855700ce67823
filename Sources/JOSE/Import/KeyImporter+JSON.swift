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
            if root["kty"] != nil || root["x5c"] != nil { return readJWK(root, index: 0) }
            guard readNamedPEM(root) else {
                return report(.error, .notAKeySet, "The object has neither \"keys\" nor \"kty\".")
            }
            return
        }
        guard keys.isArray else {
            return report(.error, .notAKeySet, "The member \"keys\" is not a list.")
        }
        readKeys(keys.elements)
    }

    /// Reads an object of PEM texts by `kid`, as some issuers publish their certificates. False where it has none.
    private mutating func readNamedPEM(_ object: JSONValue) -> Bool {
        let isOne = object.members.contains { Self.looksLikePEM($0.value.decodedBytes ?? []) }
        guard isOne else { return false }
        for (index, (name, value)) in object.members.enumerated() {
            let label = KeyLabel(index: index, kid: shown(name))
            // Of a chain the first certificate is the key's own.
            if let text = value.decodedBytes, let block = blocks(in: text, label)?.first {
                read(block, kid: name.decodedBytes, label)
            } else {
                report(.error, .badPEM, key: label, "The member is not PEM.")
            }
        }
        return true
    }

    private mutating func readKeys(_ elements: JSONValue.Elements) {
        for (index, element) in elements.enumerated() {
            readJWK(element, index: index)
        }
    }

    /// Strictly, or once more without the control characters that broke strings, or key by key.
    private mutating func parseJSON(_ text: [UInt8]) -> JSONDocument? {
        let failure: JSONError
        do {
            return try JSONDocument(parsing: text, limits: .document)
        } catch {
            failure = error
        }
        let repaired = failure.reason == .controlCharacter ? JSONRepair.withoutControlCharactersInStrings(text) : text
        if let document = try? JSONDocument(parsing: repaired, limits: .document) {
            reportRemovedControlCharacters()
            return document
        }
        if !salvageKeys(repaired) {
            report(.error, .notJSON, "Not JSON: \(failure.reason.rawValue) at byte \(failure.offset).")
        }
        return nil
    }

    private mutating func reportRemovedControlCharacters() {
        report(
            .warning, .controlCharactersRemoved,
            "Line breaks or other control characters inside strings were removed.")
    }

    /// Reads the keys of a whole but faulty list one by one, so that one of them cannot sink the set.
    /// False if there is no such list: a truncated document is not salvaged.
    private mutating func salvageKeys(_ text: [UInt8]) -> Bool {
        guard let ranges = JSONRepair.elementsOfKeys(text) else { return false }
        // Read twice, so that the keys are not all in memory at once.
        var isReadable: [Bool] = []
        for range in ranges { isReadable.append(Self.document(text[range]) != nil) }
        guard isReadable.contains(true), isReadable.contains(false) else { return false }
        for (index, range) in ranges.enumerated() {
            if let key = Self.document(text[range]) {
                readJWK(key.root, index: index)
            } else {
                report(.error, .notJSON, key: KeyLabel(index: index), "This key is not JSON; the others were read.")
            }
        }
        return true
    }

    private static func document(_ text: ArraySlice<UInt8>) -> JSONDocument? {
        try? JSONDocument(parsing: Array(text), limits: .document)
    }
}
