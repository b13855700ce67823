package import GatewayModel

/// A node of a YAML or JSON document, with the place it was written at.
///
/// A plain value: aliases are resolved, merge keys applied, variables expanded. The provenance of a
/// node is where its value begins.
package struct DocumentNode: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case scalar(DocumentScalar)
        case sequence([DocumentNode])
        /// In the order written; keys are unique.
        case mapping([DocumentEntry])
    }

    package var content: Content
    /// Its key, with the place in a list behind it: `port`, `listeners[0]`; empty for the whole document.
    package var name: String
    package var provenance: Provenance

    package init(_ content: Content, named name: String, at provenance: Provenance) {
        self.content = content
        self.name = name
        self.provenance = provenance
    }
}

/// One `key: value` of a mapping.
package struct DocumentEntry: Equatable, Sendable {
    package var key: String
    /// Where the key stands.
    package var keyProvenance: Provenance
    package var value: DocumentNode

    package init(key: String, keyProvenance: Provenance, value: DocumentNode) {
        self.key = key
        self.keyProvenance = keyProvenance
        self.value = value
    }
}

extension DocumentNode {
    /// Whether the author wrote no value: `key:`, `~` or `null`.
    package var isNull: Bool {
        if case .scalar(let scalar) = content { return scalar.value == .null }
        return false
    }

    /// Whether the reader has reported that the value cannot be had.
    var isUnusable: Bool {
        if case .scalar(let scalar) = content { return scalar.origin == .unusable }
        return false
    }

    /// Whether that is so of it, or of something in it.
    var holdsUnusable: Bool {
        switch content {
        case .scalar: isUnusable
        case .sequence(let items): items.contains(where: \.holdsUnusable)
        case .mapping(let entries): entries.contains(where: \.value.holdsUnusable)
        }
    }

    /// The name of the node in messages.
    package var label: String { name.isEmpty ? "the document" : "`\(Self.shown(name))`" }

    /// Of a key that swallowed its value, for want of a blank behind the colon, what stands before it.
    static func shown(_ key: String) -> String {
        guard let end = key.dropFirst().firstIndex(where: { " :\"'".contains($0) }) else { return key }
        return key[..<end] + "…"
    }

    /// The same without what a text or number says: it may be a secret, perhaps one that was written a level too high.
    var kindAlone: String {
        guard case .scalar(let scalar) = content, scalar.origin == .asWritten else { return kindInWords }
        return switch scalar.value {
        case .text: "a string"
        case .integer, .otherNumber, .ambiguousNumber: "a number"
        case .null, .boolean: kindInWords
        }
    }

    /// What stands there, in the words of a message: `a list`, `the number 12`.
    package var kindInWords: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar): scalar.kindInWords
        }
    }
}
