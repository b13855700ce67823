package import Bytes
internal import GatewayEngine
package import GatewayModel
package import JOSE

/// A token taken apart for people, as far as it can be read. NOTHING in it is verified.
///
/// Reads what the gateway refuses, and says what is odd about it. What the gateway's own strict reader
/// says stands in `formFailure`.
package struct TokenInspection: Sendable {
    /// One of the parts between the dots.
    package struct Part: Sendable {
        /// What it decodes to, leniently; nil where it is no base64.
        package let bytes: [UInt8]?
        /// The JSON object in it; nil where the strict reader finds none.
        package let object: JSONValue?
    }

    /// Something in a token that its reader should know.
    package struct Finding: Sendable, Equatable {
        package enum Severity: String, Sendable { case note, warning }

        package let severity: Severity
        /// A stable snake_case name.
        package let code: String
        /// A sentence. May quote the token: escape it before it reaches a terminal.
        package let message: String
    }

    package let byteCount: Int
    package let partCount: Int
    package let unverifiedHeader: Part
    /// Nil in an encrypted token, and where there is no second part.
    package let unverifiedPayload: Part?
    package let signatureByteCount: Int?
    package private(set) var findings: [Finding] = []
    /// What the gateway would refuse this token for whoever signed it; nil where its form is good.
    package let formFailure: TokenError?

    package var isEncrypted: Bool { partCount == 5 }
    package var formRefusal: RefusalCode? { formFailure.map(RefusalCode.init) }

    /// Takes a token apart at a time in Unix seconds.
    package init(_ token: [UInt8], now: Int64) {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        let header = Self.read(parts[0])
        let payload = parts.count > 1 && parts.count != 5 ? Self.read(parts[1]) : nil
        let signature = parts.count == 3 ? LenientBase64.decode(parts[2]) : nil
        byteCount = token.count
        partCount = parts.count
        unverifiedHeader = header.part
        unverifiedPayload = payload?.part
        signatureByteCount = signature?.bytes?.count
        formFailure = Self.strictFailure(token)
        noteParts()
        for (name, read) in [("header", header), ("payload", payload)] {
            if let read { note(read, name) }
        }
        for oddity in signature?.oddities ?? [] { note(oddity, "signature") }
        noteHeader()
        notePayload(now: now)
    }

    mutating func note(_ severity: Finding.Severity, _ code: String, _ message: String) {
        findings.append(Finding(severity: severity, code: code, message: message))
    }

    private static func strictFailure(_ token: [UInt8]) -> TokenError? {
        do throws(TokenError) {
            try UnverifiedToken(parsing: token.span, maxBytes: .max).checkNames()
            return nil
        } catch {
            return error
        }
    }
}

// MARK: - Parts

extension TokenInspection {
    private struct ReadPart {
        var part: Part
        var oddities: [LenientBase64.Oddity]
        var failure: JSONError?
    }

    private static func read(_ text: [UInt8]) -> ReadPart {
        let (bytes, oddities) = LenientBase64.decode(text)
        guard let bytes else { return ReadPart(part: Part(bytes: nil, object: nil), oddities: oddities) }
        do throws(JSONError) {
            let root = try JSONDocument(parsing: bytes, limits: .token).root
            return ReadPart(part: Part(bytes: bytes, object: root.isObject ? root : nil), oddities: oddities)
        } catch {
            return ReadPart(part: Part(bytes: bytes, object: nil), oddities: oddities, failure: error)
        }
    }

    private mutating func noteParts() {
        switch partCount {
        case 3: break
        case 5:
            note(
                .warning, "encrypted",
                "Five parts: the token is encrypted (JWE). Only its header can be read without the key.")
        default:
            note(
                .warning, "part_count",
                "\(partCount) part\(partCount == 1 ? "" : "s") instead of three: a JWT is header.payload.signature.")
        }
        if byteCount > 8 << 10 {
            note(.note, "large", "Larger than 8 KiB: many servers refuse requests with so large a header.")
        }
    }

    private mutating func note(_ oddity: LenientBase64.Oddity, _ part: String) {
        note(.warning, "not_canonical_base64url", "The \(part) \(oddity.rawValue).")
    }

    private mutating func note(_ read: ReadPart, _ name: String) {
        for oddity in read.oddities { note(oddity, name) }
        guard read.part.object == nil, read.part.bytes != nil else { return }
        guard let failure = read.failure else {
            return note(.warning, "not_an_object", "The \(name) is JSON, but not an object.")
        }
        let place = "at byte \(failure.offset)"
        if failure.reason == .duplicateName {
            note(
                .warning, "duplicate_name",
                "A name occurs twice in the \(name) (\(place)): two readers would take different values.")
        } else {
            note(.warning, "not_json", "The \(name) is not JSON: \(failure.reason.inWords) \(place).")
        }
    }
}

extension JSONError.Reason {
    /// `unexpected end` for `unexpectedEnd`.
    package var inWords: String {
        rawValue.map { $0.isUppercase && self != .invalidUTF8 ? " \($0.lowercased())" : "\($0)" }.joined()
    }
}
