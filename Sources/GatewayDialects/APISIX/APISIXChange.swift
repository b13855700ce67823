/// Documents as they would be after a write that is not done yet, and what of them has to be compiled for it.
package struct APISIXChange: Sendable {
    private let documents: APISIXDocumentSet
    private var written: [String: APISIXDocumentSet.Entry] = [:]
    private var deleted: Set<String> = []
    private var touched: [APISIXDocument] = []
    /// Keys of documents that can't be served, which nothing is read of but where they stand.
    package var isolated: Set<String>

    /// Whether some of what is written could not be served before.
    private let wasIsolated: Bool

    /// What has to be compiled: of the whole configuration, of some routes and consumers, or of one upstream.
    package enum Extent: Equatable, Sendable {
        case all
        /// The upstream that is this document, or stands in it: all that names it stays as it is.
        case servers(APISIXKind, String)
        case some(routes: Set<String>, consumers: Set<String>)
        /// What routes take from these documents, by key; nil: from all. Routes of one policy set (`Route.policySet`)
        /// stay alike, so that one of each says what becomes of all.
        case policies(from: Set<String>?, consumers: Set<String>)
    }

    package init(
        to documents: APISIXDocumentSet, written: [(entry: APISIXDocumentSet.Entry, document: APISIXDocument)] = [],
        deleted: [APISIXDocument] = [], isolated: Set<String> = []
    ) {
        self.documents = documents
        for (entry, document) in written {
            self.written[entry.key] = entry
            touched.append(document)
        }
        for document in deleted {
            self.deleted.insert(document.key)
            touched.append(document)
        }
        wasIsolated = !isolated.isDisjoint(with: self.written.keys)
        // What is written anew has been checked.
        self.isolated = isolated.subtracting(self.written.keys).subtracting(self.deleted)
    }

    /// The keys of all that is written or deleted.
    package var touchedKeys: Set<String> { deleted.union(written.keys) }

    package func entry(_ kind: APISIXKind, _ id: String) -> APISIXDocumentSet.Entry? {
        let key = APISIXDocument.key(kind, id)
        return deleted.contains(key) ? nil : written[key] ?? documents.entry(kind, id)
    }

    /// What has to be compiled for the write.
    package var extent: Extent { servers ?? policies ?? dependents }

    /// Where an upstream or a service is written anew and its servers are all that changes for routes, of which there
    /// may be very many: a write of it looks at none of them.
    private var servers: Extent? {
        guard touched.count == 1, let new = touched.first, [.upstream, .service].contains(new.kind), !wasIsolated,
            let old = documents.entry(new.kind, new.id), written[new.key] != nil,
            !documents.isUsedWithOwnTimeout(new.kind, new.id), APISIXDecoder.meansTheSameToRoutes(old.document, new)
        else { return nil }
        return .servers(new.kind, new.id)
    }

    /// Where something is written anew that very many routes may take their policies from: which requests are theirs
    /// stays, so that routes that say the same need not be looked at each.
    private var policies: Extent? {
        guard isolated.isEmpty, !wasIsolated, !touched.isEmpty, !touched.contains(where: { $0.limitGroup != nil })
        else { return nil }
        if touched.allSatisfy({ $0.kind == .globalRule }) {
            return .policies(from: nil, consumers: documents.consumersWithPolicies)
        }
        guard touched.count == 1, let new = touched.first, written[new.key] != nil,
            [.upstream, .service, .pluginConfig].contains(new.kind),
            let old = documents.entry(new.kind, new.id)?.document, new.kind != .service || old.matchesAlike(new)
        else { return nil }
        return .policies(from: documents.services(naming: new).union([new.key]), consumers: [])
    }

    /// Those of these routes that name one of some documents.
    package func routes(_ ids: [String], naming documents: Set<String>?) -> Set<String> {
        guard let documents else { return Set(ids) }
        return Set(ids.filter { id in documents.contains { self.documents.isUser(.route, id, of: $0) } })
    }

    /// What depends on the documents that are written or deleted.
    package var dependents: Extent {
        // Limits of one group are compared with each other.
        if touched.contains(where: { $0.limitGroup != nil }) { return .all }
        var routes: Set<String> = []
        var consumers: Set<String> = []
        var rest = touched.map { (kind: $0.kind, id: $0.id) }
        var seen: Set<String> = []
        while let (kind, id) = rest.popLast() {
            guard seen.insert(APISIXDocument.key(kind, id)).inserted else { continue }
            switch kind {
            case .route: routes.insert(id)
            case .consumer, .credential: consumers.insert(APISIXDocument.owner(id))
            case .service, .upstream, .pluginConfig, .consumerGroup:
                rest += documents.users(of: kind, id).map { ($0.kind, $0.id) }
            // They hold for every request.
            case .globalRule: return .all
            // Nothing is made of them.
            case .secret, .gatewayGroup: break
            }
        }
        return .some(routes: routes, consumers: consumers)
    }

    /// The documents of an extent, with all that has a say in them and all that is written, in the order they were
    /// first written.
    package func entries(of extent: Extent) -> [APISIXDocumentSet.Entry] {
        let (routes, consumers): (Set<String>, Set<String>)
        switch extent {
        case .all: return ordered(everything)
        case .servers(let kind, let id): return entry(kind, id).map { [$0] } ?? []
        case .some(let some, let others): (routes, consumers) = (some, others)
        case .policies(_, let others): (routes, consumers) = ([], others)
        }
        var found: [String: APISIXDocumentSet.Entry] = [:]
        var rest = routes.map { (kind: APISIXKind.route, id: $0) } + consumers.map { (kind: .consumer, id: $0) }
        // What is written is looked at even where nothing depends on it yet.
        rest += all(.globalRule).map { ($0.kind, $0.id) } + touched.map { ($0.kind, $0.id) }
        while let (kind, id) = rest.popLast() {
            guard let entry = entry(kind, id), found.updateValue(entry, forKey: entry.key) == nil else { continue }
            rest += entry.document.references
            if kind == .consumer { rest += credentials(of: id).map { ($0.kind, $0.id) } }
        }
        return ordered(Array(found.values))
    }

    private var everything: [APISIXDocumentSet.Entry] { APISIXKind.ofGroups.flatMap(all) }

    private func all(_ kind: APISIXKind) -> [APISIXDocumentSet.Entry] {
        documents.all(kind).filter { !deleted.contains($0.key) && written[$0.key] == nil }
            + written.values.filter { $0.kind == kind }
    }

    private func credentials(of consumer: String) -> [APISIXDocumentSet.Entry] {
        documents.credentials(of: consumer)
            + written.values.filter { $0.kind == .credential && APISIXDocument.owner($0.id) == consumer }
    }

    private func ordered(_ entries: [APISIXDocumentSet.Entry]) -> [APISIXDocumentSet.Entry] {
        entries.sorted { ($0.created, $0.place, $0.id) < ($1.created, $1.place, $1.id) }
    }
}
