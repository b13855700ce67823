package import GatewayModel

/// Reads one mapping against its shape.
///
/// Opening it reports everything that is wrong with the set of fields: unknown ones with "did you
/// mean", ones not offered, missing ones. Reading a field reports what is wrong with its value and
/// answers nil, so callers go on with a stand-in: a document with an error is never used.
/// Asking for a field the shape does not have is a bug of the caller.
package final class MappingReader {
    package let shape: ObjectShape
    package let findings: Findings
    /// Where the mapping is introduced: its key, or its start in a list.
    package let place: Provenance
    private let entries: [String: DocumentEntry]
    private let written: Set<String>
    private let errorsAtStart: Int
    private let isUsable: Bool
    private var unread: Set<String>

    /// Opens a mapping; nil where the node is something else, which is then reported.
    package init?(
        _ node: DocumentNode, _ shape: ObjectShape, introducedAt place: Provenance? = nil, findings: Findings
    ) {
        guard case .mapping(let entries) = node.content else {
            findings.error(
                "wrong_type", "\(node.label) has to be a mapping (\(shape.name)), found \(node.kindAlone)",
                at: node.provenance, hint: Self.fieldsInWords(shape))
            return nil
        }
        self.shape = shape
        self.findings = findings
        self.place = place ?? node.provenance
        errorsAtStart = findings.errorCount
        isUsable = findings.errorCount == 0 || !entries.contains { $0.value.holdsUnusable }
        written = Set(entries.map(\.key))
        var known: [String: DocumentEntry] = [:]
        var unread: Set<String> = []
        for entry in entries where Self.accepts(entry, shape, findings) {
            known[entry.key] = entry
            if shape.field(entry.key)?.status != .notOffered { unread.insert(entry.key) }
        }
        self.entries = known
        self.unread = unread
        reportMissing()
    }

    deinit {
        // What a document says and nobody reads is the bug this reader exists to prevent.
        assert(unread.isEmpty || !isSound, "unread fields: \(unread.sorted())")
    }

    /// Whether nothing is wrong with the mapping: nothing was reported since it was opened, and no value in it lacks a
    /// variable.
    package var isSound: Bool { isUsable && findings.errorCount == errorsAtStart }

    /// The entry of a field that has a value.
    package func entry(_ name: String) -> DocumentEntry? {
        precondition(shape.field(name) != nil, "\(shape.name) has no field \(name)")
        unread.remove(name)
        return entries[name]
    }

    package func node(_ name: String) -> DocumentNode? { entry(name)?.value }

    /// Whether a field has a value; does not count as reading it.
    package func has(_ name: String) -> Bool { entries[name] != nil }

    /// The one field of those the shape allows exactly one of, if it is there and offered.
    package func theOne() -> DocumentEntry? {
        let present = shape.exactlyOne.filter { entries[$0] != nil }
        guard present.count == 1, let name = present.first, shape.field(name)?.status != .notOffered else { return nil }
        return entry(name)
    }
}

extension MappingReader {
    /// Whether a field is known and has a value; reports it otherwise.
    private static func accepts(_ entry: DocumentEntry, _ shape: ObjectShape, _ findings: Findings) -> Bool {
        guard let field = shape.field(entry.key) else {
            reportUnknown(entry, shape, findings)
            return false
        }
        guard !entry.value.isNull else {
            reportEmpty(entry, field, findings)
            return false
        }
        if field.status == .notOffered {
            let hint = field.documentation.isEmpty ? nil : field.documentation
            findings.fieldNotOffered(entry.key, at: entry.keyProvenance, hint: hint)
        }
        return true
    }

    /// What is written as a name may be a part of a value, of a secret even: behind a colon without a blank, or a
    /// comma.
    private static func reportUnknown(_ entry: DocumentEntry, _ shape: ObjectShape, _ findings: Findings) {
        let name = entry.key.prefix { "_-.".contains($0) || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let isName = name.count == entry.key.count
        let near = Suggestion.nearest(to: entry.key, among: shape.fields.map(\.name))
        let isShown = isName && (near != nil || !entry.value.isNull)
        let hint =
            if isName {
                hint(forUnknown: entry.key, shape)
            } else if !name.isEmpty, entry.key.dropFirst(name.count).first == ":" {
                "put a blank behind the colon: `\(name): …`"
            } else if name.isEmpty {
                hint(forUnknown: entry.key, shape)
            } else {
                "put quotes around a text that holds a comma"
            }
        findings.error(
            "unknown_field",
            "\(shape.name) has no field \(isShown ? "`\(entry.key)`" : "of the name that stands here")",
            at: entry.keyProvenance, hint: hint)
    }

    /// An empty `jwtAuth:` would open what looks protected, an empty `hostnames:` widen a route.
    private static func reportEmpty(_ entry: DocumentEntry, _ field: FieldShape, _ findings: Findings) {
        guard field.status != .notOffered else {
            findings.warning(
                "field_empty", "`\(entry.key)` has no value and counts as absent", at: entry.keyProvenance,
                hint: "remove it")
            return
        }
        findings.error(
            "field_empty", "`\(entry.key)` has no value", at: entry.keyProvenance,
            hint: "remove it, or give it a value; what belongs to it is indented deeper than its name")
    }

    private static func hint(forUnknown name: String, _ shape: ObjectShape) -> String? {
        if let elsewhere = shape.elsewhere, elsewhere.names.contains(name) { return "it belongs \(elsewhere.place)" }
        // What is not offered is no good suggestion, unless it is all there is.
        let offered = shape.fields.filter { $0.status != .notOffered }.map(\.name)
        // `hostname` for `hostnames`: closer than a field of that name somewhere below.
        if let near = offered.first(where: { $0.hasPrefix(name) && $0.count == name.count + 1 }) {
            return "did you mean `\(near)`?"
        }
        if let path = shape.path(toNested: name) { return "it belongs under `\(path)`" }
        if let near = Suggestion.nearest(to: name, among: offered) { return "did you mean `\(near)`?" }
        if let near = Suggestion.nearest(to: name, among: shape.fields.map(\.name)) {
            return "did you mean `\(near)`, which is not offered in this version?"
        }
        return Suggestion.hint(for: name, among: offered)
    }

    /// What a mapping may have, where that is little.
    private static func fieldsInWords(_ shape: ObjectShape) -> String? {
        let offered = shape.fields.filter { $0.status != .notOffered }.map(\.name)
        guard (1...6).contains(offered.count) else { return nil }
        return "its fields: \(offered.map { "`\($0)`" }.joined(separator: ", "))"
    }

    private func reportMissing() {
        let unknown = written.filter { shape.field($0) == nil }
        for field in shape.fields where field.status == .required && entries[field.name] == nil {
            if written.contains(field.name) { continue }  // Empty, and reported as such.
            // Mistyped, and reported as such.
            if unknown.contains(where: { Suggestion.nearest(to: $0, among: shape.fields.map(\.name)) == field.name }) {
                continue
            }
            findings.error("field_missing", "\(shape.name) needs `\(field.name)`", at: place)
        }
        guard !shape.exactlyOne.isEmpty else { return }
        let present = shape.exactlyOne.filter(written.contains)
        if present.count > 1 {
            findings.error(
                "several_of_one", "\(shape.name) has only one of \(Suggestion.inWords(shape.exactlyOne))",
                at: place, hint: "it has \(present.map { "`\($0)`" }.joined(separator: " and "))")
        } else if present.isEmpty, isSound {
            let offered = shape.exactlyOne.filter { shape.field($0)?.status != .notOffered }
            findings.error("field_missing", "\(shape.name) needs \(Suggestion.inWords(offered))", at: place)
        }
    }
}
