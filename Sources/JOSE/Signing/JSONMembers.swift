package import Bytes

/// The members of a JSON object in order, for writing headers and claims. Setting one again replaces its value.
package struct JSONMembers: Sendable {
    private var members: [(name: String, json: [UInt8])] = []

    package init() {}

    /// The members of an object read before.
    package init(_ object: JSONValue) {
        let bytes = object.document.bytes
        for (name, value) in object.members {
            let range = value.isString ? value.range.lowerBound - 1..<value.range.upperBound + 1 : value.range
            set(name.string ?? "", json: Array(bytes[range]))
        }
    }

    package func contains(_ name: String) -> Bool {
        members.contains { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Sets a member to a JSON text, which must be one whole value.
    package mutating func set(_ name: String, json: [UInt8]) {
        if let index = members.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
            members[index].json = json
        } else {
            members.append((name, json))
        }
    }

    package mutating func set(_ name: String, text: String) {
        var json: [UInt8] = []
        JSONString.write(text, to: &json)
        set(name, json: json)
    }

    /// One text as a string, several as an array: what `aud` takes.
    package mutating func set(_ name: String, texts: [String]) {
        if texts.count == 1 { return set(name, text: texts[0]) }
        var json: [UInt8] = [UInt8(ascii: "[")]
        for (index, text) in texts.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONString.write(text, to: &json)
        }
        set(name, json: json + [UInt8(ascii: "]")])
    }

    package mutating func set(_ name: String, number: Int64) {
        set(name, json: Array(String(number).utf8))
    }

    package mutating func remove(_ name: String) {
        members.removeAll { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// The object, without blanks.
    package var json: [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSONString.write(member.name, to: &text)
            text.append(UInt8(ascii: ":"))
            text += member.json
        }
        return text + [UInt8(ascii: "}")]
    }
}
