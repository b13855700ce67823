internal import Bytes
internal import GatewayModel

// Documents that a store holds and this version can't serve: a version before it may have taken them. What depends on
// them is refused; that they are there must open nothing.

extension APISIXDecoder {
    /// Whether a document that has a say in a route's requests can't be served.
    func isIsolated(route document: APISIXDocument) -> Bool {
        if isolated.isEmpty { return false }
        if (documents[.globalRule] ?? []).contains(where: { isolated.contains($0.key) }) { return true }
        return isIsolated(document)
    }

    private func isIsolated(_ document: APISIXDocument) -> Bool {
        if isolated.contains(document.key) { return true }
        return document.references.contains { kind, id in
            self.document(kind, .string(id)).map { isIsolated($0) } ?? false
        }
    }

    /// Nobody is such a consumer; without its group it could be let in where its group is kept out.
    func isIsolated(consumer document: APISIXDocument) -> Bool { !isolated.isEmpty && isIsolated(document) }

    /// What a route answers that can't be served as it is meant.
    static let isolationAnswer = DirectResponse(
        status: 500, body: Array("{\"error_msg\":\"500 Route Cannot Be Served\"}\n".utf8))
}
