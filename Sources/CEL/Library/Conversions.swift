/// Functions named like the type they make.
extension CELLibrary {
    static let conversions: [CELFunction] = [
        CELFunction(
            "int", "(int) -> int", "(uint) -> int", "(double) -> int", "(string) -> int", "(timestamp) -> int",
            "(duration) -> int", do: .unary { value, _ in int(value) }),
        CELFunction(
            "uint", "(uint) -> uint", "(int) -> uint", "(double) -> uint", "(string) -> uint",
            do: .unary { value, _ in uint(value) }),
        CELFunction(
            "double", "(double) -> double", "(int) -> double", "(uint) -> double", "(string) -> double",
            do: .unary { value, _ in double(value) }),
        CELFunction(
            "string", "(string) -> string", "(int) -> string", "(uint) -> string", "(double) -> string",
            "(bool) -> string", "(bytes) -> string", "(timestamp) -> string", "(duration) -> string",
            "(net.IP) -> string", "(net.CIDR) -> string", do: .unary { value, _ in string(value) }),
        CELFunction("bytes", "(bytes) -> bytes", "(string) -> bytes", do: .unary { value, _ in bytes(value) }),
        CELFunction("bool", "(bool) -> bool", "(string) -> bool", do: .unary { value, _ in bool(value) }),
        CELFunction(
            "timestamp", "(timestamp) -> timestamp", "(string) -> timestamp", "(int) -> timestamp",
            do: .unary { value, _ in timestamp(value) }),
        CELFunction(
            "duration", "(duration) -> duration", "(string) -> duration", "(int) -> duration",
            do: .unary { value, _ in duration(value) }),
    ]

    private static func int(_ value: CELValue) -> CELValue {
        switch value {
        case .int: return value
        case .uint(let value): return Int64(exactly: value).map { .int($0) } ?? .failure(.range, "\(value)")
        case .double(let value):
            // The limits themselves are refused: a double there may stand for a number beyond.
            guard value > -0x1p63, value < 0x1p63 else { return .failure(.range, "\(value)") }
            return .int(Int64(value))
        case .string(let text): return unsafe Int64(decimal: text.bytes).map { .int($0) } ?? malformed(text)
        case .timestamp(let time): return .int(time.seconds)
        case .duration(let length): return .int(length.nanoseconds / 1_000_000_000)
        default: return .noSuchOverload
        }
    }

    private static func uint(_ value: CELValue) -> CELValue {
        switch value {
        case .uint: return value
        case .int(let value): return UInt64(exactly: value).map { .uint($0) } ?? .failure(.range, "\(value)")
        case .double(let value):
            guard value >= 0, value < 0x1p64 else { return .failure(.range, "\(value)") }
            return .uint(UInt64(value))
        case .string(let text): return unsafe UInt64(decimal: text.bytes).map { .uint($0) } ?? malformed(text)
        default: return .noSuchOverload
        }
    }

    private static func malformed(_ text: CELBuffer) -> CELValue { .failure(.conversion, text.text) }

    private static func double(_ value: CELValue) -> CELValue {
        switch value {
        case .double: return value
        case .int(let value): return .double(Double(value))
        case .uint(let value): return .double(Double(value))
        case .string(let text): return Double(text.text).map { .double($0) } ?? malformed(text)
        default: return .noSuchOverload
        }
    }

    static func string(_ value: CELValue) -> CELValue {
        switch value {
        case .string: return value
        case .int(let value): return .string("\(value)")
        case .uint(let value): return .string("\(value)")
        case .double(let value): return .string(NumberText.general(value))
        case .bool(let value): return .string(value ? "true" : "false")
        case .bytes(let bytes): return bytes.isValidUTF8 ? .string(bytes) : .failure(.invalidUTF8)
        case .timestamp(let time): return .string(time.description)
        case .duration(let length): return .string(length.description)
        case .address(let address): return .string(address.description)
        case .network(let network): return .string(network.description)
        default: return .noSuchOverload
        }
    }

    private static func bytes(_ value: CELValue) -> CELValue {
        switch value {
        case .bytes: value
        case .string(let text): .bytes(text)
        default: .noSuchOverload
        }
    }

    private static func bool(_ value: CELValue) -> CELValue {
        switch value {
        case .bool: return value
        case .string(let text):
            switch text.text {
            case "1", "t", "T", "true", "True", "TRUE": return .bool(true)
            case "0", "f", "F", "false", "False", "FALSE": return .bool(false)
            default: return malformed(text)
            }
        default: return .noSuchOverload
        }
    }

    private static func timestamp(_ value: CELValue) -> CELValue {
        switch value {
        case .timestamp: value
        case .int(let seconds): CELTimestamp(seconds: seconds).map { .timestamp($0) } ?? .failure(.range)
        case .string(let text): CELTimestamp(rfc3339: text).map { .timestamp($0) } ?? malformed(text)
        default: .noSuchOverload
        }
    }

    private static func duration(_ value: CELValue) -> CELValue {
        switch value {
        case .duration: return value
        case .int(let seconds):
            let (nanoseconds, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            return overflowed ? .failure(.range) : .duration(CELDuration(nanoseconds: nanoseconds))
        case .string(let text): return CELDuration(text: text).map { .duration($0) } ?? malformed(text)
        default: return .noSuchOverload
        }
    }
}
