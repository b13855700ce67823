internal import Bytes
internal import GatewayDialects

/// The two ways in which documents are shown.
enum AnswerShape: Sendable {
    /// `{"key", "value", "createdIndex", "modifiedIndex"}`, lists of these.
    case apisix
    /// `{"value"}`, flat lists.
    case api7

    /// - Parameter isMasked: whether secrets are hidden.
    func written(_ entry: GroupDocuments.Entry, status: Int, isMasked: Bool) -> AdminAnswer {
        let value = Self.value(entry, isMasked)
        let json: JSONTree =
            switch self {
            case .apisix: ["key": .string(entry.key), "value": value]
            case .api7: ["value": value]
            }
        return AdminAnswer(status, json, revision: entry.modified)
    }

    func one(_ entry: GroupDocuments.Entry, isMasked: Bool) -> AdminAnswer {
        AdminAnswer(200, item(entry, isListed: false, isMasked), revision: entry.modified)
    }

    func list(_ entries: [GroupDocuments.Entry], total: Int, isMasked: Bool) -> AdminAnswer {
        let items = entries.map { item($0, isListed: true, isMasked) }
        return AdminAnswer(200, ["list": .array(items), "total": .integer(Int64(total))])
    }

    private static func value(_ entry: GroupDocuments.Entry, _ isMasked: Bool) -> JSONTree {
        (isMasked ? entry.document.masked : entry.document).value
    }

    private func item(_ entry: GroupDocuments.Entry, isListed: Bool, _ isMasked: Bool) -> JSONTree {
        let value = Self.value(entry, isMasked)
        switch self {
        case .apisix:
            return [
                "key": .string(entry.key), "value": value, "createdIndex": .integer(entry.created),
                "modifiedIndex": .integer(entry.modified),
            ]
        case .api7: return isListed ? value : ["value": value]
        }
    }
}
