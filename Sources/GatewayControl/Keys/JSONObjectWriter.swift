internal import Bytes

/// An object, member by member; what is nil is left out.
struct JSONObjectWriter {
    private var members: [UInt8] = []

    var text: [UInt8] { [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")] }

    private mutating func begin(_ name: String) {
        if !members.isEmpty { members.append(UInt8(ascii: ",")) }
        JSONString.write(name, to: &members)
        members.append(UInt8(ascii: ":"))
    }

    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        begin(name)
        JSONString.write(value, to: &members)
    }

    mutating func add(_ name: String, _ value: Int64?) {
        guard let value else { return }
        begin(name)
        members += Array("\(value)".utf8)
    }

    mutating func add(_ name: String, _ values: [String]) {
        add(
            name,
            values.map { value -> [UInt8] in
                var text: [UInt8] = []
                JSONString.write(value, to: &text)
                return text
            })
    }

    mutating func add(_ name: String, _ values: [[UInt8]]) {
        begin(name)
        members += Array("[".utf8) + Array(values.joined(separator: [UInt8(ascii: ",")])) + Array("]".utf8)
    }
}
