/// An object, member by member; what is nil is left out.
package struct JSONObjectWriter {
    private var members: [UInt8] = []

    package init() {}

    /// The whole object.
    package var text: [UInt8] { [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")] }

    private mutating func begin(_ name: String) {
        if !members.isEmpty { members.append(UInt8(ascii: ",")) }
        JSONString.write(name, to: &members)
        members.append(UInt8(ascii: ":"))
    }

    package mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        begin(name)
        JSONString.write(value, to: &members)
    }

    package mutating func add(_ name: String, _ value: Int64?) {
        guard let value else { return }
        begin(name)
        members += Array("\(value)".utf8)
    }

    package mutating func add(_ name: String, _ values: [String]) {
        add(
            name,
            values.map { value -> [UInt8] in
                var text: [UInt8] = []
                JSONString.write(value, to: &text)
                return text
            })
    }

    package mutating func add(_ name: String, _ values: [[UInt8]]) {
        begin(name)
        members.append(UInt8(ascii: "["))
        members += values.joined(separator: [UInt8(ascii: ",")])
        members.append(UInt8(ascii: "]"))
    }

    /// A value that is JSON already.
    package mutating func add(_ name: String, _ value: [UInt8]?) {
        guard let value else { return }
        begin(name)
        members += value
    }

    package mutating func add(_ name: String, _ value: Bool) {
        add(name, Array((value ? "true" : "false").utf8))
    }
}
