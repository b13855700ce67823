/// A change of a head's field lines: the lines of some names leave, then others come in.
///
/// Immutable, so that one that was made with the configuration serves every request; one that depends on a request
/// is made for it.
package final class FieldEdit: Sendable {
    package let removed: FieldNames
    /// Whole lines, each with its CRLF.
    package let added: [UInt8]

    package init(removing removed: FieldNames, adding added: [UInt8]) {
        self.removed = removed
        self.added = added
    }

    /// An edit that leaves these lines as the only ones of their names.
    package convenience init(setting fields: [(name: [UInt8], value: [UInt8])]) {
        self.init(removing: FieldNames(fields.map(\.name)), adding: Self.lines(fields))
    }

    /// Field lines as they are added.
    package static func lines(_ fields: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        var lines: [UInt8] = []
        for (name, value) in fields { lines += name + Array(": ".utf8) + value + Array("\r\n".utf8) }
        return lines
    }

    /// This edit and then the other one, as one; what this one adds the other may take out again.
    package func followed(by next: FieldEdit) -> FieldEdit {
        var lines = added
        next.removed.drop(from: &lines)
        return FieldEdit(removing: FieldNames(removed.names + next.removed.names), adding: lines + next.added)
    }

    /// The edit of one that may be there and then another one.
    package static func chain(_ first: FieldEdit?, _ next: FieldEdit?) -> FieldEdit? {
        guard let first, let next else { return first ?? next }
        return first.followed(by: next)
    }
}
