internal import Bytes
internal import GatewayModel
package import HTTPWire

extension Refusal {
    /// The whole answer, head and body.
    ///
    /// - Parameters:
    ///   - toHead: the request was HEAD, so that the body is left out.
    ///   - keepsAlive: whether the connection goes on.
    ///   - date: an IMF-fixdate.
    ///   - edit: what policies change of answers; what says that and why a request was refused stays as it is.
    package func rendered(toHead: Bool, keepsAlive: Bool, date: [UInt8], edit: FieldEdit? = nil) -> [UInt8] {
        let entry = code.entry
        let body = self.body(entry)
        var output: [UInt8] = []
        output.reserveCapacity(512)
        output.append("HTTP/1.1 \(entry.status) \(ReasonPhrase.of(entry.status))\r\n")
        output.append("content-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n")
        if let challenge { output.append("www-authenticate: \(challenge)\r\n") }
        output.append("tollgate-refusal: \(code.rawValue)\r\ncache-control: no-store\r\ndate: ")
        output.append(contentsOf: date)
        output.append("\r\n")
        if let edit {
            var lines = edit.added
            Self.ownFields.drop(from: &lines)
            output.append(contentsOf: lines)
        }
        output.append(keepsAlive ? "\r\n" : "connection: close\r\n\r\n")
        if !toHead { output.append(body) }
        return output
    }

    /// Fields that only the gateway writes into a refusal.
    private static let ownFields = FieldNames(
        ["content-type", "www-authenticate", "cache-control"].map { Array($0.utf8) })

    /// The RFC 6750 challenge, or nil. The text is fixed per code and the scopes are the configuration's, so that
    /// nothing of a token gets into it.
    private var challenge: String? {
        let entry = code.entry
        guard let scheme = entry.challenge.scheme.map({ "\($0) realm=\"\(quoted(realm))\"" }) else { return nil }
        guard let error = entry.challenge.errorAttribute else { return scheme }
        let scope = requiredScopes.isEmpty ? "" : ", scope=\"\(quoted(requiredScopes.joined(separator: " ")))\""
        return "\(scheme), error=\"\(error)\", error_description=\"\(entry.text)\"\(scope)"
    }

    private func body(_ entry: RefusalCode.Entry) -> String {
        switch style {
        case .agentgateway:
            switch entry.challenge {
            case .none: "\(entry.text)"
            case .bearer, .invalidToken, .invalidRequest, .insufficientScope: "authentication failure: \(entry.text)"
            case .apiKey: "api key authentication failure: \(entry.text)"
            case .basic: "basic authentication failure: \(entry.text)"
            }
        }
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
