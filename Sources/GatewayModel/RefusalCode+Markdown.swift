extension RefusalCode {
    /// The reference page of refusals, made from the table.
    package static var markdown: String {
        var text = """
            # Refusals

            Made by `tollgate refusals` from the code; do not edit.

            Every request that is refused names its code in the `Tollgate-Refusal` header. The code is stable: it
            is the same in the log, in metrics and here.

            | code | status | by | challenge `error` | retry helps | what the client reads | what to do |
            |---|---|---|---|---|---|---|

            """
        for code in allCases {
            let entry = code.entry
            let challenge =
                switch entry.challenge {
                case .none: ""
                case .bearer: "(none: no token)"
                case .apiKey: "(none: `ApiKey`)"
                case .basic: "(none: `Basic`)"
                case .hmac: "(none: `hmac`)"
                default: entry.challenge.errorAttribute.map { "`\($0)`" } ?? ""
                }
            let retry = entry.isWorthRetrying ? "yes" : "no"
            text += "| `\(code.rawValue)` | \(entry.status) | \(entry.blame.rawValue) | \(challenge) | \(retry) "
            text += "| \(entry.text) | \(entry.remedy) |\n"
        }
        return text
    }
}
