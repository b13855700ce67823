internal import Bytes
internal import GatewayModel
internal import HTTPWire

extension Compiler {
    enum Message {
        case request, response
    }

    mutating func endpointPolicy(_ policies: BackendPolicies) -> EndpointPolicy? {
        guard policies != .none else { return nil }
        return EndpointPolicy(
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
        report(Diagnostic(.error, "header_protected", "`\(name)` cannot be changed: \(reason)", at: place))
        return false
    }

    private static func refusal(of normalized: [UInt8], in message: Message) -> String? {
        let known = KnownField.of(normalized.span)
        switch known {
        case .contentLength, .transferEncoding, .expect, .trailer:
            return "it says where a message ends, which only the gateway knows"
        case .host where message == .request: return "it decided the route; a backend is addressed by its own policy"
        case .tollgateRefusal: return "only the gateway says that it refused"
        case .date where message == .response: return "the gateway writes it"
        default: return known.isHopByHop ? "it concerns one connection only, and each side has its own" : nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}

extension HeaderMutation.Field {
    fileprivate var bytes: (name: [UInt8], value: [UInt8]) { (Array(name.utf8), Array(value.utf8)) }
}
