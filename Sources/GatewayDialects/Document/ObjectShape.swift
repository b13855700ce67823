/// The fields an object of a dialect may have.
///
/// A table per object: the readers check documents against it, and the published reference and JSON
/// Schema are made from it. `documentation` is the reference text of a field.
package struct ObjectShape: Sendable {
    /// The object in words, with its article: `a listener`.
    package var name: String
    package var fields: [FieldShape]
    /// Names of which exactly one must be there; empty where there is no such rule.
    package var exactlyOne: [String]
    /// Fields that the original dialect has no default for, and this one has.
    package var requiredByOriginal: [String]
    /// Fields of other objects that are often written here, and where they belong, in words.
    package var elsewhere: (names: [String], place: String)?

    /// - Parameter notOffered: fields the original dialect has and this version refuses. One that
    ///   deserves a hint stands among `fields` instead, with the hint for its documentation.
    package init(
        _ name: String, _ fields: [FieldShape], exactlyOne: [String] = [], notOffered: [String] = [],
        requiredByOriginal: [String] = [], elsewhere: (names: [String], place: String)? = nil
    ) {
        self.name = name
        self.fields = fields + notOffered.map { FieldShape($0, .anything, .notOffered, "") }
        self.exactlyOne = exactlyOne
        self.requiredByOriginal = requiredByOriginal
        self.elsewhere = elsewhere
    }

    package func field(_ name: String) -> FieldShape? { fields.first { $0.name == name } }

    /// Where below this object a field of that name belongs, as a path: `policies`. The nearest place wins.
    func path(toNested name: String, depth: Int = 3) -> String? {
        guard depth > 0 else { return nil }
        let nested = fields.compactMap { field in field.kind.nestedShape.map { (field.path, $0) } }
        for (path, shape) in nested where shape.field(name) != nil { return path }
        for (path, shape) in nested {
            if let deeper = shape.path(toNested: name, depth: depth - 1) { return "\(path).\(deeper)" }
        }
        return nil
    }
}

/// One field of an object.
package struct FieldShape: Sendable {
    package indirect enum Kind: Sendable {
        case string
        /// A string that is shown to nobody.
        case secret
        case integer(ClosedRange<Int>)
        /// Whole or not.
        case number
        case boolean
        /// A text such as `60s` or `1m30s`.
        case duration
        case choice([String], notOffered: [String] = [])
        case object(ObjectShape)
        case list(of: Kind)
        /// A mapping whose keys are the user's own names.
        case map(of: Kind)
        /// One of several forms, told apart by what is written.
        case either([Kind])
        /// A form that the original dialect does not know, among others.
        case ours(Kind)
        case anything
    }

    package enum Status: Hashable, Sendable {
        case required
        case optional
        /// An addition of Tollgate that the original dialect does not know.
        case ours
        case notOffered
    }

    package var name: String
    package var kind: Kind
    package var status: Status
    package var documentation: String

    package init(_ name: String, _ kind: Kind, _ status: Status, _ documentation: String) {
        self.name = name
        self.kind = kind
        self.status = status
        self.documentation = documentation
    }

    /// What stands before the names of the fields below.
    fileprivate var path: String {
        if case .map = kind { "\(name).NAME" } else { name }
    }

    package static func required(_ name: String, _ kind: Kind, _ documentation: String) -> FieldShape {
        FieldShape(name, kind, .required, documentation)
    }

    package static func optional(_ name: String, _ kind: Kind, _ documentation: String) -> FieldShape {
        FieldShape(name, kind, .optional, documentation)
    }

    package static func notOffered(_ name: String, hint: String) -> FieldShape {
        FieldShape(name, .anything, .notOffered, hint)
    }

    package static func ours(_ name: String, _ kind: Kind, _ documentation: String) -> FieldShape {
        FieldShape(name, kind, .ours, documentation)
    }
}

extension FieldShape.Kind {
    /// The names one of which may stand there, in all forms together, and those of the original that are refused.
    var choices: (names: [String], notOffered: [String]) {
        switch self {
        case .choice(let names, let notOffered): (names, notOffered)
        case .ours(let kind): kind.choices
        case .either(let kinds): (kinds.flatMap(\.choices.names), kinds.flatMap(\.choices.notOffered))
        default: ([], [])
        }
    }

    /// The object of this kind, not looking into lists.
    var shape: ObjectShape? {
        switch self {
        case .object(let shape): shape
        case .ours(let kind): kind.shape
        case .either(let kinds): kinds.lazy.compactMap(\.shape).first
        default: nil
        }
    }

    /// The object of this kind or of its items.
    var nestedShape: ObjectShape? {
        switch self {
        case .object(let shape): shape
        case .list(let kind), .map(let kind): kind.nestedShape
        case .ours(let kind): kind.nestedShape
        case .either(let kinds): kinds.lazy.compactMap(\.nestedShape).first
        default: nil
        }
    }
}
