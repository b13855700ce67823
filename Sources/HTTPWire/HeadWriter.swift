internal import Bytes

/// Writes heads: what is kept of the one received, copied in runs, and what the gateway adds.
package enum HeadWriter {
    /// Room for the fixed parts of a head.
    private static let fixedBytes = 160

    // MARK: - Requests

    /// What goes into a request head beside the lines that were received.
    package struct RequestAdditions: ~Escapable {
        /// The method; empty where it goes as it was received.
        package let method: Span<UInt8>
        /// Path and query as forwarded.
        package let path: Span<UInt8>
        /// The value of Host; empty where it goes as it was received.
        package let host: Span<UInt8>
        /// With its question mark; empty where there is none.
        package let query: Span<UInt8>
        /// Whole field lines with their CRLF.
        package let lines: Span<UInt8>
        package let moreLines: Span<UInt8>
        /// The value of `X-Forwarded-Host`, and of Host where the client sent none.
        package let authority: Span<UInt8>
        package let sendsForwardedHost: Bool

        @_lifetime(copy method, copy path, copy host, copy query, copy lines, copy moreLines, copy authority)
        package init(
            method: Span<UInt8> = Span(), path: Span<UInt8>, host: Span<UInt8> = Span(), query: Span<UInt8>,
            lines: Span<UInt8>,
            moreLines: Span<UInt8>,
            authority: Span<UInt8>, sendsForwardedHost: Bool
        ) {
            self.method = method
            self.path = path
            self.host = host
            self.query = query
            self.lines = lines
            self.moreLines = moreLines
            self.authority = authority
            self.sendsForwardedHost = sendsForwardedHost
        }
    }

    /// An upper bound of what `writeRequest` writes.
    package static func boundOfRequest(_ head: RequestHead, _ additions: borrowing RequestAdditions) -> Int {
        head.byteCount + additions.path.count + additions.query.count + additions.lines.count
            + additions.moreLines.count + additions.method.count + additions.host.count + additions.authority.count * 2
            + fixedBytes
    }

    /// Writes the head an upstream gets; room for `boundOfRequest` bytes must be there. Where `additions` have a
    /// Host, the one received is marked as dropped.
    package static func writeRequest(
        _ head: RequestHead, _ table: borrowing FieldTable, _ bytes: Span<UInt8>,
        _ additions: borrowing RequestAdditions, into output: inout OutputRawSpan
    ) {
        output.append(copying: additions.method.count > 0 ? additions.method : bytes.extracting(head.methodName))
        output.append(ASCII.space)
        output.append(copying: additions.path)
        output.append(copying: additions.query)
        output.append(" HTTP/1.1\r\n")
        if additions.host.count > 0 {
            output.append("host: ")
            output.append(copying: additions.host)
            output.append("\r\n")
        } else if !head.hasHost {
            // RFC 9112 §3.2: HTTP/1.1 demands a Host, an empty one where there is nothing to say.
            output.append("host: ")
            output.append(copying: additions.authority)
            output.append("\r\n")
        }
        copyKeptLines(of: table, bytes, into: &output)
        if head.framing == .chunked { output.append("transfer-encoding: chunked\r\n") }
        if head.asksForWebSocket { output.append("connection: upgrade\r\nupgrade: websocket\r\n") }
        output.append(copying: additions.lines)
        output.append(copying: additions.moreLines)
        if additions.sendsForwardedHost, additions.authority.count > 0 {
            output.append("x-forwarded-host: ")
            output.append(copying: additions.authority)
            output.append("\r\n")
        }
        output.append("\r\n")
    }

    // MARK: - Responses

    /// How an answer is conveyed to the client.
    package struct ResponsePlan: Sendable {
        package var framing: BodyFraming
        package var keepsAlive: Bool
        /// Whether the client speaks HTTP/1.1.
        package var isHTTP11: Bool

        package init(framing: BodyFraming, keepsAlive: Bool, isHTTP11: Bool) {
            self.framing = framing
            self.keepsAlive = keepsAlive
            self.isHTTP11 = isHTTP11
        }
    }

    /// An upper bound of what `writeResponse` writes, `lines` aside.
    package static func boundOfResponse(_ head: ResponseHead) -> Int { head.byteCount + fixedBytes }

    /// Writes the head a client gets; room for `boundOfResponse` bytes and `lines` must be there.
    ///
    /// - Parameters:
    ///   - lines: whole field lines that come in, each with its CRLF.
    ///   - date: an IMF-fixdate for answers without one.
    package static func writeResponse(
        _ head: ResponseHead, _ table: borrowing FieldTable, _ bytes: Span<UInt8>, plan: ResponsePlan,
        lines: Span<UInt8> = Span(), date: Span<UInt8>, into output: inout OutputRawSpan
    ) {
        output.append("HTTP/1.1 ")
        output.append(copying: bytes.extracting(head.statusText))
        // RFC 9112 §4: the blank stands even before an empty reason.
        output.append(head.statusText.count == 3 ? " \r\n" : "\r\n")
        copyKeptLines(of: table, bytes, into: &output)
        output.append(copying: lines)
        if head.status == 101 {
            output.append("connection: upgrade\r\nupgrade: websocket\r\n")
        } else if !head.isInformational {
            appendConnection(plan, into: &output)
            if plan.framing == .chunked { output.append("transfer-encoding: chunked\r\n") }
            if !table.lines.contains(where: { $0.known == .date && !$0.isDropped }) {
                output.append("date: ")
                output.append(copying: date)
                output.append("\r\n")
            }
        }
        output.append("\r\n")
    }

    /// An upper bound of what `writeAnswer` writes, `lines` aside.
    package static var boundOfAnswer: Int { fixedBytes }

    /// Writes a head that is not the one received; room for `boundOfAnswer` bytes and `lines` must be there.
    ///
    /// - Parameters:
    ///   - lines: all of its field lines but those that say how the answer is conveyed, each with its CRLF; the length
    ///     of a body that is neither empty nor in chunks among them.
    ///   - date: an IMF-fixdate, where `lines` have none; else empty.
    package static func writeAnswer(
        status: Int, plan: ResponsePlan, lines: Span<UInt8>, date: Span<UInt8>, into output: inout OutputRawSpan
    ) {
        output.append("HTTP/1.1 ")
        for divisor in [100, 10, 1] { output.append(0x30 + UInt8(status / divisor % 10)) }
        output.append(ASCII.space)
        output.append(ReasonPhrase.of(status))
        output.append("\r\n")
        output.append(copying: lines)
        appendConnection(plan, into: &output)
        if plan.framing == .chunked { output.append("transfer-encoding: chunked\r\n") }
        if date.count > 0 {
            output.append("date: ")
            output.append(copying: date)
            output.append("\r\n")
        }
        output.append("\r\n")
    }

    private static func appendConnection(_ plan: ResponsePlan, into output: inout OutputRawSpan) {
        if !plan.keepsAlive {
            output.append("connection: close\r\n")
        } else if !plan.isHTTP11 {
            output.append("connection: keep-alive\r\n")
        }
    }

    // MARK: - Bodies

    /// Room for the line before a chunk.
    package static let maxChunkHeadBytes = 18

    /// Writes the size line of a chunk that holds `count` bytes.
    package static func writeChunkHead(_ count: Int, into output: inout OutputRawSpan) {
        var shift = 60
        while shift > 0, count >> shift == 0 { shift -= 4 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: count >> shift & 15)
            output.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
            shift -= 4
        }
        output.append("\r\n")
    }

    /// An upper bound of what `writeLastChunk` writes.
    package static func boundOfLastChunk(_ trailers: borrowing FieldTable) -> Int {
        trailers.lines.reduce(5) { $0 + $1.line.count }
    }

    /// Writes the last chunk and the trailer lines that are kept.
    package static func writeLastChunk(
        _ trailers: borrowing FieldTable, _ bytes: Span<UInt8>, into output: inout OutputRawSpan
    ) {
        output.append("0\r\n")
        copyKeptLines(of: trailers, bytes, into: &output)
        output.append("\r\n")
    }

    /// Copies the lines that are not dropped; neighbours go in one piece.
    private static func copyKeptLines(
        of table: borrowing FieldTable, _ bytes: Span<UInt8>, into output: inout OutputRawSpan
    ) {
        var start = 0
        var end = 0
        for index in table.lines.indices {
            let line = table.lines[index]
            if line.isDropped { continue }
            if Int(line.nameStart) != end {
                output.append(copying: bytes.extracting(start..<end))
                start = Int(line.nameStart)
            }
            end = Int(line.lineEnd)
        }
        output.append(copying: bytes.extracting(start..<end))
    }
}
