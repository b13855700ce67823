internal import Bytes

/// Reads the fields of times and durations from left to right.
struct FieldReader {
    private let text: CELBuffer
    private var position = 0

    init(_ text: CELBuffer) {
        self.text = text
    }

    var isAtEnd: Bool { position == text.count }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Exactly `width` digits.
    mutating func number(_ width: Int) -> Int64? {
        guard position + width <= text.count else { return nil }
        var value: Int64 = 0
        for offset in position..<position + width {
            guard text[offset].isASCIIDigit else { return nil }
            value = value * 10 + Int64(text[offset] - 0x30)
        }
        position += width
        return value
    }

    /// An optional `.` and 1 to 9 digits, as nanoseconds; nil where it is malformed.
    mutating func fraction() -> Int32? {
        guard take(".") else { return 0 }
        var value: Int32 = 0
        var digits = 0
        while let digit = next, digit.isASCIIDigit {
            guard digits < 9 else { return nil }
            value = value * 10 + Int32(digit - 0x30)
            digits += 1
            position += 1
        }
        guard digits > 0 else { return nil }
        for _ in digits..<9 { value *= 10 }
        return value
    }

    /// `Z` or a signed `hh:mm`, as seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isNegative = take("-")
        guard isNegative || take("+") else { return nil }
        return hoursAndMinutes().map { isNegative ? -$0 : $0 }
    }

    /// `hh:mm` as seconds.
    mutating func hoursAndMinutes() -> Int64? {
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return hours * 3600 + minutes * 60
    }

    /// A decimal number and its unit as signed nanoseconds; nil where malformed or out of range.
    mutating func durationPart(isNegative: Bool) -> Int64? {
        var mantissa: Int64 = 0
        var digits = 0
        while let digit = next, digit.isASCIIDigit {
            let (product, overflowed) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int64(digit - 0x30))
            guard !overflowed, !carried else { return nil }
            mantissa = sum
            digits += 1
            position += 1
        }
        var fraction: [Int64] = []
        if take(".") {
            while let digit = next, digit.isASCIIDigit {
                fraction.append(Int64(digit - 0x30))
                position += 1
            }
        }
        guard digits + fraction.count > 0, let unit = unit() else { return nil }
        let sign: Int64 = isNegative ? -1 : 1
        let (whole, overflowed) = (sign * mantissa).multipliedReportingOverflow(by: unit)
        guard !overflowed else { return nil }
        var part: Int64 = 0
        var scale = unit
        for digit in fraction {
            scale /= 10
            part += digit * scale
        }
        let (sum, carried) = whole.addingReportingOverflow(sign * part)
        return carried ? nil : sum
    }

    /// The length of a unit in nanoseconds.
    private mutating func unit() -> Int64? {
        if take("h") { return 3_600_000_000_000 }
        if take("s") { return 1_000_000_000 }
        if take("m") { return take("s") ? 1_000_000 : 60_000_000_000 }
        if take("u") || takeMicroSign() { return take("s") ? 1000 : nil }
        if take("n") { return take("s") ? 1 : nil }
        return nil
    }

    /// U+00B5 or U+03BC.
    private mutating func takeMicroSign() -> Bool {
        guard position + 1 < text.count else { return false }
        let pair = (text[position], text[position + 1])
        guard pair == (0xC2, 0xB5) || pair == (0xCE, 0xBC) else { return false }
        position += 2
        return true
    }
}
