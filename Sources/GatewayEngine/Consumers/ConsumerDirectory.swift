internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// All consumers of a configuration, findable by what their credentials are named by. Immutable; a copy in which few of
/// them have changed costs those few.
final class ConsumerDirectory: Sendable {
    /// Credentials of tokens, by the text of the claim.
    private let tokens: ShardedTable<CredentialSnapshot>
    private let keys: ShardedTable<CredentialSnapshot>
    private let users: ShardedTable<CredentialSnapshot>
    private let consumers: ShardedTable<ConsumerSnapshot>
    /// Those of whose credentials keys are fetched.
    private let remote: [ObjectIdentifier: ConsumerSnapshot]
    /// Which dates verifiers were made for.
    private let dates: Set<CheckedDates>

    static let empty = ConsumerDirectory()

    private init() {
        tokens = ShardedTable()
        keys = ShardedTable()
        users = ShardedTable()
        consumers = ShardedTable()
        remote = [:]
        dates = [.thoseThatAreThere]
    }

    /// A directory with other consumers in the place of some.
    ///
    /// - Parameters:
    ///   - names: of those that go, or are written anew.
    ///   - written: those that come, with the place each has in the order of the configuration.
    ///   - overlays: those that they name.
    ///   - dates: which ones policies ask tokens for, beside those that they asked for before.
    ///   - keys: those that were fetched.
    convenience init(
        _ old: ConsumerDirectory, replacing names: Set<String>,
        by written: [(consumer: Consumer, rank: DocumentRank)], overlays: [OverlayID: ConsumerOverlay],
        dates: Set<CheckedDates>, keys: KeyMaterial, _ diagnostics: inout [Diagnostic]
    ) {
        let dates = old.dates.union(dates)
        self.init(
            old, replacing: names.compactMap { old.consumers.find(Array($0.utf8).span) },
            by: written.map { consumer, rank in
                ConsumerSnapshot(
                    consumer, rank, overlay: consumer.overlay.flatMap { overlays[$0] }, dates: dates, keys: keys,
                    &diagnostics)
            }, dates: dates)
    }

    /// The same, with the keys that sources hold now.
    convenience init(renewing old: ConsumerDirectory, keys: KeyMaterial) {
        let outdated = Array(old.remote.values)
        self.init(
            old, replacing: outdated, by: outdated.map { ConsumerSnapshot(renewing: $0, keys: keys) }, dates: old.dates)
    }

    private init(
        _ old: ConsumerDirectory, replacing removed: [ConsumerSnapshot], by added: [ConsumerSnapshot],
        dates: Set<CheckedDates>
    ) {
        var (tokens, keys, users, consumers) = (old.tokens, old.keys, old.users, old.consumers)
        consumers.change(removing: removed, adding: added)
        tokens.change(removing: removed.flatMap(\.tokens), adding: added.flatMap(\.tokens))
        keys.change(removing: removed.flatMap(\.keys), adding: added.flatMap(\.keys))
        users.change(removing: removed.flatMap(\.users), adding: added.flatMap(\.users))
        var remote = old.remote
        for consumer in removed { remote[ObjectIdentifier(consumer)] = nil }
        for consumer in added where consumer.hasRemoteKeys { remote[ObjectIdentifier(consumer)] = consumer }
        self.tokens = tokens
        self.keys = keys
        self.users = users
        self.consumers = consumers
        self.remote = remote
        self.dates = dates
    }

    /// Whether keys of any of them are fetched.
    var hasRemoteKeys: Bool { !remote.isEmpty }

    /// Whether verifiers are there for all of these.
    func serves(_ dates: Set<CheckedDates>) -> Bool { self.dates.isSuperset(of: dates) }

    func consumer(named name: Span<UInt8>) -> IdentifiedConsumer? { consumers.find(name)?.identity }

    /// The credential that this value of a claim names; nil where it is no text, or nobody's.
    func credential(ofToken claim: JSONValue) -> CredentialSnapshot? {
        if claim.isPlainString {
            let bytes = claim.document.bytes
            return tokens.find(bytes.span.extracting(claim.range))
        }
        guard let name = claim.decodedBytes else { return nil }
        return tokens.find(name.span)
    }

    func credential(ofKey key: Span<UInt8>) -> CredentialSnapshot? { keys.find(key) }

    func credential(ofUser user: Span<UInt8>) -> CredentialSnapshot? { users.find(user) }
}

/// One compiled consumer.
private final class ConsumerSnapshot: ShardedElement {
    let key: [UInt8]
    let rank: DocumentRank
    let identity: IdentifiedConsumer
    let tokens: [CredentialSnapshot]
    let keys: [CredentialSnapshot]
    let users: [CredentialSnapshot]

    init(
        _ consumer: Consumer, _ rank: DocumentRank, overlay: ConsumerOverlay?, dates: Set<CheckedDates>,
        keys material: KeyMaterial, _ diagnostics: inout [Diagnostic]
    ) {
        key = Array(consumer.name.utf8)
        self.rank = rank
        let identity = IdentifiedConsumer(consumer, credential: nil, overlay: overlay)
        self.identity = identity
        var (tokens, keys, users): ([CredentialSnapshot], [CredentialSnapshot], [CredentialSnapshot]) = ([], [], [])
        for (position, credential) in consumer.credentials.enumerated() {
            let identity =
                credential.id == nil
                ? identity : IdentifiedConsumer(consumer, credential: credential.id, overlay: overlay)
            let rank = CredentialSnapshot.Rank(consumer: rank, position: position)
            let compiled = CredentialSnapshot(
                credential, of: identity, rank, dates: dates, keys: material, &diagnostics)
            switch credential.proof {
            case .token: tokens.append(compiled)
            case .key: keys.append(compiled)
            case .password: users.append(compiled)
            }
        }
        self.tokens = tokens
        self.keys = keys
        self.users = users
    }

    /// The same, with the keys that sources hold now.
    init(renewing old: ConsumerSnapshot, keys material: KeyMaterial) {
        key = old.key
        rank = old.rank
        identity = old.identity
        tokens = old.tokens.map { CredentialSnapshot(renewing: $0, keys: material) ?? $0 }
        keys = old.keys
        users = old.users
    }

    var hasRemoteKeys: Bool { tokens.contains { $0.remote != nil } }

    func isBefore(_ other: ConsumerSnapshot) -> Bool { rank < other.rank }
}
