package import Bytes
package import GatewayDialects
package import GatewayModel
package import GatewayStore

/// The documents of a store, read.
package struct LoadedDocuments: Sendable {
    /// Those of one gateway group.
    package struct Group: Sendable {
        package var set = APISIXDocumentSet()
        /// Keys of those that can't be read.
        package fileprivate(set) var unreadable: Set<String> = []

        /// All of it, to be compiled.
        package var change: APISIXChange { APISIXChange(to: set, isolated: unreadable) }
    }

    /// By the id of the gateway group; under `noGroup` the gateway groups themselves.
    package private(set) var groups: [String: Group] = [:]
    package private(set) var revision: Int64
    package private(set) var diagnostics: [Diagnostic] = []

    /// Where documents are kept that belong to no gateway group.
    package static let noGroup = ""

    package init(_ store: any DocumentStore) async throws {
        let stored = try await store.load()
        revision = stored.revision
        for document in stored.documents { read(document) }
        addStandardGroup()
        let written = Set(groups[Self.noGroup]?.set.all(.gatewayGroup).map(\.id) ?? [])
        for id in written where groups[id] == nil { groups[id] = Group() }
        for id in groups.keys.sorted() where id != Self.noGroup && !written.contains(id) {
            diagnostics.append(
                Diagnostic(
                    .error, "gateway_group_missing",
                    "the store holds documents of the gateway group `\(id)`, and not the group",
                    at: Provenance(document: "gateway group \(id)"),
                    hint: "they are kept and not served; write the group anew"))
        }
    }

    /// The documents of a gateway group; none where it is not there.
    package func set(of group: String) -> APISIXDocumentSet { groups[group]?.set ?? APISIXDocumentSet() }

    /// The gateway groups that are there, in the order they were first written.
    package var gatewayGroups: [APISIXDocument] { gatewayGroupEntries.map(\.document) }

    private var gatewayGroupEntries: [APISIXDocumentSet.Entry] {
        self.set(of: Self.noGroup).all(.gatewayGroup)
    }

    /// All that is stored, gateway groups first, each group's in the order they were first written.
    var stored: [GroupedDocument] {
        gatewayGroupEntries.filter { $0.created > 0 }.map { GroupedDocument(Self.noGroup, $0.document) }
            + groups.keys.sorted().filter { $0 != Self.noGroup }.flatMap { group in
                APISIXChange(to: set(of: group)).entries(of: .all).map { GroupedDocument(group, $0.document) }
            }
    }

    /// Takes a document that is not stored yet.
    mutating func put(_ item: GroupedDocument, place: Int) {
        let (document, known) = (item.document, groups[item.group]?.set.entry(item.document.kind, item.document.id))
        let entry = APISIXDocumentSet.Entry(
            document, body: document.value.text, created: known?.created ?? revision + 1, modified: revision + 1,
            place: known?.place ?? place)
        groups[item.group, default: Group()].set.put(entry, document)
    }

    mutating func remove(_ item: GroupedDocument) {
        groups[item.group]?.set.remove(item.document.kind, item.document.id)
        addStandardGroup()
    }

    /// It is there whatever was written.
    private mutating func addStandardGroup() {
        let standard = APISIXDocument.standardGatewayGroup
        guard groups[Self.noGroup]?.set.entry(.gatewayGroup, standard.id) == nil else { return }
        groups[Self.noGroup, default: Group()].set.put(
            APISIXDocumentSet.Entry(standard, body: standard.value.text, created: 0, modified: 0), standard)
    }

    private mutating func read(_ stored: StoredDocument) {
        let group = stored.key.group
        guard let kind = APISIXKind(rawValue: stored.key.kind),
            (kind == .gatewayGroup) == (group == Self.noGroup)
        else {
            let place = Provenance(document: "\(stored.key.kind) \(stored.key.id)")
            diagnostics.append(
                Diagnostic(
                    .warning, "document_unknown", "this version has no documents of the kind `\(stored.key.kind)`",
                    at: place, hint: "it is kept, and does nothing; a later version may have written it"))
            return
        }
        var document = APISIXDocument(kind: kind, id: stored.key.id, value: .null)
        do {
            document.value = JSONTree(try JSONDocument(parsing: stored.body).root)
        } catch {
            groups[group, default: Group()].unreadable.insert(document.key)
            diagnostics.append(
                Diagnostic(
                    .error, "document_invalid", "the store holds no JSON here: \(error.reason.rawValue)",
                    at: document.provenance))
        }
        groups[group, default: Group()].set.put(
            APISIXDocumentSet.Entry(
                document, body: stored.body, created: stored.createdRevision, modified: stored.modifiedRevision,
                place: stored.place), document)
    }
}
