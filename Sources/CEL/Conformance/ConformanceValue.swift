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
        case "string": return .string(text)
        case "bytes":
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
