internal import Bytes
internal import HTTPWire

/// A consumer, known by one of its credentials or by its name: what tables of them hold, and who a request is of.
package struct IdentifiedConsumer: Sendable {
    let consumer: ConsumerSnapshot
    /// Index among its credentials; nil: none of them.
    private let index: UInt32?

    init(_ consumer: ConsumerSnapshot, credential: Int? = nil) {
        self.consumer = consumer
        index = credential.map { UInt32($0) }
    }

    /// What takes the place of a route's policies; nil: nothing.
    var overlay: ConsumerOverlay? { consumer.overlay }

    var lacksGroup: Bool { consumer.lacksGroup }

    var credential: CredentialSnapshot? { index.map { consumer.credentials[Int($0)] } }

    /// What rules see: `name`, and where there is one `group`, `credential` and `customId`.
    var attribute: JSONDocument? { consumer.attribute(of: index.map { Int($0) }) }
}

// MARK: - What upstreams are told

extension IdentifiedConsumer {
    private static let userNameField = Array("X-Consumer-Username: ".utf8)
    private static let credentialField = Array("X-Credential-Identifier: ".utf8)
    private static let customIDField = Array("X-Consumer-Custom-ID: ".utf8)

    /// What no client may say of itself.
    static let fieldNames = FieldNames([userNameField, credentialField, customIDField].map { Array($0.dropLast(2)) })

    /// Appends field lines with their CRLFs.
    func writeLines(to lines: inout [UInt8]) {
        write(consumer.name, of: Self.userNameField, to: &lines)
        if let id = credential?.id { write(id, of: Self.credentialField, to: &lines) }
        if let id = consumer.customID { write(id, of: Self.customIDField, to: &lines) }
    }

    /// RFC 9110 §5.5.
    private static func canStandInLine(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F }

    /// What cannot stand in a field line is left out.
    private func write(_ range: TextRange, of field: [UInt8], to lines: inout [UInt8]) {
        lines += field
        let text = consumer.text[range.indices]
        if text.allSatisfy(Self.canStandInLine) { lines += text } else { lines += text.filter(Self.canStandInLine) }
        lines.append(0x0D)
        lines.append(0x0A)
    }
}

// MARK: - In tables

extension IdentifiedConsumer: ShardedElement {
    private var key: Range<Int> { (credential?.name ?? consumer.name).indices }

    package var keyHash: UInt64 {
        let text = consumer.text
        return ByteTable.hash(of: text.span.extracting(key))
    }

    package func hasKey(_ key: Span<UInt8>) -> Bool {
        let text = consumer.text
        return text.span.extracting(self.key).equals(key)
    }

    package func hasKey(of other: IdentifiedConsumer) -> Bool {
        let text = other.consumer.text
        return hasKey(text.span.extracting(other.key))
    }

    /// In the order of consumers, and of their credentials.
    package func isBefore(_ other: IdentifiedConsumer) -> Bool {
        (consumer.rank, index ?? 0) < (other.consumer.rank, other.index ?? 0)
    }

    package static func == (a: Self, b: Self) -> Bool { a.consumer === b.consumer && a.index == b.index }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(consumer))
        hasher.combine(index)
    }
}
