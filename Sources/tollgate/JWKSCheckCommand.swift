internal import ArgumentParser
internal import Bytes
internal import GatewayControl
internal import JOSE

struct JWKSCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Show which keys of a document the gateway would use, and what is wrong with the others.",
        discussion: """
            Reads a JWKS, a single JWK, public keys and certificates in PEM or DER, or
            an object of certificates by kid, with the gateway's own importer:

              curl -s https://issuer.example/jwks.json | tollgate jwks check -
              tollgate jwks check keys.json --strict

            A key that cannot be used never sinks the others. Exit code 0: at least
            one key can be used; 1: none can, or with --strict anything is worth a
            warning; 2: used wrongly.
            """
    )

    @Argument(help: ArgumentHelp("The key file, or - for the standard input.", valueName: "file"), completion: .file())
    var input: String

    @Flag(help: "Any warning or unusable key is a failure.")
    var strict = false

    @Flag(help: "Take RSA keys from 1024 bits and short secrets, as `allowWeak` does.")
    var allowWeak = false

    @Flag(help: "Take shared secrets (kty oct), as where `algorithms` names HS256, HS384 or HS512.")
    var allowSecrets = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report = KeyReport(
            try InputArgument.document(input),
            options: KeyImportOptions(allowWeak: allowWeak, admitsSecrets: allowSecrets))
        if json {
            print(KeyReportOutput.json(report).rendered())
        } else {
            print(KeyReportOutput.words(report), terminator: "")
        }
        if report.keys.isEmpty || (strict && report.warningCount + report.errorCount > 0) { throw Exit.refused }
    }
}

/// How a key report is shown.
enum KeyReportOutput {
    static func words(_ report: KeyReport) -> String {
        var text = ""
        if !report.keys.isEmpty {
            var table = Table(["kid", "kty", "crv/bits", "use", "algorithms", "thumbprint"])
            for key in report.keys {
                table.add([
                    key.kid.map { $0.span.text } ?? "(none)", key.type.rawValue, key.curve ?? "\(key.bits)", "sig",
                    key.algorithms.algorithms.map { "\($0)" }.joined(separator: " "), thumbprint(of: key),
                ])
            }
            text += table.rendered + "\n"
        }
        for finding in report.findings.sorted(by: { ($0.keyIndex ?? -1) < ($1.keyIndex ?? -1) }) {
            text += TerminalText.line(words(finding)) + "\n"
        }
        if !report.findings.isEmpty { text += "\n" }
        return text + summary(report) + "\n"
    }

    private static func words(_ finding: KeyFinding) -> String {
        let place = finding.keyIndex.map { "key \($0 + 1)" } ?? "document"
        let kid = finding.kid.map { " (kid \(TerminalText.quoted($0)))" } ?? ""
        let verdict = finding.leavesKeyOut ? "not used: " : ""
        return "\(place)\(kid): \(finding.severity.word): \(verdict)\(finding.message) [\(finding.code.rawValue)]"
    }

    private static func summary(_ report: KeyReport) -> String {
        let usable = report.keys.count
        let unusable = Set(report.findings.filter(\.leavesKeyOut).compactMap(\.keyIndex)).count
        var parts = [usable == 0 ? "No usable key" : "\(usable) usable key\(usable == 1 ? "" : "s")"]
        if unusable > 0 { parts.append("\(unusable) not used") }
        let warnings = report.warningCount
        if warnings > 0 { parts.append("\(warnings) warning\(warnings == 1 ? "" : "s")") }
        return parts.joined(separator: ", ") + "."
    }

    private static func thumbprint(of key: VerificationKey) -> String {
        guard let thumbprint = key.thumbprintText else { return "(secret)" }
        return key.isNamedByThumbprint ? "(is the kid)" : thumbprint
    }

    static func json(_ report: KeyReport) -> JSONOutput {
        .object([
            ("usable", .number(report.keys.count)),
            ("keys", .array(report.keys.map(json))),
            ("findings", .array(report.findings.map(json))),
        ])
    }

    private static func json(_ key: VerificationKey) -> JSONOutput {
        .object([
            ("kid", .text(key.kid.map { $0.span.text })),
            ("kty", .text(key.type.rawValue)),
            ("crv", .text(key.curve)),
            ("bits", .number(key.bits)),
            ("use", .text("sig")),
            ("algorithms", .texts(key.algorithms.algorithms.map { "\($0)" })),
            ("thumbprint", .text(key.thumbprintText)),
            ("weak", .boolean(key.isWeak)),
        ])
    }

    private static func json(_ finding: KeyFinding) -> JSONOutput {
        .object([
            ("key", finding.keyIndex.map { .number($0) } ?? .null),
            ("kid", .text(finding.kid)),
            ("severity", .text(finding.severity.word)),
            ("code", .text(finding.code.rawValue)),
            ("leavesKeyOut", .boolean(finding.leavesKeyOut)),
            ("message", .text(finding.message)),
        ])
    }
}

extension KeyFinding.Severity {
    fileprivate var word: String {
        switch self {
        case .note: "note"
        case .warning: "warning"
        case .error: "error"
        }
    }
}
