internal import ArgumentParser
internal import GatewayDialects

/// A length of time, perhaps into the past: `90s`, `1h30m`, `-1h`, or a number of seconds.
struct DurationArgument: ExpressibleByArgument {
    let seconds: Int64

    init?(argument: String) {
        let isNegative = argument.hasPrefix("-")
        let text = isNegative ? String(argument.dropFirst()) : argument
        let length: Int64
        if let plain = UInt32(text) {
            length = Int64(plain)
        } else if let duration = Duration(written: text) {
            length = duration.components.seconds
        } else {
            return nil
        }
        seconds = isNegative ? -length : length
    }
}

/// When a token ends: a length of time from now, or `never`.
struct LifetimeArgument: ExpressibleByArgument {
    /// Nil: never.
    let seconds: Int64?

    init?(argument: String) {
        if argument == "never" {
            seconds = nil
        } else if let duration = DurationArgument(argument: argument) {
            seconds = duration.seconds
        } else {
            return nil
        }
    }
}
