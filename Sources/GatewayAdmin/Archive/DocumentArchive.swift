package import Bytes
package import GatewayDialects
internal import GatewayModel

/// Documents as one JSON text, in the order they were first written: what one store hands to another.
///
/// `{"format": 2, "revision": 7, "documents": [{"key": "/apisix/routes/1", "group": "blue", "value": {…}}, …]}`; a
/// document without `group` is of the gateway group `default`, and gateway groups are documents, too. Format 1 knew
/// none.
package struct DocumentArchive: Sendable {
    package struct Problem: Error, Sendable {
        package let message: String
    }

    package private(set) var documents: [GroupedDocument] = []

    private static let format = 2
    /// Half a million documents, and more.
    package static let maxBytes = 1 << 30
    private static let limits = JSONLimits(maxBytes: maxBytes, maxDepth: 64, maxNodes: 1 << 27)

    /// Reads a text. The revision in it says where it comes from, and means nothing here.
    package init(_ text: [UInt8]) throws(Problem) {
        let root: JSONTree
        do {
            root = try JSONTree(parsingLeniently: text, limits: Self.limits)
        } catch {
            throw Problem(message: "it is no JSON: \(error.reason.rawValue) at byte \(error.offset)")
        }
        guard let format = root["format"]?.integer, (1...Int64(Self.format)).contains(Int64(format)),
            let listed = root["documents"]?.array
        else {
            throw Problem(
                message: "it is no export of a store: `format` has to be 1 or \(Self.format), and `documents` a list")
        }
        var seen: Set<String> = []
        for (place, item) in listed.enumerated() {
            guard let key = item["key"]?.string, let (kind, id) = APISIXDocument.address(key), let value = item["value"]
            else {
                throw Problem(message: "documents[\(place)] has no `key` such as `/apisix/routes/1`, or no `value`")
            }
            let document = GroupedDocument(
                item["group"]?.string ?? GatewayGroup.standardID, APISIXDocument(kind: kind, id: id, value: value))
            guard seen.insert(document.name).inserted else {
                throw Problem(message: "`\(document.name)` is there twice")
            }
            documents.append(document)
        }
    }

    /// The text of a store's documents.
    package static func text(of loaded: LoadedDocuments, withSecrets: Bool) -> [UInt8] {
        var text = Array("{\"format\":\(format),\"revision\":\(loaded.revision),\"documents\":[".utf8)
        for (place, item) in loaded.stored.enumerated() {
            let document = withSecrets ? item.document : item.document.masked
            var members = JSONObjectTree([("key", .string(document.key))])
            if ![LoadedDocuments.noGroup, GatewayGroup.standardID].contains(item.group) {
                members["group"] = .string(item.group)
            }
            members["value"] = document.value
            text += place == 0 ? [ASCII.lineFeed] : [UInt8(ascii: ","), ASCII.lineFeed]
            text += JSONTree.object(members).bytes
        }
        return text + Array("\n]}\n".utf8)
    }
}

/// A document, and whose it is.
package struct GroupedDocument: Sendable {
    /// The id of the gateway group; `LoadedDocuments.noGroup` for a gateway group itself.
    package var group: String
    package var document: APISIXDocument

    package init(_ group: String, _ document: APISIXDocument) {
        self.group = document.kind == .gatewayGroup ? LoadedDocuments.noGroup : group
        self.document = document
    }

    /// As an operator reads it: `/apisix/routes/1`, or `/apisix/routes/1 of the gateway group blue`.
    var name: String {
        [LoadedDocuments.noGroup, GatewayGroup.standardID].contains(group)
            ? document.key : "\(document.key) of the gateway group \(group)"
    }
}
