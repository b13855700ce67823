import GatewayModel
import Yams

extension DocumentReader {
    /// Reports what the parser died of, in words that name the usual cause.
    func report(_ error: YamlError, source: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            report(problem, context: context, at: mark, source: source)
        case .reader(let problem, let offset, let value, _):
            reportUnreadable(problem, offset: offset, value: value, source: source)
        case .duplicatedKeysInMapping(let duplicates, let context):
            for key in duplicates { reportDuplicate(key, first: context.mark, of: duplicates, source: source) }
        default:
            findings.error("yaml_syntax", "the document cannot be read: \(error)", at: place(line: 1, column: 1))
        }
    }

    private func place(line: Int, column: Int) -> Provenance {
        Provenance(document: documentName, line: line, column: pairs.columnAsWritten(line: line, column: column))
    }

    private func report(_ problem: String, context: YamlError.Context?, at mark: Mark, source: String) {
        let place = place(line: mark.line, column: mark.column)
        let line = Self.line(mark.line, of: source)
        let rest = line.unicodeScalars.dropFirst(mark.column - 1)
        // Tabs may stand there, and what is written in brackets is meant for JSON mostly.
        let isJSON =
            source.unicodeScalars.first { !$0.properties.isWhitespace }.map { "{[".unicodeScalars.contains($0) }
            ?? false
        if problem.contains("another document") {
            findings.error(
                "yaml_second_document", "a second document begins here; a configuration is one document", at: place,
                hint: "remove the line `---` and what follows, or make it a file of its own")
        } else if !isJSON, line.prefix(while: \.isWhitespace).contains("\t") || rest.first == "\t" {
            findings.error(
                "yaml_tab", "a tab character stands in the indentation; YAML allows only blanks there", at: place,
                hint: "replace tabs by spaces")
        } else {
            // A name with a colon is out of place behind another one, or as a line that is indented too deep.
            let isSecond = line.unicodeScalars.prefix(max(0, mark.column - 1)).contains(":")
            let words = Self.words(problem) ?? [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            findings.error(
                "yaml_syntax", "this is not \(isJSON ? "JSON" : "YAML"): \(words)", at: place,
                hint: Self.hint(problem, context, rest.first, isSecondName: isSecond))
        }
    }

    /// What the parser says most often, in words about what is written.
    private static func words(_ problem: String) -> String? {
        switch problem {
        case "did not find expected key": "the next field of the mapping is expected here"
        case "did not find expected '-' indicator": "the next item of the list is expected here, which begins with `- `"
        case "did not find expected <document start>": "this belongs to nothing that stands before it"
        case "did not find expected ',' or '}'": "a comma or the closing } is expected here"
        case "did not find expected ',' or ']'": "a comma or the closing ] is expected here"
        case "mapping values are not allowed in this context": "a name with a colon cannot stand here"
        default: nil
        }
    }

    private static func hint(
        _ problem: String, _ context: YamlError.Context?, _ character: Unicode.Scalar?, isSecondName: Bool
    ) -> String? {
        if context?.text == "while scanning an alias" {
            return "put quotes around a text that begins with * (such as a wildcard hostname)"
        }
        if problem.hasPrefix("mapping values are not allowed") {
            return isSecondName
                ? "put quotes around a text that holds a colon and a blank"
                : "check the indentation: the fields of one mapping begin in one column"
        }
        if problem.contains("cannot start any token"), let character {
            return "put quotes around a text that begins with \(character)"
        }
        if problem.contains("Unicode character escape") {
            return "\\ud800 to \\udfff are halves of one character: \\ud83d\\ude00, or the character itself"
        }
        if problem.contains("undefined alias") { return "define it before with &name, or put quotes around the text" }
        if problem.hasSuffix("expected key") || problem.contains("'-' indicator"), let mark = context?.mark {
            return "check the indentation: what this may belong to begins at line \(mark.line), column \(mark.column)"
        }
        if problem.contains("<document start>") { return "check the indentation, here and above" }
        if let mark = context?.mark { return "what it belongs to begins at line \(mark.line), column \(mark.column)" }
        return nil
    }

    /// A character that may not stand in YAML. `offset` counts characters of `source`.
    private func reportUnreadable(_ problem: String, offset: Int?, value: Int32, source: String) {
        let before = source.prefix(max(0, offset ?? 0))
        let line = before.count(where: \.isNewline) + 1
        let column = before.reversed().prefix { !$0.isNewline }.count + 1
        let code = String(UInt32(bitPattern: value), radix: 16, uppercase: true)
        let character = value > 0 ? " (U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code))" : ""
        findings.error("yaml_character", "\(problem)\(character)", at: place(line: line, column: column))
    }

    static func line(_ number: Int, of source: String) -> Substring {
        let lines = source.split(maxSplits: number, omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return number > 0 && number <= lines.count ? lines[number - 1] : ""
    }
}

extension DocumentReader {
    /// A duplicate the parser found. It tells the place of one first occurrence only, so the second
    /// is searched for: in block style the keys of one mapping share a column.
    private func reportDuplicate(_ key: String, first mark: Mark, of duplicates: [String], source: String) {
        let first = place(line: mark.line, column: mark.column)
        guard duplicates.first == key, let second = Self.secondLine(of: key, after: mark, source: source) else {
            findings.error(
                "duplicate_key", "`\(key)` stands twice in one mapping", at: first, hint: "keep one of them")
            return
        }
        reportDuplicate(key, at: place(line: second, column: mark.column), first: first)
    }

    private static func secondLine(of key: String, after mark: Mark, source: String) -> Int? {
        let lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for number in lines.indices.dropFirst(mark.line) {
            let line = lines[number]
            let indentation = line.prefix { $0 == " " }.count
            let rest = line.dropFirst(indentation)
            if rest.isEmpty || rest.first == "#" || indentation >= mark.column { continue }
            guard indentation == mark.column - 1 else { return nil }
            for spelling in [key, "\"\(key)\"", "'\(key)'"] where rest.hasPrefix(spelling) {
                if rest.dropFirst(spelling.count).first(where: { $0 != " " }) == ":" { return number + 1 }
            }
        }
        return nil
    }
}
