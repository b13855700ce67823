package import Bytes
package import GatewayDialects

/// Documents as one JSON text, in the order they were first written: what one store hands to another.
///
/// `{"format": 1, "revision": 7, "documents": [{"key": "/apisix/routes/1", "value": {…}}, …]}`
package struct DocumentArchive: Sendable {
    package struct Problem: Error, Sendable {
        package let message: String
    }

    package private(set) var documents: [APISIXDocument] = []

    private static let format = 1
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
        guard root["format"]?.integer == Self.format, let listed = root["documents"]?.array else {
            throw Problem(message: "it is no export of a store: `format` has to be 1, and `documents` a list")
        }
        var seen: Set<String> = []
        for (place, item) in listed.enumerated() {
            guard let key = item["key"]?.string, let (kind, id) = APISIXDocument.address(key), let value = item["value"]
            else {
                throw Problem(message: "documents[\(place)] has no `key` such as `/apisix/routes/1`, or no `value`")
            }
            guard seen.insert(key).inserted else { throw Problem(message: "`\(key)` is there twice") }
            documents.append(APISIXDocument(kind: kind, id: id, value: value))
        }
    }

    /// The text of a store's documents.
    package static func text(of loaded: LoadedDocuments, withSecrets: Bool) -> [UInt8] {
        let entries = APISIXChange(to: loaded.set).entries(of: .all)
        var text = Array("{\"format\":\(format),\"revision\":\(loaded.revision),\"documents\":[".utf8)
        for (place, entry) in entries.enumerated() {
            let document = withSecrets ? entry.document : entry.document.masked
            text += place == 0 ? [ASCII.lineFeed] : [UInt8(ascii: ","), ASCII.lineFeed]
            text += JSONTree.object(.init([("key", .string(entry.key)), ("value", document.value)])).bytes
        }
        return text + Array("\n]}\n".utf8)
    }
}
