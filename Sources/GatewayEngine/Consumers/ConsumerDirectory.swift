internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// All consumers of a configuration, findable by what their credentials are named by. Immutable; a copy in which few of
/// them have changed costs those few.
final class ConsumerDirectory: Sendable {
    /// Credentials of tokens, by the text of the claim.
    private let tokens: ShardedTable<IdentifiedConsumer>
    private let keys: ShardedTable<IdentifiedConsumer>
    private let users: ShardedTable<IdentifiedConsumer>
    /// Credentials that requests are signed with.
    private let signers: ShardedTable<IdentifiedConsumer>
    private let consumers: ShardedTable<IdentifiedConsumer>
    /// Those of whose credentials keys are fetched.
    private let remote: [ObjectIdentifier: ConsumerSnapshot]
    /// Which dates credentials were compiled for.
    private let dates: Set<CheckedDates>
    /// For these dates.
    private let rules: CredentialRulesPool

    static let empty = ConsumerDirectory()

    private init() {
        tokens = ShardedTable()
        keys = ShardedTable()
        users = ShardedTable()
        signers = ShardedTable()
        consumers = ShardedTable()
        remote = [:]
        dates = [.thoseThatAreThere]
        rules = CredentialRulesPool()
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
        var rules = dates == old.dates ? old.rules : CredentialRulesPool()
        var read = CredentialKeys(of: written.lazy.map(\.consumer), &diagnostics)
        let added = written.map { consumer, rank in
            ConsumerSnapshot(
                consumer, rank, overlay: consumer.overlay.flatMap { overlays[$0] }, dates: dates, &rules, &read,
                keys: keys)
        }
        self.init(
            old, replacing: names.compactMap { old.consumers.find(Array($0.utf8).span)?.consumer }, by: added,
            dates: dates, rules: rules)
    }

    /// The same, with the keys that sources hold now.
    convenience init(renewing old: ConsumerDirectory, keys: KeyMaterial) {
        let outdated = Array(old.remote.values)
        self.init(
            old, replacing: outdated, by: outdated.map { ConsumerSnapshot(renewing: $0, keys: keys) },
            dates: old.dates, rules: old.rules)
    }

    private init(
        _ old: ConsumerDirectory, replacing removed: [ConsumerSnapshot], by added: [ConsumerSnapshot],
        dates: Set<CheckedDates>, rules: CredentialRulesPool
    ) {
        var (tokens, keys, users, consumers) = (old.tokens, old.keys, old.users, old.consumers)
        var signers = old.signers
        let (less, more) = (CredentialIndex(removed), CredentialIndex(added))
        consumers.change(removing: less.consumers, adding: more.consumers)
        tokens.change(removing: less.tokens, adding: more.tokens)
        keys.change(removing: less.keys, adding: more.keys)
        users.change(removing: less.users, adding: more.users)
        signers.change(removing: less.signers, adding: more.signers)
        var remote = old.remote
        for consumer in removed { remote[ObjectIdentifier(consumer)] = nil }
        for consumer in added where consumer.hasRemoteKeys { remote[ObjectIdentifier(consumer)] = consumer }
        self.tokens = tokens
        self.keys = keys
        self.users = users
        self.signers = signers
        self.consumers = consumers
        self.remote = remote
        self.dates = dates
        self.rules = rules
    }

    /// Whether keys of any of them are fetched.
    var hasRemoteKeys: Bool { !remote.isEmpty }

    /// Whether credentials were compiled for all of these.
    func serves(_ dates: Set<CheckedDates>) -> Bool { self.dates.isSuperset(of: dates) }

    func consumer(named name: Span<UInt8>) -> IdentifiedConsumer? { consumers.find(name) }

    /// Whose credential this value of a claim names; nil where it is no text, or nobody's.
    func consumer(ofToken claim: JSONValue) -> IdentifiedConsumer? {
        if claim.isPlainString {
            let bytes = claim.document.bytes
            return tokens.find(bytes.span.extracting(claim.range))
        }
        guard let name = claim.decodedBytes else { return nil }
        return tokens.find(name.span)
    }

    func consumer(ofKey key: Span<UInt8>) -> IdentifiedConsumer? { keys.find(key) }

    func consumer(ofUser user: Span<UInt8>) -> IdentifiedConsumer? { users.find(user) }

    func consumer(ofSigner keyID: Span<UInt8>) -> IdentifiedConsumer? { signers.find(keyID) }
}

/// Consumers and their credentials, by what each is found by.
private struct CredentialIndex {
    private(set) var consumers: [IdentifiedConsumer] = []
    private(set) var tokens: [IdentifiedConsumer] = []
    private(set) var keys: [IdentifiedConsumer] = []
    private(set) var users: [IdentifiedConsumer] = []
    private(set) var signers: [IdentifiedConsumer] = []

    init(_ snapshots: [ConsumerSnapshot]) {
        for consumer in snapshots {
            consumers.append(IdentifiedConsumer(consumer))
            for (index, credential) in consumer.credentials.enumerated() {
                let known = IdentifiedConsumer(consumer, credential: index)
                switch credential.proof {
                case .secret, .publicKeys, .none: tokens.append(known)
                case .key: keys.append(known)
                case .password: users.append(known)
                case .signingSecret: signers.append(known)
                }
            }
        }
    }
}
