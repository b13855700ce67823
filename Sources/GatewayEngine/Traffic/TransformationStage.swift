internal import Bytes
internal import CEL
internal import HTTPWire

/// The stage that gives headers the values of expressions.
final class TransformationStage: Sendable {
    private let request: CompiledTransformation?
    private let response: CompiledTransformation?

    init(request: CompiledTransformation?, response: CompiledTransformation?) {
        self.request = request
        self.response = response
    }

    /// Names that a client may not send in trailers either; nil: none.
    var requestNames: FieldNames? { request.map { FieldNames($0.replaced.names + $0.add.map(\.name)) } }

    /// Evaluates all of it on the request as it was received. What is changed of the request is left in `scratch`
    /// until no stage reads it any more.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) {
        let (ofRequest, ofResponse) = RequestActivation.show(setting, bytes, &scratch, listener) { activation in
            (request?.edit(activation), response?.edit(activation))
        }
        scratch.transformation = ofRequest
        if let ofResponse { scratch.editResponse(ofResponse) }
    }
}

/// What is done to the header fields of one message.
struct CompiledTransformation: Sendable {
    struct Field: Sendable {
        let name: [UInt8]
        let program: CELProgram
    }

    /// Names that are not among `replaced`.
    let add: [Field]
    let set: [Field]
    /// All names whose lines leave before others come in.
    let replaced: FieldNames

    /// Values are as short as heads may be by default.
    private static let maxValueBytes = 16 << 10

    func edit(_ request: borrowing RequestActivation) -> FieldEdit {
        var lines: [UInt8] = []
        for field in set { _ = Self.append(field, request, to: &lines) }
        var failed: [[UInt8]] = []
        for field in add where !Self.append(field, request, to: &lines) { failed.append(field.name) }
        guard !failed.isEmpty else { return FieldEdit(removing: replaced, adding: lines) }
        // One of two of a name has failed: nobody can tell what the backend makes of the other.
        let names = FieldNames(replaced.names + failed)
        FieldNames(failed).drop(from: &lines)
        return FieldEdit(removing: names, adding: lines)
    }

    /// Whether there is a value, and it can stand in a header.
    static func append(
        _ field: Field, _ request: borrowing RequestActivation, to lines: inout [UInt8]
    ) -> Bool {
        let start = lines.count
        lines += field.name
        lines.append(": ")
        let valueStart = lines.count
        guard field.program.evaluate(request).value.write(to: &lines), isValue(lines[valueStart...]) else {
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
