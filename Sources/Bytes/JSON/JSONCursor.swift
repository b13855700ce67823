/// A value of a document, seen without owning the document: reading one neither retains nor allocates.
///
/// Contract: whoever holds a cursor keeps the `JSONDocument` alive for as long. For the inner loops of
/// rule evaluation; everything else reads through `JSONValue`.
@safe package struct JSONCursor {
    private let nodes: UnsafePointer<JSONNode>
    private let bytes: UnsafePointer<UInt8>
    /// The value's place in the document's table; children follow their parent.
    package let index: Int

    private init(_ parent: JSONCursor, at index: Int) {
        unsafe self.nodes = parent.nodes
        unsafe self.bytes = parent.bytes
        self.index = index
    }

    fileprivate init(nodes: UnsafePointer<JSONNode>, bytes: UnsafePointer<UInt8>, index: Int) {
        unsafe self.nodes = nodes
        unsafe self.bytes = bytes
        self.index = index
    }

    @inline(__always)
    private var node: UnsafePointer<JSONNode> { unsafe nodes + index }

    @inline(__always)
    package var kind: JSONKind { unsafe node.pointee.kind }

    /// Members of an object, elements of an array, otherwise 0. Counts them: the table does not keep the number.
    package var count: Int {
        guard kind == .object || kind == .array else { return 0 }
        // The name of a member stands before its value.
        let step = kind == .object ? 1 : 0
        var count = 0
        var position = index &+ 1
        let end = self.end
        while position < end {
            count &+= 1
            position = value(at: position &+ step).end
        }
        return count
    }

    /// Index of the first value after this one and all it contains.
    @inline(__always)
    package var end: Int { unsafe Int(node.pointee.next) }

    /// Whether a string is written with escape sequences, so that `text` is not yet what it says.
    @inline(__always)
    package var hasEscapes: Bool { unsafe node.pointee.hasEscapes }

    /// The bytes of the value as written; of a string, those between the quotation marks.
    @inline(__always)
    package var text: UnsafeBufferPointer<UInt8> {
        let start = unsafe Int(node.pointee.start)
        return unsafe UnsafeBufferPointer(start: bytes + start, count: Int(node.pointee.end) - start)
    }

    /// The bytes a string says, its escapes decoded.
    package var decodedText: [UInt8] {
        let raw = unsafe text.span
        return hasEscapes ? JSONString.decode(raw) : raw.copied
    }

    /// The value at `index` of the table, which must lie between `index + 1` and `end`.
    @inline(__always)
    package func value(at index: Int) -> JSONCursor { JSONCursor(self, at: index) }

    /// Whether this is a string that says exactly `name`.
    @inline(__always)
    package func says(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = unsafe text
        if hasEscapes { return unsafe JSONString.decode(raw.span).span.equals(name.span) }
        return unsafe raw.count == name.count && raw.span.equals(name.span)
    }

    /// The member of an object that has this name, or nil (also where this is not an object).
    package func member(_ name: UnsafeBufferPointer<UInt8>) -> JSONCursor? {
        guard kind == .object else { return nil }
        var position = index &+ 1
        let end = self.end
        while position < end {
            if unsafe value(at: position).says(name) { return value(at: position &+ 1) }
            position = value(at: position &+ 1).end
        }
        return nil
    }
}

extension JSONValue {
    /// The same value without ownership: valid while `document` is alive.
    package var cursor: JSONCursor {
        // Safe: both arrays are immutable members of the document; their storage lives as long as it does.
        let nodes = unsafe document.nodes.withUnsafeBufferPointer { $0.baseAddress }
        let bytes = unsafe document.bytes.withUnsafeBufferPointer { $0.baseAddress }
        guard let nodes = unsafe nodes, let bytes = unsafe bytes else {
            preconditionFailure("a parsed document has at least one value and one byte")
        }
        return unsafe JSONCursor(nodes: nodes, bytes: bytes, index: index)
    }
}
