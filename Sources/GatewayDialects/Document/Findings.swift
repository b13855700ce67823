package import GatewayModel

/// What a decoding found out about one document, in the order of the document in the end.
///
/// One collector is shared by all readers of a document, so that one run reports everything.
/// It belongs to one decoding and never leaves it.
package final class Findings {
    private var found: [Diagnostic] = []
    /// The dialect as messages name it.
    package let dialectName: String
    /// Fields and values of the dialect that will never be offered, with what they belong to.
    private let outOfScope: [String: String]

    package init(dialectName: String, outOfScope: [String: String] = [:]) {
        self.dialectName = dialectName
        self.outOfScope = outOfScope
    }

    package func error(_ code: String, _ message: String, at place: Provenance, hint: String? = nil) {
        found.append(Diagnostic(.error, code, message, at: place, hint: hint))
    }

    package func warning(_ code: String, _ message: String, at place: Provenance, hint: String? = nil) {
        found.append(Diagnostic(.warning, code, message, at: place, hint: hint))
    }

    /// A field the dialect has and this version does not offer: refused, since ignoring it would
    /// run something else than what was written.
    package func fieldNotOffered(_ name: String, at place: Provenance, hint: String? = nil) {
        if let scope = outOfScope[name] {
            error(
                "field_out_of_scope",
                "`\(name)` is part of \(dialectName) and out of Tollgate's scope: \(scope)", at: place, hint: hint)
            return
        }
        error(
            "field_not_offered", "`\(name)` is part of \(dialectName) and not offered in this version", at: place,
            hint: hint)
    }

    /// The same for one value of a field that is offered.
    package func valueNotOffered(_ value: String, of label: String, at place: Provenance, hint: String? = nil) {
        if let scope = outOfScope[value] {
            error(
                "value_out_of_scope",
                "\(label): `\(value)` is part of \(dialectName) and out of Tollgate's scope: \(scope)", at: place,
                hint: hint)
            return
        }
        error(
            "value_not_offered", "\(label): `\(value)` is part of \(dialectName) and not offered in this version",
            at: place, hint: hint)
    }

    package var hasErrors: Bool { found.hasErrors }

    /// How many errors there are so far: whoever needs to know whether a step added one compares.
    package var errorCount: Int { found.count { $0.severity == .error } }

    /// All findings by their place; those of one place in the order they were found.
    package var sorted: [Diagnostic] {
        found.enumerated().sorted { a, b in
            let left = (a.element.provenance.line, a.element.provenance.column, a.offset)
            let right = (b.element.provenance.line, b.element.provenance.column, b.offset)
            return left < right
        }.map(\.element)
    }
}
