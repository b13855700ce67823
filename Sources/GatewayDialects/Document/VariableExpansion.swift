/// Environment variables inside one scalar: `$NAME`, `${NAME}`, `${NAME:-otherwise}`, and `$$` for `$`.
///
/// Done on the value of a scalar after parsing, so that no value can add structure to a document.
/// What a variable holds is not expanded again. A `$` before anything else stays: `^/a$` needs no care.
package enum VariableExpansion {
    package enum Problem: Equatable, Sendable {
        case undefined(name: String)
        /// `${` without a closing brace or with something that is no name in it.
        case malformed(String)
    }

    package struct Outcome: Equatable, Sendable {
        package var text: String
        /// Whether a variable was put in.
        package var isExpanded: Bool
        package var problems: [Problem]

        /// Whether there is no variable in the text, good or bad.
        package var isUnchanged: Bool { !isExpanded && problems.isEmpty }
    }

    package static func expand(_ text: String, environment: [String: String]) -> Outcome {
        var outcome = Outcome(text: "", isExpanded: false, problems: [])
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            outcome.text += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                outcome.text += "$"
                rest.removeFirst()
            } else if rest.first == "{" {
                expandBraces(&rest, environment, &outcome)
            } else {
                expandName(&rest, environment, &outcome)
            }
        }
        outcome.text += rest
        return outcome
    }

    /// What may be the name of a variable in a document, and all that is.
    static func names(in document: String) -> Set<String> {
        var names: Set<String> = []
        var rest = Substring(document)
        while let dollar = rest.firstIndex(of: "$") {
            rest = rest[rest.index(after: dollar)...]
            let name = (rest.first == "{" ? rest.dropFirst() : rest).prefix(while: isNameCharacter)
            if !name.isEmpty { names.insert(String(name)) }
        }
        return names
    }

    private static func expandName(
        _ rest: inout Substring, _ environment: [String: String], _ outcome: inout Outcome
    ) {
        let name = String(rest.prefix(while: isNameCharacter))
        guard !name.isEmpty else {
            outcome.text += "$"
            return
        }
        rest = rest.dropFirst(name.count)
        put(name, otherwise: nil, environment, &outcome)
    }

    private static func expandBraces(
        _ rest: inout Substring, _ environment: [String: String], _ outcome: inout Outcome
    ) {
        guard let close = rest.firstIndex(of: "}") else {
            outcome.problems.append(.malformed("$" + rest))
            rest = ""
            return
        }
        let inner = rest[rest.index(after: rest.startIndex)..<close]
        let written = "$" + rest[...close]
        rest = rest[rest.index(after: close)...]
        let name = String(inner.prefix(while: isNameCharacter))
        let tail = inner.dropFirst(name.count)
        guard !name.isEmpty, tail.isEmpty || tail.hasPrefix(":-") else {
            outcome.problems.append(.malformed(written))
            return
        }
        put(name, otherwise: tail.isEmpty ? nil : String(tail.dropFirst(2)), environment, &outcome)
    }

    /// As in a shell, `:-` also stands in for a variable that is empty.
    private static func put(
        _ name: String, otherwise: String?, _ environment: [String: String], _ outcome: inout Outcome
    ) {
        outcome.isExpanded = true
        if let value = environment[name], !(value.isEmpty && otherwise != nil) {
            outcome.text += value
        } else if let otherwise {
            outcome.text += otherwise
        } else {
            outcome.problems.append(.undefined(name: name))
        }
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character == "_" || (character.isASCII && (character.isLetter || character.isNumber))
    }
}
