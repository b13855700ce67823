/// Changes of messages by expressions: of several, the first one is made whose condition holds.
package struct Transformation: Equatable, Sendable {
    package var choices: [Choice]

    package init(choices: [Choice]) {
        self.choices = choices
    }

    package struct Choice: Equatable, Sendable {
        /// Nil: always.
        package var condition: Expression?
        package var request: Change?
        /// Of the answer, one after the other; their expressions are about the request, too.
        package var response: [Change]

        package init(condition: Expression?, request: Change?, response: [Change]) {
            self.condition = condition
            self.request = request
            self.response = response
        }
    }

    /// A header or pseudo-header, or a name of metadata.
    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: Expression
        package var provenance: Provenance

        package init(name: String, value: Expression, provenance: Provenance) {
            self.name = name
            self.value = value
            self.provenance = provenance
        }
    }

    /// What is done to one message: `replace`, then `add`, then `set`, then `remove`.
    ///
    /// A value that cannot be had, or cannot stand in a header, leaves none of its name.
    package struct Change: Equatable, Sendable {
        /// Of answers whose status and headers, as the backend has them, fulfil it; nil: of all. Requests have none.
        package var condition: Expression?
        package var add: [Field]
        package var set: [Field]
        /// Values are empty.
        package var remove: [HeaderMutation.Field]
        /// All headers at once, as a map; nil: those that came.
        package var replace: Expression?
        /// Nil: the body that came. One that cannot be had is empty.
        package var body: Expression?
        /// What is replaced in the body of an answer that came, one after the other. Beside them `body` is nil.
        package var filters: [BodyFilter]
        /// Bytes of a body that they search at most; nil: as many as are held of one. A larger one is no answer.
        package var maxFilteredBytes: Int?
        /// What later expressions read as `metadata`.
        package var metadata: [Field]

        package init(
            condition: Expression? = nil, add: [Field], set: [Field], remove: [HeaderMutation.Field],
            replace: Expression?, body: Expression?, filters: [BodyFilter] = [], maxFilteredBytes: Int? = nil,
            metadata: [Field]
        ) {
            self.filters = filters
            self.maxFilteredBytes = maxFilteredBytes
            self.condition = condition
            self.add = add
            self.set = set
            self.remove = remove
            self.replace = replace
            self.body = body
            self.metadata = metadata
        }
    }
}

/// What takes the place of what a regular expression finds in a body.
package struct BodyFilter: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        case text(String)
        /// What a group has found; 0 is all that was found.
        case group(Int)
    }

    /// RE2 syntax; `$` stands before a line feed that ends the body, too.
    package var pattern: String
    /// Whether everything that is found is replaced; else what is found first.
    package var isGlobal: Bool
    package var replacement: [Part]
    package var provenance: Provenance

    package init(pattern: String, isGlobal: Bool, replacement: [Part], provenance: Provenance) {
        self.pattern = pattern
        self.isGlobal = isGlobal
        self.replacement = replacement
        self.provenance = provenance
    }
}
