/// A moment as HTTP writes it.
package enum HTTPMoment {
    /// Unix seconds of an IMF-fixdate (RFC 9110 §5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
    /// The two obsolete forms are not read. Which day of the week it was is not held against the date.
    package static func seconds(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 29, place(of: text, 0..<3, in: "SunMonTueWedThuFriSat") != nil,
            let month = place(of: text, 8..<11, in: "JanFebMarAprMayJunJulAugSepOctNovDec"),
            let day = number(text, 5..<7), let year = number(text, 12..<16), let hour = number(text, 17..<19),
            let minute = number(text, 20..<22), let second = number(text, 23..<25)
        else { return nil }
        for (index, byte) in [(3, ","), (4, " "), (7, " "), (11, " "), (16, " "), (19, ":"), (22, ":")]
            as [(Int, Unicode.Scalar)]
        where text[index] != UInt8(ascii: byte) {
            return nil
        }
        guard text.extracting(25..<29).equals(" GMT".utf8.span), year >= 1970, (1...31).contains(day), hour < 24,
            minute < 60, second <= 60
        else { return nil }
        return days(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second
    }

    package static func seconds(_ text: String) -> Int64? { seconds(Array(text.utf8).span) }

    /// Which of these names of three letters stands there.
    private static func place(of text: Span<UInt8>, _ range: Range<Int>, in names: String) -> Int? {
        let names = Array(names.utf8)
        let written = text.extracting(range)
        return (0..<names.count / 3).first { written.equals(names.span.extracting($0 * 3..<$0 * 3 + 3)) }
    }

    private static func number(_ text: Span<UInt8>, _ digits: Range<Int>) -> Int64? {
        var number: Int64 = 0
        for index in digits {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int64(digit)
        }
        return number
    }

    /// Days since 1970 in the Gregorian calendar; years begin in March, so that the leap day comes last.
    private static func days(_ year: Int64, _ month: Int, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let months = Int64((month + 9) % 12)
        return year * 365 + year / 4 - year / 100 + year / 400 + (months * 153 + 2) / 5 + day - 719_469
    }
}
