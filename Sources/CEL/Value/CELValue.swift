package import Bytes

/// A value of the Common Expression Language.
///
/// Strings and JSON may be borrowed (see `CELBuffer`, `JSONCursor`): a value is good for one evaluation;
/// `owned` makes it good for ever.
package enum CELValue: @unchecked Sendable {  // Safe: parts are immutable while they are shown.
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(CELBuffer)
    case bytes(CELBuffer)
    case list(CELList)
    case map(CELMap)
    /// A JSON array, read in place.
    case jsonArray(JSONCursor)
    /// A JSON object, read in place.
    case jsonObject(JSONCursor)
    case type(CELTypeName)
    case timestamp(CELTimestamp)
    case duration(CELDuration)
    case optional(CELBox?)
    case address(IPAddress)
    case network(IPNetwork)
    /// A text that nothing but `unredacted` shows.
    case secret(CELBuffer)
    case error(CELEvaluationError)
}

/// A value behind a reference: what an optional holds.
package final class CELBox: Sendable {
    package let value: CELValue

    init(_ value: CELValue) {
        self.value = value
    }
}

extension CELValue {
    package static func string(_ text: String) -> CELValue { .string(CELBuffer(text)) }

    /// A JSON value: scalars become CEL scalars at once, arrays and objects are read in place.
    ///
    /// Numbers without fraction or exponent are `int`, beyond that range `uint`, everything else `double`.
    /// Allocates only for a string that is written with escapes.
    @inline(__always)
    package init(json cursor: JSONCursor) {
        switch cursor.kind {
        case .string:
            if cursor.hasEscapes {
                self = .string(CELBuffer(copying: cursor.decodedText))
            } else {
                unsafe self = .string(CELBuffer(borrowing: cursor.text))
            }
        case .object: self = .jsonObject(cursor)
        case .array: self = .jsonArray(cursor)
        case .number: self = unsafe CELValue(jsonNumber: cursor.text)
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .null: self = .null
        }
    }

    /// A JSON value that the caller keeps alive for the duration of the evaluation.
    package init(json value: JSONValue) {
        self.init(json: value.cursor)
    }

    private init(jsonNumber text: UnsafeBufferPointer<UInt8>) {
        if let value = unsafe Int64(decimal: text) {
            self = .int(value)
        } else if let value = unsafe UInt64(decimal: text) {
            self = .uint(value)
        } else {
            self = unsafe .double(Double(String(decoding: text, as: UTF8.self)) ?? .nan)
        }
    }

    package var isError: Bool {
        if case .error = self { return true }
        return false
    }

    /// The type of the value.
    package var typeName: CELTypeName {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list, .jsonArray: .list
        case .map, .jsonObject: .map
        case .type: .type
        case .timestamp: .timestamp
        case .duration: .duration
        case .optional: .optional
        case .address: .address
        case .network: .network
        case .secret: .secret
        case .error: .error
        }
    }
}

/// The name of a type as a value: what `type(x)` answers.
package enum CELTypeName: String, CaseIterable, Sendable {
    case bool, int, uint, double, string, bytes, list, map, type
    case null = "null_type"
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
    case optional = "optional_type"
    case address = "net.IP"
    case network = "net.CIDR"
    case secret
    case error
}

extension Int64 {
    /// Decimal digits with an optional minus sign, nothing else; nil where they do not fit.
    init?(decimal text: UnsafeBufferPointer<UInt8>) {
        guard let first = unsafe text.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        guard let magnitude = unsafe UInt64(decimal: UnsafeBufferPointer(rebasing: text[(isNegative ? 1 : 0)...]))
        else { return nil }
        if isNegative {
            guard magnitude <= 1 << 63 else { return nil }
            self = Int64(truncatingIfNeeded: 0 &- magnitude)
        } else {
            guard let value = Int64(exactly: magnitude) else { return nil }
            self = value
        }
    }
}

extension UInt64 {
    /// Decimal digits, nothing else; nil where they do not fit.
    init?(decimal text: UnsafeBufferPointer<UInt8>) {
        guard !text.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in text.indices {
            let byte = unsafe text[index]
            guard byte.isASCIIDigit else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(byte &- 0x30))
            guard !overflowed, !carried else { return nil }
            value = sum
        }
        self = value
    }
}
