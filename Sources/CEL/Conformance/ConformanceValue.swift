internal import Bytes

/// Values as conformance files write them: an object with one key that names the type.
enum ConformanceValue {
    /// Nil where the value is of a kind that is out of scope (messages, enumerations) or malformed.
    static func decode(_ json: JSONValue) -> CELValue? {
        for member in json.members {
            guard let kind = member.name.string, kind != "wkt" else { continue }
            return decode(member.value, kind)
        }
        return nil
    }

    private static func decode(_ json: JSONValue, _ kind: String) -> CELValue? {
        let text = json.string ?? ""
        switch kind {
        case "null": return .null
        case "bool": return json.boolean.map { .bool($0) }
        case "int": return Int64(text).map { .int($0) }
        case "uint": return UInt64(text).map { .uint($0) }
        case "double": return Double(text == "NaN" ? "nan" : text).map { .double($0) }
        case "string": return json.string.map { .string($0) }
        case "bytes":
            guard json.isString else { return nil }
            let buffer = CELBuffer(text)
            return unsafe Base64.decode(buffer.bytes).map { .bytes(CELBuffer(copying: $0)) }
        case "type": return CELTypeName(rawValue: text).map { .type($0) }
        case "timestamp": return CELTimestamp(rfc3339: CELBuffer(text)).map { .timestamp($0) }
        case "duration": return CELDuration(text: CELBuffer(text)).map { .duration($0) }
        case "error": return .failure(.failed, text)
        case "list":
            var elements: [CELValue] = []
            for element in json.elements {
                guard let value = decode(element) else { return nil }
                elements.append(value)
            }
            return .list(elements)
        case "map": return map(json)
        default: return nil
        }
    }

    private static func map(_ json: JSONValue) -> CELValue? {
        var builder = CELMapBuilder()
        for pair in json.elements {
            let parts = Array(pair.elements)
            guard parts.count == 2, let key = decode(parts[0]), let value = decode(parts[1]),
                builder.insert(key, value) == nil
            else { return nil }
        }
        return builder.finish()
    }

    /// The value as `decode` reads it, on one line. Addresses, networks and optionals, which no case file has, are
    /// written alike.
    static func encode(_ value: CELValue) -> String {
        switch value {
        case .null: return #"{"null": null}"#
        case .bool(let flag): return #"{"bool": \#(flag)}"#
        case .int(let number): return #"{"int": "\#(number)"}"#
        case .uint(let number): return #"{"uint": "\#(number)"}"#
        case .double(let number): return #"{"double": "\#(text(number))"}"#
        case .string(let buffer): return #"{"string": \#(TerminalText.quoted(buffer.text))}"#
        case .bytes(let buffer):
            return unsafe #"{"bytes": "\#(String(decoding: Base64.encode(buffer.bytes), as: UTF8.self))"}"#
        case .type(let name): return #"{"type": "\#(name.rawValue)"}"#
        case .timestamp(let time): return #"{"timestamp": "\#(time)"}"#
        case .duration(let length): return #"{"duration": "\#(length)"}"#
        case .address(let address): return #"{"net.IP": "\#(address)"}"#
        case .network(let network): return #"{"net.CIDR": "\#(network)"}"#
        case .secret: return #"{"secret": null}"#
        case .optional(let box): return #"{"optional": \#(box.map { encode($0.value) } ?? "null")}"#
        case .list, .jsonArray:
            let elements = (value.elements ?? []).map(encode)
            return #"{"list": [\#(elements.joined(separator: ", "))]}"#
        case .map, .jsonObject:
            let pairs = (value.entries ?? []).map { "[\(encode($0.key)), \(encode($0.value))]" }
            return #"{"map": [\#(pairs.joined(separator: ", "))]}"#
        case .error(let error): return #"{"error": \#(TerminalText.quoted(error.message))}"#
        }
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)"
    }

    /// Whether two values are the same value of the same type; NaN is the same as NaN.
    static func areSame(_ a: CELValue, _ b: CELValue) -> Bool {
        switch (a, b) {
        case (.double(let a), .double(let b)): return a == b || (a.isNaN && b.isNaN)
        case (.list, _), (.jsonArray, _):
            guard let mine = a.elements, let theirs = b.elements, mine.count == theirs.count else { return false }
            return zip(mine, theirs).allSatisfy { areSame($0, $1) }
        case (.map, _), (.jsonObject, _):
            guard let mine = a.entries, let theirs = b.entries, mine.count == theirs.count else { return false }
            return mine.allSatisfy { entry in
                theirs.contains { areSame($0.key, entry.key) && areSame($0.value, entry.value) }
            }
        default: return a.typeName == b.typeName && a.isEqual(to: b)
        }
    }
}
