internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// Who a request is of, as the upstream is told.
package final class IdentifiedConsumer: Sendable {
    package let name: String
    /// Field lines with their CRLFs.
    let headerLines: [UInt8]
    /// What takes the place of a route's policies; nil: nothing.
    let overlay: ConsumerOverlay?
    /// What rules see: `name`, and where there is one `group`, `credential` and `customId`.
    let attribute: JSONDocument?

    private static let userNameField = "X-Consumer-Username"
    private static let credentialField = "X-Credential-Identifier"
    private static let customIDField = "X-Consumer-Custom-ID"

    /// What no client may say of itself.
    static let fieldNames = FieldNames([userNameField, credentialField, customIDField].map { Array($0.utf8) })

    init(_ consumer: Consumer, credential: String?, overlay: ConsumerOverlay?) {
        self.overlay = overlay
        name = consumer.name
        var lines = ""
        for (header, value) in [
            (Self.userNameField, consumer.name), (Self.credentialField, credential),
            (Self.customIDField, consumer.customID),
        ] {
            if let value { lines += "\(header): \(Self.fieldValue(value))\r\n" }
        }
        headerLines = Array(lines.utf8)
        var members = JSONObjectTree([("name", .string(consumer.name))])
        members["group"] = consumer.group.map { .string($0) }
        members["credential"] = credential.map { .string($0) }
        members["customId"] = consumer.customID.map { .string($0) }
        attribute = try? JSONDocument(parsing: JSONTree.object(members).text)
    }

    /// What cannot stand in a field line (RFC 9110 §5.5) is left out.
    private static func fieldValue(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
    }
}
