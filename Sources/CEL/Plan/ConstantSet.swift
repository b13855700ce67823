internal import Bytes

/// The elements of a constant list, arranged for look-up; equality is that of CEL.
struct ConstantSet: Sendable {
    private let texts: TextSet
    private let keys: Set<CELKey>
    /// What neither a string nor a key is: compared one by one.
    private let others: [CELValue]

    init(_ elements: [CELValue]) {
        var texts: [CELBuffer] = []
        var keys: Set<CELKey> = []
        var others: [CELValue] = []
        for element in elements {
            if case .string(let text) = element {
                texts.append(text)
            } else if let key = CELKey(element) {
                keys.insert(key)
            } else {
                others.append(element)
            }
        }
        self.texts = TextSet(texts)
        self.keys = keys
        self.others = others
    }

    @inline(__always)
    func contains(_ value: CELValue, _ frame: inout CELFrame) -> Bool {
        if case .string(let text) = value { return texts.contains(text) }
        return containsOther(value, &frame)
    }

    private func containsOther(_ value: CELValue, _ frame: inout CELFrame) -> Bool {
        if let key = CELKey(value), keys.contains(key) { return true }
        for other in others where frame.areEqual(value, other) { return true }
        return false
    }
}

/// A fixed set of strings: a few are compared in turn, many are hashed into an open table.
struct TextSet: Sendable {
    private let texts: [CELBuffer]
    /// Indices into `texts`, -1 where free; its size is a power of two, or 0 for a short list.
    private let table: [Int32]
    private let hash: KeyedHash

    private static let tableThreshold = 6

    init(_ elements: [CELBuffer]) {
        var texts: [CELBuffer] = []
        for element in elements where elements.count >= Self.tableThreshold || !texts.contains(where: { $0 == element })
        {
            texts.append(element)
        }
        self.texts = texts
        // The content is the operator's own: a fixed key will do.
        hash = KeyedHash(first: 0x243F_6A88_85A3_08D3, second: 0x1319_8A2E_0370_7344)
        guard texts.count >= Self.tableThreshold else {
            table = []
            return
        }
        var size = 16
        while size < texts.count * 2 { size *= 2 }
        var table = [Int32](repeating: -1, count: size)
        for (index, text) in texts.enumerated() {
            var place = Int(truncatingIfNeeded: unsafe hash(text.bytes.span)) & (size - 1)
            while table[place] >= 0 { place = (place + 1) & (size - 1) }
            table[place] = Int32(index)
        }
        self.table = table
    }

    @inline(__always)
    func contains(_ text: CELBuffer) -> Bool {
        guard !table.isEmpty else {
            for candidate in texts where candidate == text { return true }
            return false
        }
        let mask = table.count &- 1
        var place = Int(truncatingIfNeeded: unsafe hash(text.bytes.span)) & mask
        while table[place] >= 0 {
            if texts[Int(table[place])] == text { return true }
            place = (place &+ 1) & mask
        }
        return false
    }
}
