/// The rule of a zone for all years to come: a POSIX TZ string such as `EST5EDT,M3.2.0,M11.1.0`.
struct TimeZoneRule: Sendable {
    private let standard: Int64
    private let daylight: (offset: Int64, start: Day, end: Day)?

    /// A day of each year and a time of it.
    private struct Day: Sendable {
        enum Form: Sendable {
            /// 1…365; 29 February is never counted.
            case julian(Int64)
            /// 0…365
            case ordinal(Int64)
            /// The week 5 is the last of the month; day 0 is Sunday.
            case monthWeekDay(Int64, Int64, Int64)
        }

        let form: Form
        /// Seconds of local time, from midnight.
        let time: Int64

        /// Seconds from 1970 to the moment, in local time.
        func seconds(in year: Int64) -> Int64 {
            let first = CivilTime(year: year, month: 1, day: 1).daysSinceEpoch
            let day: Int64
            switch form {
            case .ordinal(let number): day = first + number
            case .julian(let number):
                let isLeap = CivilTime.daysInMonth(2, of: year) == 29
                day = first + number - 1 + (isLeap && number >= 60 ? 1 : 0)
            case .monthWeekDay(let month, let week, let weekday):
                let start = CivilTime(year: year, month: month, day: 1)
                var date = 1 + (weekday - start.dayOfWeek + 7) % 7 + (week - 1) * 7
                while date > CivilTime.daysInMonth(month, of: year) { date -= 7 }
                day = start.daysSinceEpoch + date - 1
            }
            return day * 86400 + time
        }
    }

    /// Nil where the text is empty or malformed.
    init?(_ text: String) {
        var parser = Parser(text)
        guard parser.name(), let west = parser.time() else { return nil }
        standard = -west
        guard !parser.isAtEnd else {
            daylight = nil
            return
        }
        guard parser.name() else { return nil }
        var offset = standard + 3600
        if !parser.isAt(",") {
            guard let west = parser.time() else { return nil }
            offset = -west
        }
        guard parser.take(","), let start = parser.day(), parser.take(","), let end = parser.day(), parser.isAtEnd
        else { return nil }
        daylight = (offset, start, end)
    }

    /// Seconds east of UTC at a time.
    func offset(at seconds: Int64) -> Int64 {
        guard let daylight else { return standard }
        let year = CivilTime(secondsSinceEpoch: seconds + standard).year
        let start = daylight.start.seconds(in: year) - standard
        let end = daylight.end.seconds(in: year) - daylight.offset
        let isDaylight = start < end ? start <= seconds && seconds < end : !(end <= seconds && seconds < start)
        return isDaylight ? daylight.offset : standard
    }

    private struct Parser {
        private var rest: Substring

        init(_ text: String) { rest = text[...] }

        var isAtEnd: Bool { rest.isEmpty }

        func isAt(_ character: Character) -> Bool { rest.first == character }

        mutating func take(_ character: Character) -> Bool {
            guard isAt(character) else { return false }
            rest.removeFirst()
            return true
        }

        /// The name of a zone: letters, or anything between angle brackets.
        mutating func name() -> Bool {
            if take("<") {
                rest = rest.drop { $0 != ">" }
                return take(">")
            }
            let letters = rest.prefix { $0.isLetter }
            rest.removeFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number() -> Int64? {
            let digits = rest.prefix { $0.isNumber }
            guard digits.count <= 4, let value = Int64(digits) else { return nil }
            rest.removeFirst(digits.count)
            return value
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time() -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard var value = number().map({ $0 * 3600 }) else { return nil }
            if take(":") {
                guard let minutes = number() else { return nil }
                value += minutes * 60
                if take(":") {
                    guard let seconds = number() else { return nil }
                    value += seconds
                }
            }
            return isNegative ? -value : value
        }

        mutating func day() -> Day? {
            var form: Day.Form
            if take("M") {
                guard let month = number(), take("."), let week = number(), take("."), let day = number(),
                    (1...12).contains(month), (1...5).contains(week), day < 7
                else { return nil }
                form = .monthWeekDay(month, week, day)
            } else if take("J") {
                guard let number = number() else { return nil }
                form = .julian(number)
            } else {
                guard let number = number() else { return nil }
                form = .ordinal(number)
            }
            guard take("/") else { return Day(form: form, time: 7200) }
            return time().map { Day(form: form, time: $0) }
        }
    }
}
