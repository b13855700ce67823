/// Changes of header fields whose values expressions give: `add`, then `set`, then `remove`.
///
/// A value that cannot be had, or cannot stand in a header, leaves none of its name.
package struct Transformation: Equatable, Sendable {
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

    /// What is done to one message.
    package struct Fields: Equatable, Sendable {
        package var add: [Field]
        package var set: [Field]
        /// Values are empty.
        package var remove: [HeaderMutation.Field]

        package init(add: [Field], set: [Field], remove: [HeaderMutation.Field]) {
            self.add = add
            self.set = set
            self.remove = remove
        }
    }

    package var request: Fields?
    /// Of the answer; its expressions are about the request, too.
    package var response: Fields?

    package init(request: Fields?, response: Fields?) {
        self.request = request
        self.response = response
    }
}
