internal import Bytes

/// Values as JSON text and back.
enum JSONText {
    /// Nil where the value, or a part of it, has no JSON form.
    static func write(_ value: CELValue, to output: inout [UInt8], _ frame: inout CELFrame) -> CELEvaluationError? {
        guard frame.spend(bytes: value.weight + 8) else { return CELEvaluationError(.budgetExceeded) }
        switch value {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .int(let value): output += "\(value)".utf8
        case .uint(let value): output += "\(value)".utf8
        case .double(let value):
            guard value.isFinite else { return CELEvaluationError(.invalidArgument, "JSON has no such number") }
            output += NumberText.shortest(value).utf8
        case .string(let text): unsafe JSONString.write(text.bytes.span, to: &output)
        case .bytes(let bytes):
            let text = unsafe Base64.encode(bytes.bytes)
            JSONString.write(text.span, to: &output)
        case .timestamp(let time): JSONString.write(time.description, to: &output)
        case .duration(let length): JSONString.write(length.description, to: &output)
        case .address(let address): JSONString.write(address.description, to: &output)
        case .network(let network): JSONString.write(network.description, to: &output)
        case .optional(let box): return write(box?.value ?? .null, to: &output, &frame)
        case .list, .jsonArray: return writeList(value, to: &output, &frame)
        case .map, .jsonObject: return writeMap(value, to: &output, &frame)
        case .type, .secret, .error:
            return CELEvaluationError(.invalidArgument, "\(value.typeName.rawValue) has no JSON form")
        }
        return nil
    }

    private static func writeList(
        _ list: CELValue, to output: inout [UInt8], _ frame: inout CELFrame
    ) -> CELEvaluationError? {
        output.append(UInt8(ascii: "["))
        var walk = CELElements(list)
        var isFirst = true
        while let element = walk.next() {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            if let error = write(element, to: &output, &frame) { return error }
        }
        output.append(UInt8(ascii: "]"))
        return nil
    }

    private static func writeMap(
        _ map: CELValue, to output: inout [UInt8], _ frame: inout CELFrame
    ) -> CELEvaluationError? {
        output.append(UInt8(ascii: "{"))
        var walk = CELElements(map)
        var isFirst = true
        while let (key, value) = walk.nextPair(0) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            guard case .string(let name) = CELLibrary.string(key) else {
                return CELEvaluationError(.invalidArgument, "a JSON name is a string")
            }
            unsafe JSONString.write(name.bytes.span, to: &output)
            output.append(UInt8(ascii: ":"))
            if let error = write(value, to: &output, &frame) { return error }
        }
        output.append(UInt8(ascii: "}"))
        return nil
    }

    /// A copy of the JSON value that `text` is.
    static func read(_ text: CELBuffer, _ frame: inout CELFrame) -> CELValue {
        guard frame.spend(bytes: text.count * 4) else { return .failure(.budgetExceeded) }
        do throws(JSONError) {
            let document = try unsafe JSONDocument(parsing: Array(text.bytes), limits: .document)
            return CELValue(json: document.root).owned()
        } catch {
            return .failure(.invalidArgument, "no JSON: \(error.reason.rawValue) at \(error.offset)")
        }
    }
}
