internal import Bytes
internal import CEL
internal import HTTPWire

/// What expressions make of one message. Values are checked here: whatever they are, they stay inside of what they are
/// the value of.
struct MessageChange {
    /// Of the header fields.
    var edit: FieldEdit
    var method: [UInt8]?
    var target: (path: [UInt8], query: [UInt8])?
    var authority: [UInt8]?
    var status: Int?
    /// Nil: the body that came.
    var body: [UInt8]?
}

/// A compiled change of one message.
final class CompiledChange: Sendable {
    struct Field: Sendable {
        let name: [UInt8]
        let program: CELProgram
    }

    enum PseudoField: String, Sendable {
        case method = ":method"
        case path = ":path"
        case authority = ":authority"
        case status = ":status"
    }

    /// A body: its text where it is one, else as JSON.
    struct Body: Sendable {
        let program: CELProgram
        let json: CELProgram?
    }

    /// Of answers, on their head; nil: of all.
    let condition: CELProgram?
    let replace: CELProgram?
    /// Names that are not among `replaced`.
    let add: [Field]
    let set: [Field]
    /// All names whose lines leave before others come in.
    let replaced: FieldNames
    let pseudoFields: [(field: PseudoField, program: CELProgram)]
    let body: Body?
    /// Of answers; nil: nothing is replaced in a body.
    let filters: BodyFilters?
    let metadata: [(name: String, program: CELProgram)]
    let message: Compiler.Message
    /// Whether the message has to be whole before.
    let needsBody: Bool

    init(
        _ message: Compiler.Message, condition: CELProgram?, replace: CELProgram?, add: [Field], set: [Field],
        replaced: FieldNames,
        pseudoFields: [(field: PseudoField, program: CELProgram)], body: Body?,
        filters: BodyFilters?, metadata: [(name: String, program: CELProgram)]
    ) {
        self.message = message
        self.condition = condition
        self.replace = replace
        self.add = add
        self.set = set
        self.replaced = replaced
        self.pseudoFields = pseudoFields
        self.body = body
        self.filters = filters
        self.metadata = metadata
        let attribute = message == .response ? RequestAttribute.responseBody : .body
        let programs = (add + set).map(\.program) + pseudoFields.map(\.program) + metadata.map(\.program)
        needsBody =
            body != nil || filters != nil || (programs + [replace].compactMap { $0 }).contains { $0.reads(attribute) }
    }

    /// Whether the body becomes another one.
    var replacesBody: Bool { body != nil || filters != nil }

    /// Names that are written or removed.
    var names: FieldNames { FieldNames(replaced.names + add.map(\.name)) }

    /// What later expressions are to read.
    func noted(_ message: borrowing RequestActivation) -> [(name: String, value: CELValue)] {
        var noted: [(name: String, value: CELValue)] = []
        for (name, program) in metadata {
            let value = program.evaluate(message).value.owned()
            switch value {
            case .error, .secret: continue
            default: noted.append((name, value))
            }
        }
        return noted
    }

    func evaluated(_ message: borrowing RequestActivation) -> MessageChange {
        var change = MessageChange(edit: edit(message))
        for (field, program) in pseudoFields { Self.set(field, program.evaluate(message).value, in: &change) }
        if let body { change.body = body.evaluated(message) }
        return change
    }

    // MARK: - Header fields

    /// Values are as short as heads may be by default.
    private static let maxValueBytes = 16 << 10

    private func edit(_ message: borrowing RequestActivation) -> FieldEdit {
        var lines: [UInt8] = []
        for field in set { _ = Self.append(field.name, field.program.evaluate(message).value, to: &lines) }
        var failed: [[UInt8]] = []
        for field in add where !Self.append(field.name, field.program.evaluate(message).value, to: &lines) {
            failed.append(field.name)
        }
        var edit = FieldEdit(removing: replaced, adding: lines)
        if !failed.isEmpty {
            // One of two of a name has failed: nobody can tell what the backend makes of the other.
            let names = FieldNames(replaced.names + failed)
            FieldNames(failed).drop(from: &lines)
            edit = FieldEdit(removing: names, adding: lines)
        }
        guard let replace, let all = replacement(replace.evaluate(message).value) else { return edit }
        return all.followed(by: edit)
    }

    /// All lines at once, from a map; nil where it is none.
    private func replacement(_ value: CELValue) -> FieldEdit? {
        guard case .map(let map) = value.owned() else { return nil }
        var lines: [UInt8] = []
        for index in 0..<map.count {
            let (key, value) = map.entry(at: index)
            guard case .string(let name) = key else { continue }
            let bytes = name.withSpan { $0.copied }
            guard !bytes.isEmpty, bytes.allSatisfy(\.isTokenCharacter),
                Compiler.refusal(of: FieldNames.normalized(bytes), in: message) == nil
            else { continue }
            let values = if case .list(let list) = value { list.elements } else { [value] }
            for value in values { _ = Self.append(bytes, value, to: &lines) }
        }
        return FieldEdit(removing: FieldNames([]), adding: lines, removesAll: true)
    }

    /// Whether there is a value, and it can stand in a header.
    static func append(_ name: [UInt8], _ value: CELValue, to lines: inout [UInt8]) -> Bool {
        let start = lines.count
        lines += name
        lines.append(": ")
        let valueStart = lines.count
        guard value.write(to: &lines), isValue(lines[valueStart...]) else {
            lines.removeSubrange(start...)
            return false
        }
        lines.append("\r\n")
        return true
    }

    private static func isValue(_ value: ArraySlice<UInt8>) -> Bool {
        let isBlank = { (byte: UInt8?) in byte == ASCII.space || byte == ASCII.tab }
        return value.count <= maxValueBytes && value.allSatisfy(\.isFieldValueByte) && !isBlank(value.first)
            && !isBlank(value.last)
    }

    // MARK: - Pseudo-headers

    /// What would not do leaves the message as it is.
    private static func set(_ field: PseudoField, _ value: CELValue, in change: inout MessageChange) {
        var text: [UInt8] = []
        guard value.write(to: &text), text.count <= maxValueBytes else { return }
        switch field {
        case .method:
            guard !text.isEmpty, text.count <= 32, text.allSatisfy(\.isTokenCharacter) else { return }
            switch Method(text.span) {
            case .head, .connect, .trace: break
            default: change.method = text
            }
        case .path:
            if let target = try? CanonicalTarget.canonical(pathAndQuery: text.span) { change.target = target }
        case .authority:
            if (try? CanonicalTarget.host(ofAuthority: text.span)) != nil { change.authority = text }
        case .status:
            guard let status = Int(String(decoding: text, as: UTF8.self)), (200...599).contains(status) else { return }
            change.status = status
        }
    }
}

extension CompiledChange.Body {
    fileprivate func evaluated(_ message: borrowing RequestActivation) -> [UInt8] {
        var output: [UInt8] = []
        switch program.evaluate(message).value {
        case .error, .secret, .null: return []
        case let value:
            if value.write(to: &output) { return output }
            guard let json, case .string(let text) = json.evaluate(message).value else { return [] }
            return text.withSpan { $0.copied }
        }
    }
}

extension CELProgram {
    func reads(_ attribute: RequestAttribute) -> Bool { attributes.contains(attribute.rawValue) }
}

extension CELValue {
    /// Writes what has one form as text; false for everything else, secrets and errors among it.
    func write(to output: inout [UInt8]) -> Bool {
        switch self {
        case .string(let buffer), .bytes(let buffer): unsafe output.append(contentsOf: buffer.bytes)
        case .bool(let value): output += Array("\(value)".utf8)
        case .int(let value): output += Array("\(value)".utf8)
        case .uint(let value): output += Array("\(value)".utf8)
        default: return false
        }
        return true
    }
}
