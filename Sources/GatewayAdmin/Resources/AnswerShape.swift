internal import Bytes
internal import GatewayDialects

/// The two ways in which documents are shown.
enum AnswerShape: Sendable {
    /// `{"key", "value", "createdIndex", "modifiedIndex"}`, lists of these.
    case apisix
    /// `{"value"}`, flat lists.
    case api7

    func written(_ entry: ResourceSet.Entry, status: Int) -> AdminAnswer {
        let value = entry.document.value
        let json: JSONTree =
            switch self {
            case .apisix: ["key": .string(entry.key), "value": value]
            case .api7: ["value": value]
            }
        return AdminAnswer(status, json, revision: entry.modified)
    }

    func one(_ entry: ResourceSet.Entry) -> AdminAnswer {
        AdminAnswer(200, item(entry, isListed: false), revision: entry.modified)
    }

    func list(_ entries: [ResourceSet.Entry], total: Int) -> AdminAnswer {
        let items = entries.map { item($0, isListed: true) }
        return AdminAnswer(200, ["list": .array(items), "total": .integer(Int64(total))])
    }

    private func item(_ entry: ResourceSet.Entry, isListed: Bool) -> JSONTree {
        let value = entry.document.value
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
