internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The documents by which a listener says what its tokens are for (RFC 9728 §3): whoever asks gets them, without a
/// token.
final class ResourceDocuments: Sendable {
    private let paths: ByteTable
    private let answers: [LocalAnswer]

    /// - Parameter documents: each with a path of its own; nil where there are none.
    init?(_ documents: [ResourceMetadata]) {
        guard !documents.isEmpty else { return nil }
        paths = ByteTable(documents.enumerated().map { (Array($0.element.path.utf8), $0.offset) })
        answers = documents.map { document in
            LocalAnswer(
                status: 200, lines: Array("content-type: application/json\r\ncache-control: max-age=3600\r\n".utf8),
                body: document.document)
        }
    }

    /// The document that a request asks for.
    func answer(_ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch) -> LocalAnswer? {
        guard head.method == .get || head.method == .head else { return nil }
        if scratch.target.isVerbatim { return find(bytes.extracting(scratch.target.path)) }
        let storage = scratch.target.storage
        return find(storage.span.extracting(scratch.target.path))
    }

    private func find(_ path: Span<UInt8>) -> LocalAnswer? { paths.find(path).map { answers[$0] } }
}
