/// A fixed change of a message's header fields: `add`, then `set`, then `remove`.
package struct HeaderMutation: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: String
        package var provenance: Provenance

        package init(name: String, value: String, provenance: Provenance) {
            self.name = name
            self.value = value
            self.provenance = provenance
        }
    }

    /// Further lines beside those that are there.
    package var add: [Field]
    /// The only lines of their names; of two of one name the later counts.
    package var set: [Field]
    /// Names whose lines leave, whatever `add` and `set` say. Values are empty.
    package var remove: [Field]

    package init(add: [Field], set: [Field], remove: [Field]) {
        self.add = add
        self.set = set
        self.remove = remove
    }
}
