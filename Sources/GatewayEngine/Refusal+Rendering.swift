internal import Bytes
internal import GatewayModel
package import HTTPWire

extension Refusal {
    /// What the client is told.
    ///
    /// - Parameters:
    ///   - isGRPC: the request was a call of gRPC, which is told in gRPC's way.
    ///   - form: how refusals are written there.
    ///   - requestID: empty where there is none.
    ///   - change: what transformations make of answers; nil: nothing.
    ///   - edit: what other policies change of them afterwards; what says that and why a request was refused stays as
    ///     it is.
    package func answer(
        isGRPC: Bool = false, form: CompiledRefusalForm, requestID: [UInt8] = [], change: AnswerChange? = nil,
        edit: FieldEdit? = nil
    ) -> AnswerMessage {
        var message = AnswerMessage(
            status: status(isGRPC: isGRPC), lines: [], body: isGRPC ? [] : body(form, requestID))
        if isGRPC {
            message.lines.append("content-type: application/grpc\r\n")
            message.lines.append(
                "grpc-status: \(grpcStatus)\r\ngrpc-message: \(percentEncoded("\(code.entry.text)"))\r\n")
        } else {
            message.lines.append("content-type: ")
            message.lines += form.contentType
            message.lines.append("\r\n")
        }
        message.lines.append("cache-control: no-store\r\n")
        message.lines += lines
        // Its calls are told in fields and a status that transformations of other answers would break.
        if !isGRPC, let change {
            if let modifier = change.modifier { Self.add(modifier, to: &message) }
            change.transform(&message, isRefusal: true)
            Self.challengeNames.drop(from: &message.lines)
            if let edit { FieldNames(edit.removed.names.filter(Self.mayLeave)).drop(from: &message.lines) }
        }
        if !isGRPC {
            for challenge in challenges(form.style) { message.lines.append("www-authenticate: \(challenge)\r\n") }
        }
        message.lines.append("tollgate-refusal: \(code.rawValue)\r\n")
        if let edit { Self.add(edit, to: &message) }
        return message
    }

    private static func mayLeave(_ name: [UInt8]) -> Bool { !ownFields.contains(name.span) }

    /// Adds what an edit adds; of what is there nothing leaves.
    private static func add(_ edit: FieldEdit, to message: inout AnswerMessage) {
        var lines = edit.added
        ownFields.drop(from: &lines)
        message.lines += lines
    }

    private static let challengeNames = FieldNames([Array("www-authenticate".utf8)])

    /// Of the answer. A call of gRPC is always answered with 200: what became of it stands in `grpc-status`.
    func status(isGRPC: Bool) -> Int {
        isGRPC ? 200 : answer?.status ?? code.entry.status
    }

    /// gRPC's code for an HTTP status, as its clients read one (doc/http-grpc-status-mapping.md); what is too large has
    /// exhausted a resource.
    package var grpcStatus: Int {
        switch code.entry.status {
        case 400, 500: 13
        case 401: 16
        case 403: 7
        case 404: 12
        case 413, 414, 431: 8
        case 429, 502, 503, 504: 14
        default: 2
        }
    }

    /// gRPC's `Percent-Encoded`: what is not printable ASCII, and the percent sign.
    private func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "%") {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += byte < 16 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return encoded
    }

    /// Fields that only the gateway writes into a refusal.
    private static let ownFields = FieldNames(
        ["content-type", "www-authenticate", "cache-control", "retry-after", "grpc-status", "grpc-message"].map {
            Array($0.utf8)
        })

    /// One for each scheme and realm that would do, in their order.
    private func challenges(_ style: RefusalStyle) -> [String] {
        guard !failures.isEmpty else {
            let kind = challenge ?? code.entry.challenge
            return challenge(kind, code.entry.text, realm, metadataURL, requiredScopes, style).map { [$0] } ?? []
        }
        var challenges: [String] = []
        for failure in failures {
            guard
                let challenge = challenge(
                    failure.code.entry.challenge, failure.code.entry.text, failure.realm, failure.metadataURL,
                    failure.requiredScopes, style),
                !challenges.contains(challenge)
            else { continue }
            challenges.append(challenge)
        }
        return challenges
    }

    /// The RFC 6750 challenge, or nil. The text is fixed per code and the scopes are the configuration's, so that
    /// nothing of a token gets into it.
    private func challenge(
        _ challenge: RefusalCode.Challenge, _ text: StaticString, _ realm: String, _ metadataURL: String?,
        _ requiredScopes: [String], _ style: RefusalStyle
    ) -> String? {
        guard let scheme = scheme(challenge, style).map({ "\($0) realm=\"\(quoted(realm))\"" }) else {
            return nil
        }
        // APISIX says the scheme and no more.
        if style == .apisix { return scheme }
        // A URL that was taken has no quotation mark.
        let metadata = metadataURL.map { ", resource_metadata=\"\($0)\"" } ?? ""
        guard let error = challenge.errorAttribute else { return scheme + metadata }
        let scope = requiredScopes.isEmpty ? "" : ", scope=\"\(quoted(requiredScopes.joined(separator: " ")))\""
        return "\(scheme), error=\"\(error)\", error_description=\"\(text)\"\(scope)\(metadata)"
    }

    private func scheme(_ challenge: RefusalCode.Challenge, _ style: RefusalStyle) -> StaticString? {
        style == .apisix && challenge == .apiKey ? "apikey" : challenge.scheme
    }

    /// RFC 9110 §5.6.4 quoted-string content.
    private func quoted(_ text: String) -> String {
        var quoted = ""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.unicodeScalars.append(character.value >= 0x20 && character.value < 0x7F ? character : "?")
        }
        return quoted
    }
}

extension [UInt8] {
    mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }
}
