/// A claim that requests carry to the backend as a header, and that clients can not.
package struct ClaimHeader: Equatable, Sendable {
    /// How a list is written; objects are always JSON.
    package enum ListFormat: String, Hashable, Sendable, CaseIterable {
        case csv, json
    }

    package enum Encoding: String, Hashable, Sendable, CaseIterable {
        /// As it is; what ASCII cannot say is refused.
        case plain
        /// Every byte of the UTF-8 that is not unreserved in a URI as `%` and two digits (RFC 3986 §2.1).
        case percent
        /// Base64 with its padding (RFC 4648 §4).
        case base64
    }

    package var name: String
    /// Names from the payload down; empty: all of it.
    package var path: [String]
    package var listFormat: ListFormat
    package var encoding: Encoding
    package var provenance: Provenance

    package init(
        name: String, path: [String], listFormat: ListFormat, encoding: Encoding, provenance: Provenance
    ) {
        self.name = name
        self.path = path
        self.listFormat = listFormat
        self.encoding = encoding
        self.provenance = provenance
    }
}
