/// Which requests have a line in the access log, and what it says beside the usual or without it.
package struct AccessLogSettings: Equatable, Sendable {
    /// Whether a request that has been answered is logged; nil: every one.
    package var filter: Expression?
    package var added: [Field]
    package var removed: AccessLogFields

    package init(filter: Expression?, added: [Field], removed: AccessLogFields) {
        self.filter = filter
        self.added = added
        self.removed = removed
    }

    /// A field whose value an expression gives.
    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: Expression

        package init(name: String, value: Expression) {
            self.name = name
            self.value = value
        }
    }
}

/// The fields that every line of the access log may have, beside its time.
package struct AccessLogFields: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let status = AccessLogFields(rawValue: 1 << 0)
    package static let refusal = AccessLogFields(rawValue: 1 << 1)
    package static let rule = AccessLogFields(rawValue: 1 << 2)
    package static let missing = AccessLogFields(rawValue: 1 << 3)
    package static let method = AccessLogFields(rawValue: 1 << 4)
    package static let version = AccessLogFields(rawValue: 1 << 5)
    package static let host = AccessLogFields(rawValue: 1 << 6)
    package static let path = AccessLogFields(rawValue: 1 << 7)
    package static let peer = AccessLogFields(rawValue: 1 << 8)
    package static let route = AccessLogFields(rawValue: 1 << 9)
    package static let subject = AccessLogFields(rawValue: 1 << 10)
    package static let upstream = AccessLogFields(rawValue: 1 << 11)
    package static let duration = AccessLogFields(rawValue: 1 << 12)
    package static let bytesIn = AccessLogFields(rawValue: 1 << 13)
    package static let bytesOut = AccessLogFields(rawValue: 1 << 14)
    package static let aborted = AccessLogFields(rawValue: 1 << 15)
    package static let requestID = AccessLogFields(rawValue: 1 << 16)

    /// Each by its name in a line.
    package static let named: [(name: String, field: AccessLogFields)] = [
        ("status", .status), ("refusal", .refusal), ("rule", .rule), ("missing", .missing), ("method", .method),
        ("version", .version), ("host", .host), ("path", .path), ("peer", .peer), ("route", .route),
        ("sub", .subject), ("upstream", .upstream),
        ("request_id", .requestID), ("us", .duration), ("in", .bytesIn), ("out", .bytesOut),
        ("aborted", .aborted),
    ]
}
