internal import Bytes

/// The JSON reader: what it accepts is whole, and each of its values can be read.
enum JSONReading {
    static func run(_ input: [UInt8]) {
        for limits in [JSONLimits.token, .document] {
            let read = FuzzBudget.charge(input.count) { try? JSONDocument(parsing: input, limits: limits) }
            guard let document = read else { continue }
            require(limits.maxBytes >= input.count, "a text beyond the limit was read")
            var reader = Reader(limits: limits)
            reader.read(document.root, depth: 0)
            guard document.root.count <= 64 else { continue }
            document.forEachRootMember { name, value in
                require(document.root[name]?.index == value, "a member that cannot be found by its name")
            }
        }
    }

    private struct Reader {
        let limits: JSONLimits
        var values = 0

        mutating func read(_ value: JSONValue, depth: Int) {
            values += 1
            require(values <= limits.maxNodes && depth <= limits.maxDepth, "a limit did not hold")
            require(value.range.upperBound <= value.document.bytes.count, "a value outside the text")
            if let text = value.decodedBytes {
                require(String(validating: text, as: UTF8.self) != nil, "a string that is no UTF-8")
                require(value.equals(text.span), "a text that is not equal to itself")
            }
            if value.isNumber { require(value.double != nil, "a number that is none") }
            if let integer = value.integer { require(value.double == Double(integer), "two numbers in one") }
            var count = 0
            for member in value.members {
                read(member.name, depth: depth + 1)
                read(member.value, depth: depth + 1)
                count += 1
            }
            for element in value.elements {
                read(element, depth: depth + 1)
                count += 1
            }
            require(count == value.count, "members or elements were lost")
        }
    }
}
