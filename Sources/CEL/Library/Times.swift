/// Parts of timestamps and durations.
extension CELLibrary {
    static let times: [CELFunction] = [
        part("getFullYear") { $0.year },
        part("getMonth") { $0.month - 1 },
        part("getDayOfMonth") { $0.day - 1 },
        part("getDate") { $0.day },
        part("getDayOfWeek") { $0.dayOfWeek },
        part("getDayOfYear") { $0.dayOfYear },
        part("getHours", of: { $0 / 3_600_000_000_000 }) { $0.hour },
        part("getMinutes", of: { $0 / 60_000_000_000 }) { $0.minute },
        part("getSeconds", of: { $0 / 1_000_000_000 }) { $0.second },
        milliseconds,
    ]

    /// A field of a timestamp in UTC or a given zone, and maybe the whole units of a duration.
    private static func part(
        _ name: String, of duration: (@Sendable (Int64) -> Int64)? = nil,
        _ field: @escaping @Sendable (CivilTime) -> Int64
    ) -> CELFunction {
        let texts =
            ["timestamp.() -> int", "timestamp.(string) -> int"] + (duration == nil ? [] : ["duration.() -> int"])
        return CELFunction(
            name, texts.compactMap { CELSignature($0) },
            .unary { value, _ in
                switch value {
                case .timestamp(let time): return .int(field(CivilTime(secondsSinceEpoch: time.seconds)))
                case .duration(let length):
                    guard let duration else { return .noSuchOverload }
                    return .int(duration(length.nanoseconds))
                default: return .noSuchOverload
                }
            },
            .binary { value, zone, _ in
                guard case .timestamp(let time) = value, case .string(let name) = zone else { return .noSuchOverload }
                guard let offset = TimeZones.offset(at: time.seconds, in: name) else {
                    return .failure(.invalidArgument, "unknown time zone '\(name.text)'")
                }
                return .int(field(CivilTime(secondsSinceEpoch: time.seconds + offset)))
            })
    }

    private static let milliseconds = CELFunction(
        "getMilliseconds", "timestamp.() -> int", "timestamp.(string) -> int", "duration.() -> int",
        do: .unary { value, _ in
            switch value {
            case .timestamp(let time): .int(Int64(time.nanoseconds / 1_000_000))
            case .duration(let length): .int(length.nanoseconds / 1_000_000 % 1000)
            default: .noSuchOverload
            }
        },
        .binary { value, zone, _ in
            guard case .timestamp(let time) = value, case .string(let name) = zone else { return .noSuchOverload }
            guard TimeZones.offset(at: time.seconds, in: name) != nil else {
                return .failure(.invalidArgument, "unknown time zone '\(name.text)'")
            }
            return .int(Int64(time.nanoseconds / 1_000_000))
        })
}
