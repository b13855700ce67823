internal import GatewayDialects
internal import GatewayModel

/// The documents of one gateway group as a call meets them, or the gateway groups themselves.
struct GroupDocuments {
    typealias Entry = APISIXDocumentSet.Entry

    /// The id of the group; `LoadedDocuments.noGroup` where these are the groups.
    let group: String
    let documents: APISIXDocumentSet
    let revision: Int64
    let unixTime: Int64

    func entry(_ kind: APISIXKind, _ id: String) -> Entry? { documents.entry(kind, id) }

    /// Those of a kind in the order they were first written.
    func list(_ kind: APISIXKind) -> [Entry] { documents.all(kind) }

    /// What a write would do, decided while nothing else can.
    struct Plan {
        /// Whose documents these are.
        var group: String
        var written: [APISIXDocument] = []
        var deleted: [APISIXDocument] = []
        /// About what was written, and is no more in it.
        var warnings: [Diagnostic] = []
        var answer: @Sendable (Entry?) -> AdminAnswer

        /// The gateway groups that are served otherwise then, or no more.
        var servedGroups: [String] {
            group == LoadedDocuments.noGroup ? (written + deleted).map(\.id) : [group]
        }
    }
}
