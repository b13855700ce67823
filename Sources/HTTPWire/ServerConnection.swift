internal import Bytes

/// The server side of one HTTP/1.1 connection as a value: bytes in, what to do out. It knows no socket.
///
/// One request is in service at a time; what a client sends beyond it waits (`blocked`), so that
/// pipelined requests are answered in order.
package struct ServerConnection: Sendable {
    package enum Input: Sendable {
        /// Nothing more to be done with these bytes: read on.
        case needsBytes
        /// A request in service has been read to its end: what follows waits for its answer.
        case blocked
        /// A request begins; its lines are in the table, offsets count from the position given.
        case head(RequestHead)
        /// Payload of the request's body, as a range of the bytes given.
        case body(Range<Int>)
        /// The request is complete; trailer lines are in the table.
        case end
        /// The bytes are no HTTP: answer with the error and close.
        case failed(WireError)
        /// The connection reads no more: drop the bytes.
        case discard
    }

    /// What follows an answer that has been written whole.
    package enum AfterResponse: Equatable, Sendable {
        case nextRequest
        case close
        /// The client is still sending: end the sending side, read and drop a bounded rest, then close.
        case drainThenClose
    }

    private enum Reading {
        case head
        case body(BodyDecoder)
        /// The request has been read whole.
        case complete
        /// Nothing is read any more.
        case stopped
    }

    private enum Writing {
        case idle
        case awaitingResponse
        case finished
    }

    private var reading = Reading.head
    private var writing = Writing.idle
    package private(set) var keepsAlive = true
    /// Whether the request in service came from an HTTP/1.1 client.
    package private(set) var isHTTP11 = true
    package private(set) var isHeadRequest = false
    package let limits: HeadLimits
    private var hasSkippedEmptyLine = false
    /// Bytes of an incomplete head that have been looked at.
    private var triedBytes = 0

    package init(limits: HeadLimits) {
        self.limits = limits
    }

    /// Whether a request is in service.
    package var isServing: Bool { writing == .awaitingResponse }

    /// Whether the request in service has been read to its end.
    package var hasReadWholeRequest: Bool {
        if case .complete = reading { return true }
        return false
    }

    /// Reads on from `position`, which it moves behind what was understood.
    package mutating func next(
        _ bytes: Span<UInt8>, at position: inout Int, table: inout FieldTable
    ) -> Input {
        do {
            switch reading {
            case .stopped: return .discard
            case .complete: return position < bytes.count ? .blocked : .needsBytes
            case .head: return try nextHead(bytes, at: &position, table: &table)
            case .body(var decoder):
                let event = try decoder.next(bytes, at: &position, limits: limits, trailers: &table)
                reading = decoder.hasEnded && event == .end ? .complete : .body(decoder)
                switch event {
                case .needsBytes: return .needsBytes
                case .data(let range): return .body(range)
                case .end: return .end
                }
            }
        } catch {
            reading = .stopped
            keepsAlive = false
            return .failed(error)
        }
    }

    private mutating func nextHead(
        _ bytes: Span<UInt8>, at position: inout Int, table: inout FieldTable
    ) throws(WireError) -> Input {
        if try skipEmptyLine(bytes, at: &position) == false { return .needsBytes }
        guard position < bytes.count else { return .needsBytes }
        let rest = bytes.extracting(position..<bytes.count)
        // A head that drips in is parsed anew only when another line is there, not at every byte.
        guard
            triedBytes == 0 || rest.count > limits.maxHeadBytes
                || rest.firstIndex(of: ASCII.lineFeed, from: min(triedBytes, rest.count)) != nil
        else {
            triedBytes = rest.count
            return .needsBytes
        }
        guard let head = try RequestHeadParser.parse(rest, limits: limits, into: &table) else {
            triedBytes = rest.count
            return .needsBytes
        }
        triedBytes = 0
        hasSkippedEmptyLine = false
        keepsAlive = head.keepsAlive
        isHTTP11 = head.minorVersion == 1
        isHeadRequest = head.method == .head
        writing = .awaitingResponse
        reading = head.framing == .none ? .complete : .body(BodyDecoder(head.framing))
        return .head(head)
    }

    /// One empty line before a request is forgiven (RFC 9112 §2.2). False where a lone CR waits for its LF.
    private mutating func skipEmptyLine(_ bytes: Span<UInt8>, at position: inout Int) throws(WireError) -> Bool {
        guard position < bytes.count, bytes[position] == ASCII.carriageReturn, !hasSkippedEmptyLine else { return true }
        guard position + 1 < bytes.count else { return false }
        guard bytes[position + 1] == ASCII.lineFeed else { throw .malformedRequestLine }
        position += 2
        hasSkippedEmptyLine = true
        return true
    }

    // MARK: - The answer

    /// How the answer's body is framed for this client, and whether the connection survives it.
    package mutating func planResponse(framing: BodyFraming) -> (framing: BodyFraming, keepsAlive: Bool) {
        switch framing {
        case .none, .length:
            break
        case .chunked, .untilClose:
            // An HTTP/1.0 client knows no chunks: the end of the connection ends the body.
            if !isHTTP11 {
                keepsAlive = false
                return (.untilClose, false)
            }
            return (.chunked, keepsAlive)
        }
        return (framing, keepsAlive)
    }

    /// The upstream has agreed to another protocol: everything from here on is the request's body, until
    /// the end of the connection.
    package mutating func beginTunnel() {
        keepsAlive = false
        reading = .body(BodyDecoder(.untilClose))
    }

    /// The connection ends after the answer that is being written.
    package mutating func closeAfterResponse() {
        keepsAlive = false
    }

    /// The answer has been written whole.
    package mutating func responseEnded() -> AfterResponse {
        switch reading {
        case .complete where keepsAlive:
            reading = .head
            writing = .idle
            return .nextRequest
        case .complete, .head:
            reading = .stopped
            writing = .finished
            return .close
        case .body, .stopped:
            reading = .stopped
            writing = .finished
            return .drainThenClose
        }
    }
}
