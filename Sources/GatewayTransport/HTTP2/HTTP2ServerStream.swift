internal import Bytes
internal import HTTPWire
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// A request on an HTTP/2 connection of a client.
final class HTTP2ServerStream: HTTP2Stream {
    private var machine = ClientConnection(limits: HTTP2Limits.ownHeads)
    private let hasLength: Bool

    init(_ session: HTTP2Session, id: HTTP2StreamID, _ head: borrowing HTTP2RequestHead, end: Bool) {
        hasLength = head.hasLength
        super.init(session, id: id)
        hasReadEnd = end
        machine.begin(toHead: head.isHead, isComplete: true)
    }

    override var readsInChunks: Bool { !hasLength }

    // MARK: - The request

    /// Trailers. A body of a stated length has no place for them in HTTP/1.1: they are left out.
    override func receive(_ headers: HPACKHeaders, end: Bool) {
        hasReadEnd = true
        guard !hasLength else { return }
        var trailers = HTTP2Trailers()
        do {
            for (name, value, _) in headers { try trailers.add(name, value) }
            guard end else { throw WireError.malformedTrailer }
        } catch {
            return breakOff()
        }
        trailers.finish()
        receive(trailers.bytes)
    }

    // MARK: - The answer

    override func writeFrames(_ bytes: Span<UInt8>) -> Int {
        var position = 0
        var head: HPACKHeaders?
        var data = ByteBuffer()
        while true {
            switch machine.next(bytes, at: &position, table: &session.table) {
            case .informational(let answer):
                let fields = fields(answer, bytes.extracting(position..<bytes.count))
                writeHeaders(fields, lines: answer.byteCount, end: false)
                position += answer.byteCount
            case .head(let answer):
                head = fields(answer, bytes.extracting(position..<bytes.count))
                position += answer.byteCount
            case .body(let range): bytes.extracting(range).withUnsafeBytes { _ = data.writeBytes($0) }
            case .end:
                write(head, data, end: true, trailers: trailers(bytes), lines: bytes.count)
                return bytes.count
            case .needsBytes:
                write(head, data, end: false, trailers: HPACKHeaders(), lines: bytes.count)
                return position
            case .failed, .unsolicited:
                // What is read here we have written ourselves.
                assertionFailure("an answer that is no HTTP/1.1")
                close()
                return bytes.count
            }
        }
    }

    private var isChunkedAnswer = false

    /// Behind a body of a stated length the table still has the lines of a head, of this stream or of another.
    private func trailers(_ bytes: Span<UInt8>) -> HPACKHeaders {
        isChunkedAnswer ? HPACKHeaders(lines: session.table, bytes, isTrailer: true) : HPACKHeaders()
    }

    /// - Parameter byteCount: of all that was written, in the form of HTTP/1.1.
    private func write(
        _ head: HPACKHeaders?, _ data: ByteBuffer, end: Bool, trailers: HPACKHeaders, lines byteCount: Int
    ) {
        let endsWithTrailers = !trailers.isEmpty
        if let head { writeHeaders(head, lines: byteCount, end: end && data.readableBytes == 0 && !endsWithTrailers) }
        if data.readableBytes > 0 || end && !hasWrittenEnd && !endsWithTrailers {
            writeData(data, end: end && !endsWithTrailers)
        }
        if endsWithTrailers { writeHeaders(trailers, lines: byteCount, end: true) }
    }

    private func fields(_ head: ResponseHead, _ bytes: Span<UInt8>) -> HPACKHeaders {
        isChunkedAnswer = head.framing == .chunked
        var headers = HPACKHeaders()
        headers.reserveCapacity(session.table.lines.count + 1)
        headers.add(name: ":status", value: String(head.status))
        headers.add(lines: session.table, bytes, isTrailer: false)
        return headers
    }

    override func endedUnwritten() {
        close()
    }

    override func writtenWhole() {
        // RFC 9113 §8.1: the rest of the request is of no use, without an error.
        if !hasReadEnd, !isClosedOnWire { session.write(id, .rstStream(.noError)) }
        finish()
    }

    override var closeReason: HTTP2ErrorCode { .internalError }
}
