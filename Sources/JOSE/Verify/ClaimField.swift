internal import Bytes

/// A claim that is handed on as a field line of the request.
package struct ClaimField: Sendable, Equatable {
    package enum ListFormat: UInt64, Sendable {
        /// Elements with a comma between them.
        case csv
        case json
    }

    package enum Encoding: UInt64, Sendable {
        /// Visible ASCII and blanks between it; anything else fails.
        case plain
        /// RFC 3986 §2.1: all but unreserved characters as `%` and two digits. Nothing fails.
        case percent
        /// RFC 4648 §4, with its padding. Nothing fails.
        case base64
    }

    /// The field's name, a token of RFC 9110 §5.6.2.
    package var name: String
    /// Member names from the payload down; empty: all of it.
    package var path: [String]
    package var listFormat: ListFormat
    package var encoding: Encoding

    package init(name: String, path: [String], listFormat: ListFormat, encoding: Encoding) {
        self.name = name
        self.path = path
        self.listFormat = listFormat
        self.encoding = encoding
    }

    func write(to writer: inout FieldWriter) {
        writer.write(name)
        writer.write(path)
        writer.write(listFormat.rawValue)
        writer.write(encoding.rawValue)
    }
}

/// The field lines of one provider's tokens: written once for a token, when it has been verified.
final class ClaimFields: Sendable {
    private struct Field: Sendable {
        let name: [UInt8]
        let path: [[UInt8]]
        let listFormat: ClaimField.ListFormat
        let encoding: ClaimField.Encoding
    }

    private let fields: [Field]

    /// The longest value, in bytes. Servers take 8 KiB of head in all, the lesser of them.
    static let maxValueBytes = 4096
    /// All lines together.
    static let maxBytes = 16384

    init(_ fields: [ClaimField]) {
        self.fields = fields.map { field in
            Field(
                name: Array(field.name.utf8), path: field.path.map { Array($0.utf8) }, listFormat: field.listFormat,
                encoding: field.encoding)
        }
    }

    /// The lines, each with its CRLF; a claim that is absent or null has none.
    ///
    /// Throws `claimUnforwardable` where a value cannot stand in a field as it is: to leave the line out would turn
    /// somebody into nobody, to change it into somebody else.
    func lines(of claims: JSONDocument) throws(TokenError) -> [UInt8] {
        guard !fields.isEmpty else { return [] }
        var lines: [UInt8] = []
        for field in fields {
            guard let value = Self.value(at: field.path, in: claims), !value.isNull else { continue }
            var writer = ClaimValueWriter(listFormat: field.listFormat, encoding: field.encoding)
            try writer.write(value)
            guard writer.output.count <= Self.maxValueBytes else { throw .claimUnforwardable }
            lines += field.name
            lines += [UInt8(ascii: ":"), ASCII.space]
            lines += writer.output
            lines += [ASCII.carriageReturn, ASCII.lineFeed]
        }
        guard lines.count <= Self.maxBytes else { throw .claimUnforwardable }
        return lines
    }

    private static func value(at path: [[UInt8]], in claims: JSONDocument) -> JSONValue? {
        var value: JSONValue? = claims.root
        for name in path { value = value?[name.span] }
        return value
    }
}
