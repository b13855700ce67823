/// A validated JSON text and the table of its values: what the gateway keeps of a token's claims.
///
/// Reading a value allocates nothing; decoding a string or a number of unusual form does.
package final class JSONDocument: Sendable {
    package let bytes: [UInt8]
    let nodes: [JSONNode]

    /// Reads `bytes` whole; throws at the first byte that breaks the grammar or a limit.
    package init(parsing bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
        var parser = JSONParser(limits: limits)
        try parser.parse(bytes.span)
        self.nodes = parser.finish()
        self.bytes = bytes
    }

    package convenience init(parsing text: String, limits: JSONLimits = .document) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    package var root: JSONValue { JSONValue(document: self, index: 0) }

    /// The value at an index that a value of this document told.
    package func value(at index: Int) -> JSONValue {
        precondition(nodes.indices.contains(index), "not an index of this document")
        return JSONValue(document: self, index: index)
    }

    /// Calls `body` with each member of a root object in order: its decoded name, and its value's index.
    ///
    /// For readers of hot documents: unlike `members` it counts no references.
    package func forEachRootMember(_ body: (_ name: Span<UInt8>, _ value: Int) -> Void) {
        guard nodes[0].kind == .object else { return }
        let bytes = bytes
        let nodes = nodes
        let end = Int(nodes[0].next)
        var position = 1
        while position < end {
            let name = nodes[position]
            let text = bytes.span.extracting(Int(name.start)..<Int(name.end))
            if name.hasEscapes {
                let decoded = JSONString.decode(text)
                body(decoded.span, position + 1)
            } else {
                body(text, position + 1)
            }
            position = Int(nodes[position + 1].next)
        }
    }

    /// Bytes held: the text and the table.
    package var byteCount: Int { bytes.count + nodes.capacity * MemoryLayout<JSONNode>.stride + 96 }
}

/// One value of a document.
package struct JSONValue: Sendable {
    package let document: JSONDocument
    /// Place in the document's table: what to keep of a value where the document is kept anyway.
    package let index: Int

    private var node: JSONNode { document.nodes[index] }

    package var kind: JSONKind { node.kind }
    package var isObject: Bool { kind == .object }
    package var isArray: Bool { kind == .array }
    package var isString: Bool { kind == .string }
    package var isNumber: Bool { kind == .number }
    package var isNull: Bool { kind == .null }

    /// The value's bytes in the text; for a string, those between the quotation marks.
    package var range: Range<Int> { Int(node.start)..<Int(node.end) }

    /// Members of an object, elements of an array, otherwise 0. Counts them: the table does not keep the number.
    package var count: Int { cursor.count }

    package var boolean: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }
}

// MARK: - Strings

extension JSONValue {
    /// The decoded text of a string, or nil.
    package var string: String? {
        guard isString else { return nil }
        let bytes = document.bytes
        let raw = bytes.span.extracting(range)
        return node.hasEscapes ? String(decoding: JSONString.decode(raw), as: UTF8.self) : raw.text
    }

    /// The decoded bytes of a string, or nil.
    package var decodedBytes: [UInt8]? {
        guard isString else { return nil }
        let bytes = document.bytes
        let raw = bytes.span.extracting(range)
        return node.hasEscapes ? JSONString.decode(raw) : raw.copied
    }

    /// Whether the string has no escape sequences, so that `range` is its text as it stands.
    package var isPlainString: Bool { isString && !node.hasEscapes }

    /// Whether this is a string with exactly this text. Allocates only if it is written with escapes.
    package func equals(_ text: Span<UInt8>) -> Bool {
        guard isString else { return false }
        let bytes = document.bytes
        let raw = bytes.span.extracting(range)
        if !node.hasEscapes { return raw.equals(text) }
        return JSONString.decode(raw).span.equals(text)
    }

    package func equals(_ text: StaticString) -> Bool {
        guard isString else { return false }
        let bytes = document.bytes
        let raw = bytes.span.extracting(range)
        if !node.hasEscapes { return raw.equals(text) }
        return JSONString.decode(raw).span.equals(text)
    }
}

// MARK: - Members and elements

extension JSONValue {
    /// The member of that name, or nil (also where this is not an object).
    package subscript(name: Span<UInt8>) -> JSONValue? {
        var members = self.members
        while let member = members.next() {
            if member.name.equals(name) { return member.value }
        }
        return nil
    }

    package subscript(name: StaticString) -> JSONValue? {
        var members = self.members
        while let member = members.next() {
            if member.name.equals(name) { return member.value }
        }
        return nil
    }

    package subscript(name: String) -> JSONValue? {
        let bytes = Array(name.utf8)
        return self[bytes.span]
    }

    /// The members of an object in the order written; empty for anything else.
    package var members: Members {
        Members(document: document, position: index + 1, end: isObject ? Int(node.next) : 0)
    }

    /// The elements of an array in order; empty for anything else.
    package var elements: Elements {
        Elements(document: document, position: index + 1, end: isArray ? Int(node.next) : 0)
    }

    package struct Members: Sequence, IteratorProtocol {
        let document: JSONDocument
        var position: Int
        let end: Int

        package mutating func next() -> (name: JSONValue, value: JSONValue)? {
            guard position < end else { return nil }
            let name = JSONValue(document: document, index: position)
            let value = JSONValue(document: document, index: position + 1)
            position = Int(document.nodes[position + 1].next)
            return (name, value)
        }
    }

    package struct Elements: Sequence, IteratorProtocol {
        let document: JSONDocument
        var position: Int
        let end: Int

        package mutating func next() -> JSONValue? {
            guard position < end else { return nil }
            let value = JSONValue(document: document, index: position)
            position = Int(document.nodes[position].next)
            return value
        }
    }
}

// MARK: - Numbers

extension JSONValue {
    /// The number if it is written as an integer (no fraction, no exponent) that fits, or nil.
    package var integer: Int64? {
        guard isNumber else { return nil }
        let bytes = document.bytes
        let text = bytes.span.extracting(range)
        let isNegative = text[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (isNegative ? 1 : 0)..<text.count {
            guard text[index].isASCIIDigit else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.subtractingReportingOverflow(Int64(text[index] &- 0x30))
            guard !overflowed, !carried else { return nil }
            value = sum
        }
        // Accumulated as a negative number, whose range is one wider.
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// The number as the nearest double; infinite where it is out of range; nil if not a number.
    package var double: Double? {
        guard isNumber else { return nil }
        let bytes = document.bytes
        return Double(bytes.span.extracting(range).text)
    }
}
