/// JSON for people to read: indented, and free of characters that steer a terminal.
package indirect enum JSONOutput {
    case object([(String, JSONOutput)])
    case array([JSONOutput])
    case text(String)
    /// The digits of a number.
    case number(String)
    case boolean(Bool)
    case null

    package init(_ value: JSONValue) {
        switch value.kind {
        case .object: self = .object(value.members.map { ($0.name.string ?? "", JSONOutput($0.value)) })
        case .array: self = .array(value.elements.map { JSONOutput($0) })
        case .string: self = .text(value.string ?? "")
        case .number:
            let bytes = value.document.bytes
            self = .number(bytes.span.extracting(value.range).text)
        case .true: self = .boolean(true)
        case .false: self = .boolean(false)
        case .null: self = .null
        }
    }

    package init(_ tree: JSONTree) {
        switch tree {
        case .object(let members): self = .object(members.entries.map { ($0.name, JSONOutput($0.value)) })
        case .array(let items): self = .array(items.map { JSONOutput($0) })
        case .string(let text): self = .text(text)
        case .number(let digits): self = .number(digits)
        case .boolean(let flag): self = .boolean(flag)
        case .null: self = .null
        }
    }

    /// A text, or null where there is none.
    package static func text(_ text: String?) -> JSONOutput { text.map { .text($0) } ?? .null }
    package static func number(_ number: some BinaryInteger) -> JSONOutput { .number("\(number)") }
    package static func texts(_ texts: [String]) -> JSONOutput { .array(texts.map { .text($0) }) }

    /// The text, its lines indented by two blanks per level behind the first.
    package func rendered(indent: Int = 0) -> String {
        switch self {
        case .text(let text): return TerminalText.quoted(text)
        case .number(let digits): return digits
        case .boolean(let flag): return flag ? "true" : "false"
        case .null: return "null"
        case .array(let elements):
            if elements.allSatisfy(\.isShort), elements.count <= 8 {
                return "[" + elements.map { $0.rendered() }.joined(separator: ", ") + "]"
            }
            return block("[", elements.map { $0.rendered(indent: indent + 1) }, "]", indent)
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(TerminalText.quoted($0)): \($1.rendered(indent: indent + 1))" }
            return block("{", lines, "}", indent)
        }
    }

    private var isShort: Bool {
        switch self {
        case .text(let text): text.utf8.count <= 40
        case .object, .array: false
        default: true
        }
    }

    private func block(_ open: String, _ lines: [String], _ close: String, _ indent: Int) -> String {
        let margin = String(repeating: "  ", count: indent)
        return "\(open)\n" + lines.map { "\(margin)  \($0)" }.joined(separator: ",\n") + "\n\(margin)\(close)"
    }
}
