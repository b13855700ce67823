/// A JSON value that can be changed: what documents are merged, patched and written as.
///
/// Members keep their order; numbers keep the text they were written with. `JSONDocument` is what tokens are read with.
package indirect enum JSONTree: Sendable {
    case null
    case boolean(Bool)
    /// As written (RFC 8259 §6).
    case number(String)
    case string(String)
    case array([JSONTree])
    case object(JSONObjectTree)

    package static func integer(_ value: Int64) -> JSONTree { .number(String(value)) }

    package init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .true: self = .boolean(true)
        case .false: self = .boolean(false)
        case .number:
            let bytes = value.document.bytes
            self = .number(bytes.span.extracting(value.range).text)
        case .string: self = .string(value.string ?? "")
        case .array: self = .array(value.elements.map(JSONTree.init))
        case .object:
            var members = JSONObjectTree()
            for (name, value) in value.members { members.append(name.string ?? "", JSONTree(value)) }
            self = .object(members)
        }
    }

    /// Reads a text written by people: control characters may stand in strings as they are (a pasted key with its
    /// line breaks). All else is as strict as ever.
    package init(parsingLeniently bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
        let text = JSONTree.escapingControlCharacters(bytes)
        self.init(try JSONDocument(parsing: text, limits: limits).root)
    }

    private static func escapingControlCharacters(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString, byte < 0x20 {
                let digits = Array("0123456789abcdef".utf8)
                output += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                isEscaped = false
                continue
            }
            output.append(byte)
            if !isInString {
                isInString = byte == UInt8(ascii: "\"")
            } else if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
        }
        return output
    }
}

/// The members of an object: names are unique, the order is that of writing.
package struct JSONObjectTree: Sendable {
    package private(set) var entries: [(name: String, value: JSONTree)] = []

    package init() {}

    package init(_ entries: [(String, JSONTree)]) {
        for (name, value) in entries { self[name] = value }
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }
    package var names: [String] { entries.map(\.name) }

    /// The value of a name; setting nil removes it.
    package subscript(name: String) -> JSONTree? {
        get { entries.first { $0.name == name }?.value }
        set {
            let index = entries.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?): entries.append((name, value))
            case (nil, nil): break
            }
        }
    }

    fileprivate mutating func append(_ name: String, _ value: JSONTree) {
        entries.append((name, value))
    }
}

// MARK: - Reading

extension JSONTree {
    package var object: JSONObjectTree? {
        if case .object(let members) = self { return members }
        return nil
    }

    package var array: [JSONTree]? {
        if case .array(let items) = self { return items }
        return nil
    }

    package var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    package var boolean: Bool? {
        if case .boolean(let flag) = self { return flag }
        return nil
    }

    package var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    package var number: Double? {
        if case .number(let text) = self { return Double(text) }
        return nil
    }

    /// A number without a fraction that fits; `1.0` is one.
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    /// The member of an object; nil for anything else.
    package subscript(name: String) -> JSONTree? { object?[name] }
}

extension JSONTree: Equatable {
    /// Objects are equal whatever the order of their members, numbers where their values are.
    package static func == (a: JSONTree, b: JSONTree) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)): a == b || Double(a) == Double(b)
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count && a.entries.allSatisfy { name, value in b[name].map { $0 == value } ?? false }
        default: false
        }
    }
}

// MARK: - Writing

extension JSONTree {
    /// The text without blanks.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += Array("null".utf8)
        case .boolean(let flag): output += Array((flag ? "true" : "false").utf8)
        case .number(let text): output += Array(text.utf8)
        case .string(let text): JSONString.write(text, to: &output)
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                item.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.entries.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONString.write(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

// MARK: - Literals

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONTree)...) { self = .object(JSONObjectTree(elements)) }
}
