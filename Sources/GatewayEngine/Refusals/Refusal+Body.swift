internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// Bodies of refusals. Nothing of them is a client's word but the request's ID, which is escaped like the rest.
extension Refusal {
    func body(_ form: CompiledRefusalForm, _ requestID: [UInt8]) -> [UInt8] {
        let requestID = String(decoding: requestID, as: UTF8.self)
        if let template = form.template {
            return template.rendered { value(of: $0, requestID) }
        }
        let text =
            switch form.style {
            case .agentgateway: answer?.message ?? sentence
            case .apisix: (answer?.message).map(code.apisixBody) ?? code.apisixBody
            case .problem: problem(requestID)
            case .openai: openai
            }
        return Array(text.utf8)
    }

    private func value(of placeholder: RefusalTemplate.Placeholder, _ requestID: String) -> String {
        switch placeholder {
        case .code: code.rawValue
        case .status: "\(status(isGRPC: false))"
        case .reason: "\(reasonPhrase)"
        case .message: message
        case .realm: realm
        case .requestId: requestID
        }
    }

    private var reasonPhrase: String { "\(ReasonPhrase.of(status(isGRPC: false)))" }

    /// What the client reads, without what it is about.
    private var message: String {
        if let message = answer?.message { return message }
        return failures.count > 1 ? "\(code.entry.text) (\(reasons))" : "\(code.entry.text)"
    }

    /// As agentgateway words it.
    private var sentence: String {
        switch code.entry.challenge {
        case _ where failures.count > 1: "authentication failure: \(message)"
        case .none: message
        case .bearer, .invalidToken, .invalidRequest, .insufficientScope: "authentication failure: \(message)"
        case .apiKey: "api key authentication failure: \(message)"
        case .basic: "basic authentication failure: \(message)"
        case .hmac: "signature authentication failure: \(message)"
        }
    }

    /// Why each of several ways led to nothing.
    private var reasons: String {
        failures.map { "\($0.name): \($0.code.entry.text)" }.joined(separator: "; ")
    }

    /// RFC 9457 §3.1: without a page of its own the title is that of the status.
    private func problem(_ requestID: String) -> String {
        var members = JSONObjectTree([
            ("type", .string("about:blank")), ("title", .string(reasonPhrase)),
            ("status", .integer(Int64(status(isGRPC: false)))), ("detail", .string(message)),
            ("code", .string(code.rawValue)),
        ])
        if !requestID.isEmpty { members["requestId"] = .string(requestID) }
        return JSONTree.object(members).text
    }

    private var openai: String {
        let type =
            switch status(isGRPC: false) {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 429: "rate_limit_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        let error = JSONObjectTree([
            ("message", .string(message)), ("type", .string(type)), ("param", .null), ("code", .string(code.rawValue)),
        ])
        return JSONTree.object(JSONObjectTree([("error", .object(error))])).text
    }
}

extension CompiledRefusalForm {
    /// The value of `Content-Type`.
    var contentType: [UInt8] {
        if let template { return template.contentType }
        let text =
            switch style {
            case .agentgateway: "text/plain"
            case .apisix: "text/plain; charset=utf-8"
            case .problem: "application/problem+json"
            case .openai: "application/json"
            }
        return Array(text.utf8)
    }
}
