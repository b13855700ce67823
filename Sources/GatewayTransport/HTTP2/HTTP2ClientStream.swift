internal import Bytes
internal import HTTPWire
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// A request on an HTTP/2 connection to an upstream.
final class HTTP2ClientStream: HTTP2Stream {
    private let client: HTTP2ClientSession
    private let isSecure: Bool
    private var machine = ServerConnection(limits: HTTP2Limits.ownHeads)
    private var hasFinalHead = false
    private var answersInChunks = false

    init(_ session: HTTP2ClientSession, id: HTTP2StreamID, isSecure: Bool) {
        client = session
        self.isSecure = isSecure
        super.init(session, id: id)
        isOnWire = false
    }

    /// It carries one request.
    override var isUsable: Bool { false }

    // MARK: - The request

    override func writeFrames(_ bytes: Span<UInt8>) -> Int {
        var position = 0
        var data = ByteBuffer()
        while true {
            switch machine.next(bytes, at: &position, table: &session.table) {
            case .head(let head):
                let end = position + head.byteCount
                let fields = fields(head, bytes.extracting(position..<end))
                writeHeaders(fields, lines: head.byteCount, end: head.framing == .none)
                isOnWire = isOpen
                position = end
            case .body(let range): bytes.extracting(range).withUnsafeBytes { _ = data.writeBytes($0) }
            case .end:
                let trailers = trailers(bytes)
                if trailers.isEmpty {
                    writeData(data, end: true)
                } else {
                    if data.readableBytes > 0 { writeData(data, end: false) }
                    writeHeaders(trailers, lines: bytes.count, end: true)
                }
                return bytes.count
            case .needsBytes, .blocked:
                if data.readableBytes > 0 { writeData(data, end: false) }
                return position
            case .failed, .discard:
                // What is read here we have written ourselves.
                assertionFailure("a request that is no HTTP/1.1")
                close()
                return bytes.count
            }
        }
    }

    private var isChunkedRequest = false

    /// Behind a body of a stated length the table still has the lines of a head, of this stream or of another.
    private func trailers(_ bytes: Span<UInt8>) -> HPACKHeaders {
        isChunkedRequest ? HPACKHeaders(lines: session.table, bytes, isTrailer: true) : HPACKHeaders()
    }

    private func fields(_ head: RequestHead, _ bytes: Span<UInt8>) -> HPACKHeaders {
        isChunkedRequest = head.framing == .chunked
        var headers = HPACKHeaders()
        headers.reserveCapacity(session.table.lines.count + 5)
        headers.add(name: ":method", value: String(copying: bytes.extracting(head.methodName)))
        headers.add(name: ":scheme", value: isSecure ? "https" : "http")
        headers.add(name: ":path", value: String(copying: bytes.extracting(head.target)))
        if !head.host.isEmpty { headers.add(name: ":authority", value: String(copying: bytes.extracting(head.host))) }
        headers.add(lines: session.table, bytes, isTrailer: false)
        // What the client said of it was for the gateway; servers of gRPC insist on it.
        if head.isGRPC { headers.add(name: "te", value: "trailers") }
        return headers
    }

    override func endedUnwritten() {
        close()
    }

    // MARK: - The answer

    override var readsInChunks: Bool { answersInChunks }

    override func receive(_ headers: HPACKHeaders, end: Bool) {
        if end { hasReadEnd = true }
        do {
            if hasFinalHead { return try receive(trailers: headers, end: end) }
            try client.head.read(headers, toHead: machine.isHeadRequest, isWhole: end)
        } catch {
            return breakOff()
        }
        hasFinalHead = !client.head.isInformational
        answersInChunks = client.head.isChunked
        receive(client.head.bytes)
    }

    /// A body of a stated length has no place for them in HTTP/1.1: they are left out.
    private func receive(trailers headers: HPACKHeaders, end: Bool) throws(WireError) {
        guard end else { throw .malformedTrailer }
        guard answersInChunks else { return session.touch(self) }
        var trailers = HTTP2Trailers()
        for (name, value, _) in headers { try trailers.add(name, value) }
        trailers.finish()
        receive(trailers.bytes)
    }

    // MARK: - The end

    override func closedOnWire() {
        if hasReadEnd {
            // It is complete, however it was closed: what is held is for a client that does not read yet.
            guard !holdsInput else { return }
            return finish()
        }
        if client.isRefused(self) { fate = .refused }
        super.closedOnWire()
    }
}
