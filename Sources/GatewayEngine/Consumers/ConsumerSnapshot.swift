internal import Bytes
internal import GatewayModel
internal import Synchronization

/// One compiled consumer with its credentials: three pieces of memory, as there may be very many, and a request that is
/// any one's of them finds all of it in memory that no cache holds.
final class ConsumerSnapshot: Sendable {
    let rank: DocumentRank
    /// What takes the place of a route's policies; nil: nothing.
    let overlay: ConsumerOverlay?
    let credentials: [CredentialSnapshot]
    /// All that is written of it.
    let text: [UInt8]
    let name: TextRange
    let customID: TextRange?
    private let group: TextRange?
    /// Whether it names a group that is not there.
    let lacksGroup: Bool
    /// Made when a rule first asks for it.
    private let attributes = AtomicLazyReference<Attributes>()

    /// What rules see: `name`, and where there is one `group`, `credential` and `customId`.
    private final class Attributes: Sendable {
        let own: JSONDocument?
        let ofCredentials: [JSONDocument?]

        init(_ consumer: ConsumerSnapshot) {
            own = consumer.makeAttribute(nil)
            ofCredentials = consumer.credentials.map { consumer.makeAttribute($0.id) }
        }
    }

    init(
        _ consumer: Consumer, _ rank: DocumentRank, overlay: ConsumerOverlay?, dates: Set<CheckedDates>,
        _ rules: inout CredentialRulesPool, _ read: inout CredentialKeys, keys material: KeyMaterial
    ) {
        self.rank = rank
        self.overlay = overlay
        lacksGroup = consumer.lacksGroup
        var text = ConsumerTextBuilder()
        name = text.add(consumer.name.utf8)
        customID = consumer.customID.map { text.add($0.utf8) }
        group = consumer.group.map { text.add($0.utf8) }
        credentials = consumer.credentials.map {
            CredentialSnapshot($0, &text, dates: dates, &rules, &read, keys: material)
        }
        self.text = text.finish()
    }

    /// The same, with the keys that sources hold now.
    init(renewing old: ConsumerSnapshot, keys: KeyMaterial) {
        rank = old.rank
        overlay = old.overlay
        lacksGroup = old.lacksGroup
        name = old.name
        customID = old.customID
        group = old.group
        text = old.text
        credentials = old.credentials.map { CredentialSnapshot(renewing: $0, keys: keys) }
    }

    var hasRemoteKeys: Bool { credentials.contains(where: \.hasRemoteKeys) }

    /// - Parameter credential: nil: none of them.
    func attribute(of credential: Int?) -> JSONDocument? {
        let attributes = attributes.load() ?? attributes.storeIfNil(Attributes(self))
        return credential.map { attributes.ofCredentials[$0] } ?? attributes.own
    }

    private func makeAttribute(_ credential: TextRange?) -> JSONDocument? {
        func string(_ range: TextRange) -> JSONTree { .string(String(decoding: text[range.indices], as: UTF8.self)) }
        var members = JSONObjectTree([("name", string(name))])
        members["group"] = group.map(string)
        members["credential"] = credential.map(string)
        members["customId"] = customID.map(string)
        return try? JSONDocument(parsing: JSONTree.object(members).text)
    }
}
