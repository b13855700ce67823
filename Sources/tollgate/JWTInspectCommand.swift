internal import ArgumentParser
internal import Bytes
internal import GatewayControl
internal import GatewayModel
internal import GatewayTransport
internal import JOSE

struct JWTInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a token says, without verifying it.",
        discussion: """
            Prints header, claims, dates in words and everything odd. Nothing is
            verified: anyone can write what is shown. To have a token verified,
            use `tollgate jwt verify`.

              tollgate jwt inspect eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln
              pbpaste | tollgate jwt inspect -
              tollgate jwt inspect @token.txt --json

            Exit code 0: the form is good, expired or not; 1: the gateway refuses
            its form, whoever signed it; 2: used wrongly.
            """
    )

    @Argument(help: ArgumentHelp("The token, @FILE, or - for the standard input.", valueName: "token"))
    var input: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let now = WallClock.now()
        let inspection = TokenInspection(try InputArgument.token(input), now: now)
        if json {
            print(InspectionOutput.json(inspection, now: now).rendered())
        } else {
            print(InspectionOutput.words(inspection, now: now), terminator: "")
        }
        if inspection.formFailure != nil { throw Exit.refused }
    }
}

/// How an inspection is shown.
enum InspectionOutput {
    static func words(_ token: TokenInspection, now: Int64) -> String {
        var text = "NOT VERIFIED: anyone can write what follows.\n\n"
        text += "Header\n\(indented(words(token.unverifiedHeader)))\n"
        if let payload = token.unverifiedPayload { text += "\nClaims\n\(indented(words(payload)))\n" }
        let dates = dates(of: token)
        if !dates.isEmpty { text += "\nDates\n" }
        for (name, date) in dates {
            let padding = String(repeating: " ", count: max(0, 9 - name.count))
            let words = "\(verb(name, date, now)) \(DateWords.distance(date, from: now))"
            text += "  \(name)\(padding)  \(DateWords.date(date)), \(words)\n"
        }
        text += "\nSize\n  \(token.byteCount) bytes"
        if let count = token.signatureByteCount { text += ", \(count) of them signature" }
        text += "\n"
        if !token.findings.isEmpty { text += "\nWorth a look\n" }
        for finding in token.findings {
            text += "  \(finding.severity.rawValue): \(TerminalText.line(finding.message)) [\(finding.code)]\n"
        }
        if let failure = token.formFailure, let code = token.formRefusal {
            text += "\nThe gateway refuses this token whoever signed it: \(failure.explanation) [\(code.rawValue)]\n"
        }
        return text
    }

    static func json(_ token: TokenInspection, now: Int64) -> JSONOutput {
        .object([
            ("verified", .boolean(false)),
            ("header", json(token.unverifiedHeader)),
            ("claims", token.unverifiedPayload.map(json) ?? .null),
            (
                "dates",
                .object(
                    dates(of: token).map { name, date in
                        let words = "\(verb(name, date, now)) \(DateWords.distance(date, from: now))"
                        return (name, .object([("utc", .text(DateWords.date(date))), ("words", .text(words))]))
                    })
            ),
            ("bytes", .number(token.byteCount)),
            ("parts", .number(token.partCount)),
            ("signatureBytes", token.signatureByteCount.map { .number($0) } ?? .null),
            (
                "findings",
                .array(
                    token.findings.map {
                        .object([
                            ("severity", .text($0.severity.rawValue)), ("code", .text($0.code)),
                            ("message", .text($0.message)),
                        ])
                    })
            ),
            ("refusal", .text(token.formRefusal?.rawValue)),
        ])
    }

    /// The object; else the text as it stands, as a string; else that nothing can be read.
    private static func json(_ part: TokenInspection.Part) -> JSONOutput {
        if let object = part.object { return JSONOutput(object) }
        return part.bytes.map { .text($0.span.text) } ?? .null
    }

    private static func words(_ part: TokenInspection.Part) -> String {
        if let object = part.object { return JSONOutput(object).rendered() }
        guard let bytes = part.bytes else { return "(cannot be decoded)" }
        return bytes.isEmpty ? "(empty)" : TerminalText.lines(bytes.span.text)
    }

    private static func dates(of token: TokenInspection) -> [(String, Int64)] {
        TokenInspection.dateNames.compactMap { name in
            token.unverifiedPayload?.object?[name].flatMap(TokenInspection.date).map { (name, $0) }
        }
    }

    private static func verb(_ name: String, _ date: Int64, _ now: Int64) -> String {
        switch name {
        case "exp": date <= now ? "expired" : "expires"
        case "nbf": "valid from"
        case "iat": "issued"
        default: "authenticated"
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(separator: "\n")
    }
}
