internal import Bytes

/// Dates of RFC 7519 §2: seconds since 1970, perhaps with a fraction.
enum NumericDate {
    /// The first whole second at or after the date.
    ///
    /// With `now` in whole seconds, `now < date` and `now >= date` hold exactly when they hold for
    /// this value, so the fraction needs no further care. Beyond `Int64` the value saturates; what is
    /// not a finite number is `claimMalformed`.
    static func seconds(_ value: JSONValue) throws(TokenError) -> Int64 {
        if let integer = value.integer { return integer }
        guard let double = value.double, double.isFinite else { throw .claimMalformed }
        let ceiling = double.rounded(.up)
        if ceiling >= 0x1p63 { return .max }
        if ceiling < -0x1p63 { return .min }
        return Int64(ceiling)
    }
}

extension Int64 {
    /// The sum, held at the ends of the range.
    func saturatingAdding(_ other: Int64) -> Int64 {
        let (sum, overflowed) = addingReportingOverflow(other)
        guard overflowed else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, held at the ends of the range.
    func saturatingSubtracting(_ other: Int64) -> Int64 {
        let (difference, overflowed) = subtractingReportingOverflow(other)
        guard overflowed else { return difference }
        return other < 0 ? .max : .min
    }
}
