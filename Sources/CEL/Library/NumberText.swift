/// Numbers as text.
enum NumberText {
    /// The shortest text that reads back as the number: `0.5`, `3`, `1e+30`; an exponent only below 1e-4
    /// and from a power of ten, which is JSON's in JavaScript unless told otherwise.
    static func shortest(_ value: Double, exponentFrom limit: Int = 21) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        if value == value.rounded(), value.magnitude < (limit < 15 ? 1e5 : 1e15) {
            return value == 0 && value.sign == .minus ? "-0" : "\(Int64(value))"
        }
        let (sign, digits, exponent) = decimal(value)
        guard exponent >= -4, exponent < limit else {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            return
                "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(padded(Int64(exponent.magnitude), 2))"
        }
        if exponent < 0 { return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(digits)" }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return "\(sign)\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }

    /// As the reference runtimes write a double that becomes a string: C's `%g`, with all its digits.
    static func general(_ value: Double) -> String { shortest(value, exponentFrom: 6) }

    /// Sign, significant digits and the decimal exponent of the first of them.
    private static func decimal(_ value: Double) -> (sign: String, digits: String, exponent: Int) {
        // Swift writes the shortest digits, in one of two forms.
        let parts = value.magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits = mantissa.joined()
        exponent += mantissa[0].count - 1
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (value < 0 ? "-" : "", digits, exponent)
    }
}
