internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// Compiled changes of headers, so that places share them.
struct HeaderCompiler {
    /// By index of the attachment.
    var edits: [Int: FieldEdit] = [:]
    /// Headers by which any policy tells a backend who a request is from; nil: none.
    private(set) var identity: FieldNames?
    private var guarded: [ObjectIdentifier: FieldNames] = [:]

    mutating func addIdentity(_ names: FieldNames?) { identity = .union(identity, names) }

    /// The names that a client may not send in trailers, where requests are changed so.
    mutating func guardedNames(_ edit: FieldEdit?) -> FieldNames? {
        guard let edit else { return identity }
        if let known = guarded[ObjectIdentifier(edit)] { return known }
        let names = FieldNames.union(identity, edit.removed)
        guarded[ObjectIdentifier(edit)] = names
        return names
    }
}

extension Compiler {
    enum Message {
        case request, response
        /// A request, by a header that says who it is from.
        case identity
    }

    /// Checks the headers that hand on claims, and gathers their names.
    mutating func checkClaimHeaders() {
        for attachment in configuration.attachments {
            for (policy, _) in attachment.policy.tokenAuthentications {
                for issuer in policy.issuers { check(issuer.claimHeaders) }
                headers.addIdentity(policy.claimHeaderNames)
                // A scheme of the client's own may stand in Authorization on other routes.
                if let name = policy.tokenHeader?.name, name.lowercased() != "authorization" {
                    headers.addIdentity(FieldNames([Array(name.utf8)]))
                }
            }
        }
    }

    private mutating func check(_ fields: [ClaimHeader]) {
        var first: [[UInt8]: Provenance] = [:]
        for field in fields where check(fieldName: field.name, of: .identity, at: field.provenance) {
            let name = FieldNames.normalized(Array(field.name.utf8))
            guard let place = first.updateValue(field.provenance, forKey: name) else { continue }
            report(
                Diagnostic(
                    .error, "header_duplicate",
                    "`\(field.name)` has a claim already, at line \(place.line)", at: field.provenance,
                    hint: "letter case does not tell names apart, nor does an underscore from a hyphen"))
        }
    }

    mutating func fieldEdit(_ index: Int, _ mutation: HeaderMutation, of message: Message) -> FieldEdit? {
        if let known = headers.edits[index] { return known }
        let edit = fieldEdit(mutation, of: message)
        headers.edits[index] = edit
        return edit
    }

    mutating func endpointPolicy(_ policies: BackendPolicies) -> EndpointPolicy? {
        guard
            policies.requestHeaders != nil || policies.responseHeaders != nil || policies.authentication != nil
                || policies.transformation != nil
        else { return nil }
        return EndpointPolicy(
            credentials: policies.authentication.map { credentials($0) } ?? [],
            transformation: policies.transformation.map { transformationStage($0) },
            requestEdit: policies.requestHeaders.flatMap { fieldEdit($0, of: .request) },
            responseEdit: policies.responseHeaders.flatMap { fieldEdit($0, of: .response) })
    }

    /// The whole of `add`, `set`, `remove` as one edit: all three are known beforehand.
    mutating func fieldEdit(_ mutation: HeaderMutation, of message: Message) -> FieldEdit? {
        let fields = mutation.add + mutation.set + mutation.remove
        guard fields.filter({ !check($0, of: message) }).isEmpty else { return nil }
        var edit = FieldEdit(removing: FieldNames([]), adding: FieldEdit.lines(mutation.add.map(\.bytes)))
        for field in mutation.set { edit = edit.followed(by: FieldEdit(setting: [field.bytes])) }
        let removed = FieldNames(mutation.remove.map { Array($0.name.utf8) })
        return edit.followed(by: FieldEdit(removing: removed, adding: []))
    }

    private mutating func check(_ field: HeaderMutation.Field, of message: Message) -> Bool {
        guard check(fieldName: field.name, of: message, at: field.provenance) else { return false }
        let value = Array(field.value.utf8)
        guard value.allSatisfy(\.isFieldValueByte), value.first.map(Self.isBlank) != true,
            value.last.map(Self.isBlank) != true
        else {
            report(
                Diagnostic(
                    .error, "header_value_invalid",
                    "the value of `\(field.name)` begins or ends with a blank, or holds a line end or another control "
                        + "character", at: field.provenance))
            return false
        }
        return true
    }

    /// Whether the gateway may write or remove a field of this name; reports it otherwise.
    mutating func check(fieldName name: String, of message: Message, at place: Provenance) -> Bool {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy(\.isTokenCharacter) else {
            let isPseudo = bytes.first == UInt8(ascii: ":")
            report(
                Diagnostic(
                    .error, "header_name_invalid", "`\(name)` is not the name of a header", at: place,
                    hint: isPseudo ? "method, path and status cannot be changed as headers" : nil))
            return false
        }
        guard let reason = Self.refusal(of: FieldNames.normalized(bytes), in: message) else { return true }
        let isHost = KnownField.of(FieldNames.normalized(bytes).span) == .host
        report(
            Diagnostic(
                .error, "header_protected", "`\(name)` cannot be changed: \(reason)", at: place,
                hint: isHost ? "`urlRewrite` with `authority` gives backends another one" : nil))
        return false
    }

    static func refusal(of normalized: [UInt8], in message: Message) -> String? {
        let known = KnownField.of(normalized.span)
        switch known {
        case .contentLength, .transferEncoding, .expect, .trailer:
            return "it says where a message ends, which only the gateway knows"
        case .host where message != .response: return "it decided the route; a backend is addressed by its own policy"
        case .tollgateRefusal: return "only the gateway says that it refused"
        case .date where message == .response: return "the gateway writes it"
        case .authorization, .cookie, .forwarded, .xForwarded, .xRealIP:
            return message == .identity ? "backends read something else in it than who a verified token names" : nil
        default: return known.isHopByHop ? "it concerns one connection only, and each side has its own" : nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}

extension HeaderMutation.Field {
    fileprivate var bytes: (name: [UInt8], value: [UInt8]) { (Array(name.utf8), Array(value.utf8)) }
}
