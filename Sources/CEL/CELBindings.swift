package import Bytes

/// Values of variables from a JSON object, for tools: `{"user": "alice", "limit": {"uint": "3"}}`.
///
/// An object whose only member is named as a type and holds a value of it is that typed value, in the form of the
/// conformance files; everything else is itself.
package struct CELBindings: CELActivation {
    private var values: [CELValue] = []
    /// What the variables are declared in; all of them may be anything.
    package private(set) var environment: CELEnvironment
    /// Lends its memory to the values.
    private let document: JSONDocument

    /// Nil where the document is no object.
    package init?(_ document: JSONDocument, in environment: CELEnvironment) {
        guard document.root.isObject else { return nil }
        self.document = document
        self.environment = environment
        for member in document.root.members {
            self.environment.declare(member.name.string ?? "", .dyn, id: values.count)
            let typed = member.value.count == 1 && member.value.isObject ? ConformanceValue.decode(member.value) : nil
            values.append(typed ?? CELValue(json: member.value))
        }
    }

    package func resolve(_ attribute: Int) -> CELValue { values[attribute] }
}

extension CELValue {
    /// The value with its type as JSON, in the form of the conformance files: `{"int": "3"}`.
    package var typedJSON: String { ConformanceValue.encode(self) }
}
