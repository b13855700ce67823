internal import Bytes

/// Documents, findable by what the Admin API and the compiler ask for. No question's cost grows with their number but
/// that for a whole kind.
package struct APISIXDocumentSet: Sendable {
    /// One document as text, which takes a fifth of the room, with the revisions that wrote it first and last.
    package struct Entry: Sendable {
        package let kind: APISIXKind
        package let id: String
        package let body: String
        package let created: Int64
        package let modified: Int64
        /// Its place among what the revision wrote that wrote it first.
        package let place: Int

        package init(_ document: APISIXDocument, body: String, created: Int64, modified: Int64, place: Int = 0) {
            kind = document.kind
            id = document.id
            self.body = body
            self.created = created
            self.modified = modified
            self.place = place
        }

        package var key: String { APISIXDocument.key(kind, id) }

        /// Reads it.
        package var document: APISIXDocument {
            let value = (try? JSONDocument(parsing: body).root).map(JSONTree.init)
            return APISIXDocument(kind: kind, id: id, value: value ?? .null)
        }

        fileprivate var rank: Rank { Rank(created: created, place: place, id: id) }
    }

    /// Where an entry stands among those of its kind.
    fileprivate struct Rank: Comparable, Sendable {
        var created: Int64
        var place: Int
        var id: String

        static func < (a: Rank, b: Rank) -> Bool { (a.created, a.place, a.id) < (b.created, b.place, b.id) }
    }

    private var entries: [APISIXKind: [String: Entry]] = [:]
    /// The documents of a kind in the order they were first written.
    private var order: [APISIXKind: [Rank]] = [:]
    /// By key, the keys of those that name it.
    private var users: [String: Set<String>] = [:]
    /// Ids of the credentials of each consumer.
    private var credentialIDs: [String: [String]] = [:]
    /// Keys of the routes that have a `timeout` of their own.
    private var ownTimeouts: Set<String> = []
    /// Keys of the consumers and consumer groups that have plugins which do something for their requests.
    private var policies: Set<String> = []
    /// Whose it is.
    private var owners: [Fingerprint: String] = [:]

    /// What stands for a key that tells consumers apart, which is said in its document already.
    private func fingerprint(_ key: APISIXUniqueKey) -> Fingerprint {
        Fingerprint(of: "\(key.plugin)\0\(key.member)\0\(key.text)")
    }

    package init() {}

    package var count: Int { entries.values.reduce(0) { $0 + $1.count } }

    package func entry(_ kind: APISIXKind, _ id: String) -> Entry? { entries[kind]?[id] }

    /// All of a kind, in the order they were first written.
    package func all(_ kind: APISIXKind) -> [Entry] {
        (order[kind] ?? []).compactMap { entry(kind, $0.id) }
    }

    /// All of all kinds.
    package var everything: [Entry] { entries.values.flatMap(\.values) }

    /// The credentials of a consumer, in the order they were first written.
    package func credentials(of consumer: String) -> [Entry] {
        (credentialIDs[consumer] ?? []).compactMap { entry(.credential, $0) }.sorted { $0.rank < $1.rank }
    }

    /// Those that name a document, in the order they were first written.
    package func users(of kind: APISIXKind, _ id: String) -> [Entry] {
        (users[APISIXDocument.key(kind, id)] ?? []).compactMap { key in
            APISIXDocument.address(key).flatMap { entry($0.kind, $0.id) }
        }.sorted { $0.rank < $1.rank }
    }

    /// Whether a route that names a document, itself or by its service, has a `timeout` of its own. No document is
    /// read.
    func isUsedWithOwnTimeout(_ kind: APISIXKind, _ id: String) -> Bool {
        guard !ownTimeouts.isEmpty, let users = users[APISIXDocument.key(kind, id)] else { return false }
        return !users.isDisjoint(with: ownTimeouts)
            || users.contains { key in
                guard let user = APISIXDocument.address(key), user.kind == .service else { return false }
                return isUsedWithOwnTimeout(.service, user.id)
            }
    }

    func isUser(_ kind: APISIXKind, _ id: String, of key: String) -> Bool {
        users[key]?.contains(APISIXDocument.key(kind, id)) ?? false
    }

    /// Keys of the services that name a document. No document is read.
    func services(naming document: APISIXDocument) -> Set<String> {
        let prefix = APISIXDocument.key(.service, "")
        return (users[document.key] ?? []).filter { $0.hasPrefix(prefix) }
    }

    /// Ids of the consumers whose requests plugins of their own or of their group do something for.
    var consumersWithPolicies: Set<String> {
        var consumers: Set<String> = []
        for case let (kind, id)? in policies.map(APISIXDocument.address) {
            if kind == .consumer {
                consumers.insert(id)
            } else {
                consumers.formUnion(users(of: kind, id).map(\.id))
            }
        }
        return consumers
    }

    /// What a document says to be told apart by and another consumer's says, too; with that document.
    package func duplicate(of document: APISIXDocument) -> (plugin: String, member: String, entry: Entry)? {
        for key in document.uniqueKeys {
            guard let owner = owners[fingerprint(key)] else { continue }
            // A consumer may repeat what its own credentials say.
            if document.kind == .consumer, owner == document.owner { continue }
            let entries = [entry(.consumer, owner)].compactMap(\.self) + credentials(of: owner)
            let other = entries.first { $0.key != document.key && $0.document.uniqueKeys.contains(key) }
            if let other { return (key.plugin, key.member, other) }
        }
        return nil
    }

    // MARK: - Changing

    package mutating func put(_ entry: Entry, _ document: APISIXDocument) {
        let old = self.entry(entry.kind, entry.id)
        if let old { forget(old) }
        if old?.rank != entry.rank {
            if let old { remove(old.rank, old.kind) }
            insert(entry.rank, entry.kind)
        }
        entries[entry.kind, default: [:]][entry.id] = entry
        for (kind, id) in document.references { users[APISIXDocument.key(kind, id), default: []].insert(entry.key) }
        for key in document.uniqueKeys.map(fingerprint) where owners[key] == nil { owners[key] = document.owner }
        if entry.kind == .credential { credentialIDs[document.owner, default: []].append(entry.id) }
        if document.hasOwnTimeout { ownTimeouts.insert(entry.key) }
        if document.hasConsumerPolicies { policies.insert(entry.key) }
    }

    package mutating func remove(_ kind: APISIXKind, _ id: String) {
        guard let old = entries[kind]?.removeValue(forKey: id) else { return }
        forget(old)
        remove(old.rank, kind)
    }

    /// Takes out what the text of a document said.
    private mutating func forget(_ old: Entry) {
        let document = old.document
        for (kind, id) in document.references {
            let target = APISIXDocument.key(kind, id)
            users[target]?.remove(old.key)
            if users[target]?.isEmpty == true { users[target] = nil }
        }
        if document.hasOwnTimeout { ownTimeouts.remove(old.key) }
        if document.hasConsumerPolicies { policies.remove(old.key) }
        if old.kind == .credential {
            credentialIDs[document.owner]?.removeAll { $0 == old.id }
            if credentialIDs[document.owner]?.isEmpty == true { credentialIDs[document.owner] = nil }
        }
        for key in document.uniqueKeys {
            let fingerprint = fingerprint(key)
            if owners[fingerprint] == document.owner, !isSaid(key, besides: document) { owners[fingerprint] = nil }
        }
    }

    private func isSaid(_ key: APISIXUniqueKey, besides document: APISIXDocument) -> Bool {
        let others = [entry(.consumer, document.owner)].compactMap(\.self) + credentials(of: document.owner)
        return others.contains { $0.key != document.key && $0.document.uniqueKeys.contains(key) }
    }

    private mutating func insert(_ rank: Rank, _ kind: APISIXKind) {
        var ranks = order.removeValue(forKey: kind) ?? []
        if let last = ranks.last, rank < last {
            ranks.insert(rank, at: Self.index(of: rank, in: ranks))
        } else {
            ranks.append(rank)
        }
        order[kind] = ranks
    }

    private mutating func remove(_ rank: Rank, _ kind: APISIXKind) {
        guard var ranks = order.removeValue(forKey: kind) else { return }
        let index = Self.index(of: rank, in: ranks)
        if index < ranks.count, ranks[index] == rank { ranks.remove(at: index) }
        order[kind] = ranks
    }

    /// Where a rank stands, or would.
    private static func index(of rank: Rank, in ranks: [Rank]) -> Int {
        var range = ranks.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = ranks[middle] < rank ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}

extension APISIXDocument {
    fileprivate var hasOwnTimeout: Bool { kind == .route && value["timeout"] != nil }

    fileprivate var hasConsumerPolicies: Bool {
        guard kind == .consumer || kind == .consumerGroup else { return false }
        return value["plugins"]?.object?.names.contains { APISIXPlugin.named($0)?.isAuthentication == false } ?? false
    }
}
