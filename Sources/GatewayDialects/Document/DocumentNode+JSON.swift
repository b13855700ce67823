import Bytes
import GatewayModel

extension DocumentNode {
    /// The value as the text of a JSON value; nil, and reported, where it has none.
    package func json(_ findings: Findings) -> [UInt8]? {
        var output: [UInt8] = []
        return writeJSON(to: &output, findings) ? output : nil
    }

    private func writeJSON(to output: inout [UInt8], _ findings: Findings) -> Bool {
        switch content {
        case .scalar(let scalar): return write(scalar, to: &output, findings)
        case .sequence(let items):
            output.append(UInt8(ascii: "["))
            var isSound = true
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                isSound = item.writeJSON(to: &output, findings) && isSound
            }
            output.append(UInt8(ascii: "]"))
            return isSound
        case .mapping(let entries):
            output.append(UInt8(ascii: "{"))
            var isSound = true
            for (index, entry) in entries.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONString.write(entry.key, to: &output)
                output.append(UInt8(ascii: ":"))
                isSound = entry.value.writeJSON(to: &output, findings) && isSound
            }
            output.append(UInt8(ascii: "}"))
            return isSound
        }
    }

    /// What stands there decides the type; what a variable holds is text.
    private func write(_ scalar: DocumentScalar, to output: inout [UInt8], _ findings: Findings) -> Bool {
        guard !isUnusable else { return false }
        switch scalar.value {
        case .null: output += Array("null".utf8)
        case .boolean(let truth): output += Array("\(truth)".utf8)
        case .integer(let number): output += Array("\(number)".utf8)
        case .text: JSONString.write(scalar.text, to: &output)
        case .otherNumber, .ambiguousNumber:
            // An integer beyond 64 bits would be rounded.
            guard scalar.value == .otherNumber, scalar.text.contains(where: { ".eE".contains($0) }),
                let number = Double(scalar.text), number.isFinite
            else {
                reportType("a number that JSON has", findings, hint: "put quotes around it if it is a text")
                return false
            }
            output += Array("\(number)".utf8)
        }
        return true
    }
}
