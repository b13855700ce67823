import GatewayModel

/// Typed readings of a value. Each answers nil where the value is not what was asked for, and reports it.
extension DocumentNode {
    /// A string, with at least one character unless told otherwise. A plain number or boolean is no
    /// string: quotes make it one.
    package func text(allowingEmpty: Bool = false, _ findings: Findings) -> String? {
        guard !isUnusable else { return nil }
        guard case .scalar(let scalar) = content, scalar.value == .text else {
            let isScalar = if case .scalar = content { !isNull } else { false }
            reportShape("a string", findings, hint: isScalar ? "put quotes around it" : nil)
            return nil
        }
        guard allowingEmpty || !scalar.text.isEmpty else {
            findings.error("value_empty", "\(label) is empty", at: provenance)
            return nil
        }
        return scalar.text
    }

    /// A string that names something: it will stand in logs and metrics, so on one line and not too long.
    package func name(_ findings: Findings) -> String? {
        guard let text = text(findings) else { return nil }
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isPlain, text.utf8.count <= Self.longestName else {
            let problem = isPlain ? "is longer than \(Self.longestName) bytes" : "holds a control character"
            findings.error("name_invalid", "\(label) \(problem)", at: provenance)
            return nil
        }
        return text
    }

    private static var longestName: Int { 253 }

    package func integer(in range: ClosedRange<Int>, _ findings: Findings) -> Int? {
        guard case .scalar(let scalar) = content, let number = scalar.integer else {
            var hint: String?
            if case .scalar(let scalar) = content {
                if scalar.value == .ambiguousNumber { hint = "write it in decimal without leading zeros" }
                if scalar.style == .quoted, Int(scalar.text) != nil { hint = "remove the quotes" }
            }
            reportType("a whole number", findings, hint: hint)
            return nil
        }
        guard range.contains(number) else {
            findings.error(
                "out_of_range", "\(label) has to be \(Self.inWords(range)), found \(kindInWords)", at: provenance)
            return nil
        }
        return number
    }

    package func boolean(_ findings: Findings) -> Bool? {
        guard case .scalar(let scalar) = content, let truth = scalar.boolean else {
            reportType("true or false", findings, hint: booleanHint)
            return nil
        }
        return truth
    }

    /// One of a few names; one that the original has and this version does not is reported as such.
    package func choice(_ names: [String], notOffered: [String] = [], _ findings: Findings) -> String? {
        guard let name = text(findings) else { return nil }
        if names.contains(name) { return name }
        if notOffered.contains(name) {
            findings.valueNotOffered(name, of: label, at: provenance)
        } else {
            let expected = names.count > Self.longestChoice ? "a known name" : Suggestion.inWords(names)
            let isWord = !name.contains { " :\"'".contains($0) }
            findings.error(
                "value_unknown", "\(label) has to be \(expected), found \(isWord ? kindInWords : kindAlone)",
                at: provenance,
                hint: Suggestion.nearest(to: name, among: names + notOffered).map { near in
                    notOffered.contains(near) ? "`\(near)` is not offered" : "did you mean `\(near)`?"
                })
        }
        return nil
    }

    private static var longestChoice: Int { 6 }

    /// The items of a list. Whether it may be empty is the caller's to say.
    package func items(_ findings: Findings) -> [DocumentNode]? {
        guard case .sequence(let items) = content else {
            reportShape("a list", findings, hint: "begin each item with `- `")
            return nil
        }
        return items
    }

    /// A list of strings.
    package func texts(_ findings: Findings) -> [String]? {
        items(findings)?.compactMap { $0.text(findings) }
    }

    /// A length of time such as `60s`, `1m30s` or `500ms`.
    package func duration(_ findings: Findings) -> Duration? {
        guard case .scalar(let scalar) = content, scalar.value == .text, let duration = Duration(written: scalar.text)
        else {
            reportType("a length of time", findings, hint: "write it with its unit, such as 500ms, 60s, 1m30s or 12h")
            return nil
        }
        return duration
    }

    func reportType(_ expected: String, _ findings: Findings, hint: String? = nil) {
        report(expected, found: kindInWords, findings, hint)
    }

    /// Where a list, a mapping or a text is due: what stands there is not said.
    func reportShape(_ expected: String, _ findings: Findings, hint: String? = nil) {
        report(expected, found: kindAlone, findings, hint)
    }

    private func report(_ expected: String, found: String, _ findings: Findings, _ hint: String?) {
        if isUnusable { return }
        findings.error("wrong_type", "\(label) has to be \(expected), found \(found)", at: provenance, hint: hint)
    }

    /// YAML 1.1 readers took these for booleans, and people remember.
    private var booleanHint: String? {
        guard case .scalar(let scalar) = content else { return nil }
        switch scalar.text.lowercased() {
        case "yes", "on", "y": return "write true"
        case "no", "off", "n": return "write false"
        case "true", "false": return "remove the quotes"
        default: return nil
        }
    }

    private static func inWords(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "\(range.lowerBound) or more" : "between \(range.lowerBound) and \(range.upperBound)"
    }
}

/// Typed readings of fields: nil where a field is absent or wrong, the latter reported.
extension MappingReader {
    package func text(_ name: String, allowingEmpty: Bool = false) -> String? {
        node(name)?.text(allowingEmpty: allowingEmpty, findings)
    }

    /// The path of a file.
    func file(_ name: String) -> NamedFile? {
        node(name).flatMap { node in node.text(findings).map { NamedFile($0, at: node.provenance) } }
    }

    package func name(_ name: String) -> String? { node(name)?.name(findings) }

    package func integer(_ name: String) -> Int? {
        guard case .integer(let range) = kind(name) else { preconditionFailure("\(name) is no integer") }
        return node(name)?.integer(in: range, findings)
    }

    package func boolean(_ name: String) -> Bool? { node(name)?.boolean(findings) }

    package func choice(_ name: String) -> String? {
        let (names, notOffered) = kind(name).choices
        precondition(!names.isEmpty, "\(name) is no choice")
        return node(name)?.choice(names, notOffered: notOffered, findings)
    }

    package func items(_ name: String) -> [DocumentNode]? { node(name)?.items(findings) }

    /// The entries of a mapping whose keys are the user's own names.
    package func entries(_ name: String) -> [DocumentEntry]? {
        guard let node = node(name) else { return nil }
        guard case .mapping(let entries) = node.content else {
            node.reportShape("a mapping", findings)
            return nil
        }
        return entries
    }

    /// The items of a list that may be left out but not left empty.
    ///
    /// - Parameter hint: what the author may have wanted to say by an empty list.
    package func nonEmptyItems(_ name: String, hint: String? = nil) -> [DocumentNode]? {
        guard let node = node(name), let items = node.items(findings) else { return nil }
        if items.isEmpty {
            findings.error("list_empty", "`\(name)` is an empty list", at: node.provenance, hint: hint)
        }
        return items
    }

    package func texts(_ name: String) -> [String]? { node(name)?.texts(findings) }

    package func duration(_ name: String) -> Duration? { node(name)?.duration(findings) }

    /// Opens a nested mapping.
    package func mapping(_ name: String) -> MappingReader? {
        guard let shape = kind(name).shape else { preconditionFailure("\(name) is no object") }
        guard let entry = entry(name) else { return nil }
        return MappingReader(entry.value, shape, introducedAt: entry.keyProvenance, findings: findings)
    }

    private func kind(_ name: String) -> FieldShape.Kind { shape.field(name)?.kind ?? .anything }
}
