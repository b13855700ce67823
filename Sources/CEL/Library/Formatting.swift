#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// `format`: `%s %d %f %e %b %o %x %X`, `%.3f`, `%%`.
extension CELLibrary {
    static let formatting: [CELFunction] = [
        CELFunction(
            "format", "string.(list(dyn)) -> string",
            do: .binary { pattern, list, frame in
                guard case .string(let pattern) = pattern, let arguments = list.elements else { return .noSuchOverload }
                var formatter = Formatter(pattern, arguments)
                do throws(CELEvaluationError) {
                    return .string(CELBuffer(copying: try formatter.run(&frame)))
                } catch {
                    return .error(error)
                }
            })
    ]
}

private struct Formatter {
    private let pattern: CELBuffer
    private let arguments: [CELValue]
    private var output: [UInt8] = []
    private var position = 0
    private var used = 0

    /// Digits behind the point that may be asked for.
    private static let maxPrecision: Int32 = 100

    init(_ pattern: CELBuffer, _ arguments: [CELValue]) {
        self.pattern = pattern
        self.arguments = arguments
    }

    mutating func run(_ frame: inout CELFrame) throws(CELEvaluationError) -> [UInt8] {
        guard frame.spend(bytes: pattern.count) else { throw CELEvaluationError(.budgetExceeded) }
        while position < pattern.count {
            let byte = pattern[position]
            position += 1
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            if position < pattern.count, pattern[position] == UInt8(ascii: "%") {
                output.append(byte)
                position += 1
                continue
            }
            let text = try clause(&frame)
            guard frame.spend(bytes: text.utf8.count) else { throw CELEvaluationError(.budgetExceeded) }
            output.append(contentsOf: text.utf8)
        }
        return output
    }

    private mutating func clause(_ frame: inout CELFrame) throws(CELEvaluationError) -> String {
        var precision: Int32 = 6
        if position < pattern.count, pattern[position] == UInt8(ascii: ".") {
            precision = 0
            position += 1
            while position < pattern.count, pattern[position] &- 0x30 < 10 {
                precision = min(precision * 10 + Int32(pattern[position] - 0x30), Self.maxPrecision + 1)
                position += 1
            }
            guard precision <= Self.maxPrecision else {
                throw CELEvaluationError(.invalidArgument, "precision too large")
            }
        }
        guard position < pattern.count else { throw CELEvaluationError(.invalidArgument, "unexpected end of format") }
        let verb = pattern[position]
        position += 1
        guard used < arguments.count else { throw CELEvaluationError(.indexOutOfRange, "index \(used) out of range") }
        let value = arguments[used]
        used += 1
        return try Self.format(value, verb, precision, &frame)
    }

    private static func format(
        _ value: CELValue, _ verb: UInt8, _ precision: Int32, _ frame: inout CELFrame
    ) throws(CELEvaluationError) -> String {
        let text: String? =
            switch verb {
            case UInt8(ascii: "s"): plain(value, &frame)
            case UInt8(ascii: "d"): integer(value, radix: 10) ?? special(value)
            case UInt8(ascii: "f"): real(value, "%.*f", precision)
            case UInt8(ascii: "e"): real(value, "%.*e", precision)
            case UInt8(ascii: "b"): boolean(value) ?? integer(value, radix: 2)
            case UInt8(ascii: "o"): integer(value, radix: 8)
            case UInt8(ascii: "x"): hexadecimal(value)
            case UInt8(ascii: "X"): hexadecimal(value)?.uppercased()
            default: nil
            }
        guard let text else {
            let letter = String(decoding: [verb], as: UTF8.self)
            throw CELEvaluationError(.invalidArgument, "%\(letter) does not format \(value.typeName.rawValue)")
        }
        return text
    }

    private static func plain(_ value: CELValue, _ frame: inout CELFrame) -> String? {
        guard frame.spend(bytes: value.weight) else { return nil }
        switch value {
        case .string(let text): return text.text
        case .bytes(let bytes): return bytes.text
        case .null: return "null"
        case .type(let name): return name.rawValue
        case .list, .jsonArray:
            var parts: [String] = []
            for element in value.elements ?? [] {
                guard let text = plain(element, &frame) else { return nil }
                parts.append(text)
            }
            return "[\(parts.joined(separator: ", "))]"
        case .map, .jsonObject:
            var parts: [(String, String)] = []
            for entry in value.entries ?? [] {
                guard let key = plain(entry.key, &frame), let value = plain(entry.value, &frame) else { return nil }
                parts.append((key, value))
            }
            return "{\(parts.sorted { $0.0 < $1.0 }.map { "\($0.0): \($0.1)" }.joined(separator: ", "))}"
        default:
            guard case .string(let text) = CELLibrary.string(value) else { return nil }
            return text.text
        }
    }

    private static func boolean(_ value: CELValue) -> String? {
        guard case .bool(let value) = value else { return nil }
        return value ? "1" : "0"
    }

    private static func integer(_ value: CELValue, radix: Int) -> String? {
        switch value {
        case .int(let value): String(value, radix: radix)
        case .uint(let value): String(value, radix: radix)
        default: nil
        }
    }

    /// A double that is no number.
    private static func special(_ value: CELValue) -> String? {
        guard case .double(let value) = value, !value.isFinite else { return nil }
        return NumberText.shortest(value)
    }

    private static func hexadecimal(_ value: CELValue) -> String? {
        guard let octets = value.octets else { return integer(value, radix: 16) }
        var text = ""
        for index in 0..<octets.count {
            text += (octets[index] < 16 ? "0" : "") + String(octets[index], radix: 16)
        }
        return text
    }

    private static func real(_ value: CELValue, _ format: String, _ precision: Int32) -> String? {
        let number: Double
        switch value {
        case .double(let value): number = value
        case .int(let value): number = Double(value)
        case .uint(let value): number = Double(value)
        default: return nil
        }
        guard number.isFinite else { return NumberText.shortest(number) }
        // 309 digits before the point, one hundred behind it, sign and point.
        var text = [CChar](repeating: 0, count: 512)
        let capacity = text.count
        let count = unsafe text.withUnsafeMutableBufferPointer { buffer in
            unsafe withVaList([precision, number]) { unsafe vsnprintf(buffer.baseAddress, capacity, format, $0) }
        }
        guard count >= 0, Int(count) < capacity else { return nil }
        return String(decoding: text[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
