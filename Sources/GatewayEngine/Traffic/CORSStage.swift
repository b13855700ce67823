internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that lets scripts of other sites read answers. It stands before authentication, since a browser asks
/// for permission without credentials, and refusals have to be readable, too.
final class CORSStage: Sendable {
    let origins: AllowedOrigins
    private let timingOrigins: AllowedOrigins?
    private let isEager: Bool
    let methods: CORS.Names
    let headers: CORS.Names
    /// Lines of every answer to an origin that is allowed, beside the one that names it.
    let commonLines: [UInt8]
    let preflightLines: [UInt8]
    /// Of answers to origins that are not allowed, where caches must keep them apart; of all answers where every
    /// origin is allowed.
    private let edit: FieldEdit

    init(_ policy: CORS, origins: AllowedOrigins, timingOrigins: AllowedOrigins?) {
        var common = policy.allowsCredentials ? "access-control-allow-credentials: true\r\n" : ""
        if let exposed = Self.text(policy.exposedHeaders) {
            common += "access-control-expose-headers: \(exposed)\r\n"
        }
        commonLines = Array(common.utf8)
        preflightLines = Array((policy.maxAgeSeconds.map { "access-control-max-age: \($0)\r\n" } ?? "").utf8)
        let line = origins.isAny ? "access-control-allow-origin: *\r\n\(common)" : "vary: origin\r\n"
        edit = FieldEdit(removing: Self.ownNames, adding: Array(line.utf8))
        isEager = policy.isEager
        methods = policy.methods
        headers = policy.headers
        self.origins = origins
        self.timingOrigins = timingOrigins
    }

    private static func text(_ names: CORS.Names) -> String? {
        switch names {
        case .none: nil
        case .any: "*"
        case .listed(let names): names.joined(separator: ", ")
        }
    }

    /// Answers a pre-flight; for another request notes what the answer will say.
    func run(_ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch) -> LocalAnswer? {
        if isEager { return runEagerly(head, bytes, &scratch) }
        let origin = Self.value(of: "origin", bytes, scratch)
        let isAllowed = origin.map { origins.allows(bytes.extracting($0)) } ?? false
        if let origin, !origin.isEmpty, head.method == .options,
            let method = Self.value(of: "access-control-request-method", bytes, scratch), !method.isEmpty
        {
            return answer(preflight: isAllowed ? origin : nil, bytes, scratch)
        }
        if let origin, isAllowed, !origins.isAny {
            scratch.editResponse(FieldEdit(removing: Self.ownNames, adding: lines(for: bytes.extracting(origin))))
        } else {
            scratch.editResponse(edit)
        }
        return nil
    }

    /// What a backend says about the same goes: the policy decides, and browsers refuse an answer that says it twice.
    private static let ownNames = FieldNames(
        ["access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"].map {
            Array($0.utf8)
        })

    private func lines(for origin: Span<UInt8>) -> [UInt8] {
        var lines: [UInt8] = []
        lines.append("access-control-allow-origin: ")
        if origins.isAny {
            lines.append("*\r\n")
        } else {
            lines += origin.copied
            lines.append("\r\nvary: origin\r\n")
        }
        lines += commonLines
        return lines
    }

    // MARK: - All on every answer

    private func runEagerly(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) -> LocalAnswer? {
        let lines = allLines(bytes, scratch)
        if head.method == .options { return LocalAnswer(status: 200, lines: lines) }
        scratch.editResponse(FieldEdit(removing: Self.allNames, adding: lines))
        return nil
    }

    private static let allNames = FieldNames(
        ownNames.names
            + [
                "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age",
                "timing-allow-origin",
            ].map { Array($0.utf8) })

    private func allLines(_ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch) -> [UInt8] {
        let range = Self.value(of: "origin", bytes, scratch)
        let origin = bytes.extracting(range ?? 0..<0)
        var lines: [UInt8] = []
        var varies = !origins.isAny
        if let named = origins.named(origin) {
            lines.append("access-control-allow-origin: ")
            lines += named
            lines.append("\r\n")
            lines += commonLines
            append(
                methods, "access-control-allow-methods", asked: "access-control-request-method", bytes, scratch,
                to: &lines)
            append(
                headers, "access-control-allow-headers", asked: "access-control-request-headers", bytes, scratch,
                to: &lines)
            lines += preflightLines
        }
        if let timingOrigins {
            varies = varies || !timingOrigins.isAny
            if let named = timingOrigins.named(origin) {
                lines.append("timing-allow-origin: ")
                lines += named
                lines.append("\r\n")
            }
        }
        if varies { lines.append("vary: Origin\r\n") }
        return lines
    }

    // MARK: - Pre-flights

    /// - Parameter origin: nil where it is not allowed, which an answer without permissions says.
    private func answer(
        preflight origin: Range<Int>?, _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch
    ) -> LocalAnswer {
        guard let origin else {
            return LocalAnswer(status: 200, lines: Array("vary: origin\r\n".utf8))
        }
        var lines = lines(for: bytes.extracting(origin))
        append(
            methods, "access-control-allow-methods", asked: "access-control-request-method", bytes, scratch, to: &lines)
        append(
            headers, "access-control-allow-headers", asked: "access-control-request-headers", bytes, scratch, to: &lines
        )
        lines += preflightLines
        lines.append("vary: access-control-request-method, access-control-request-headers\r\n")
        return LocalAnswer(status: 200, lines: lines)
    }

    private func append(
        _ names: CORS.Names, _ field: String, asked: StaticString, _ bytes: Span<UInt8>,
        _ scratch: borrowing RequestScratch, to lines: inout [UInt8]
    ) {
        switch names {
        case .none: return
        case .listed: lines.append("\(field): \(Self.text(names) ?? "")\r\n")
        case .any:
            // `*` does not stand for `Authorization`, nor for anything with credentials: what was asked for does.
            guard let range = Self.value(of: asked, bytes, scratch), Self.areNames(bytes.extracting(range)) else {
                return
            }
            lines.append("\(field): ")
            lines += bytes.extracting(range).copied
            lines.append("\r\n")
        }
    }

    /// Tokens with commas and blanks between them, at least one (RFC 9110 §5.6.1).
    private static func areNames(_ text: Span<UInt8>) -> Bool {
        var hasToken = false
        for index in 0..<text.count {
            let byte = text[index]
            if byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
                hasToken = true
            } else if byte != UInt8(ascii: ","), byte != UInt8(ascii: " ") {
                return false
            }
        }
        return hasToken
    }

    /// The value of the one line of that name; nil where there is none, or several.
    private static func value(
        of name: StaticString, _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch
    ) -> Range<Int>? {
        var found: Range<Int>?
        for line in scratch.table.lines
        where !line.isDropped && bytes.extracting(line.name).equalsIgnoringASCIICase(name) {
            guard found == nil else { return nil }
            found = line.value
        }
        return found
    }
}
