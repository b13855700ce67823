internal import Bytes

/// Finds the payload of a message body in the bytes of its connection.
package struct BodyDecoder: Sendable {
    package enum Event: Equatable, Sendable {
        /// Nothing more can be read from these bytes.
        case needsBytes
        /// Payload, as a range of the bytes given.
        case data(Range<Int>)
        /// The body has ended; its trailer lines stand in the table if there are any.
        case end
    }

    private enum State {
        case length(UInt64)
        case untilClose
        case chunkSize
        case chunkData(UInt64)
        case chunkDataEnd
        case trailers
        case ended
    }

    private var state: State
    /// Bytes spent on chunk extensions so far.
    private var extensionBytes = 0

    /// A chunk's size line, in bytes.
    private static let maxChunkLineBytes = 256
    /// Extensions carry nothing anyone reads: an enemy's way to make a small body cost much.
    private static let maxExtensionBytes = 16 << 10

    package init(_ framing: BodyFraming) {
        switch framing {
        case .none: state = .ended
        case .length(let count): state = count == 0 ? .ended : .length(count)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        }
    }

    package var hasEnded: Bool {
        if case .ended = state { return true }
        return false
    }

    /// Whether the peer's closing ends the body cleanly.
    package var endsAtClose: Bool {
        if case .untilClose = state { return true }
        return false
    }

    /// Reads on from `position`, which it moves behind what was understood.
    package mutating func next(
        _ bytes: Span<UInt8>, at position: inout Int, limits: HeadLimits, trailers: inout FieldTable
    ) throws(WireError) -> Event {
        while true {
            switch state {
            case .ended: return .end
            case .untilClose:
                guard position < bytes.count else { return .needsBytes }
                defer { position = bytes.count }
                return .data(position..<bytes.count)
            case .length(let left):
                return takeData(left, bytes, &position) { $0 == 0 ? .ended : .length($0) }
            case .chunkData(let left):
                return takeData(left, bytes, &position) { $0 == 0 ? .chunkDataEnd : .chunkData($0) }
            case .chunkDataEnd:
                guard position + 1 < bytes.count else { return .needsBytes }
                guard isLineEnd(bytes, at: position) else { throw .malformedChunk }
                position += 2
                state = .chunkSize
            case .chunkSize:
                guard try readChunkSize(bytes, &position) else { return .needsBytes }
            case .trailers:
                guard try readTrailers(bytes, &position, limits, &trailers) else { return .needsBytes }
            }
        }
    }

    private mutating func takeData(
        _ left: UInt64, _ bytes: Span<UInt8>, _ position: inout Int, then next: (UInt64) -> State
    ) -> Event {
        let available = bytes.count - position
        guard available > 0 else { return .needsBytes }
        let count = Int(min(UInt64(available), left))
        let range = position..<position + count
        position += count
        state = next(left - UInt64(count))
        return .data(range)
    }

    private func isLineEnd(_ bytes: Span<UInt8>, at position: Int) -> Bool {
        bytes[position] == ASCII.carriageReturn && bytes[position + 1] == ASCII.lineFeed
    }

    /// `1*HEXDIG [chunk-ext] CRLF`; false where the line is not complete.
    private mutating func readChunkSize(_ bytes: Span<UInt8>, _ position: inout Int) throws(WireError) -> Bool {
        var index = position
        var size: UInt64 = 0
        while index < bytes.count, let digit = bytes[index].hexDigitValue {
            guard index - position < 15 else { throw .malformedChunk }
            size = size << 4 | UInt64(digit)
            index += 1
        }
        guard index < bytes.count else { return false }
        guard index > position else { throw .malformedChunk }
        let digitsEnd = index
        if bytes[index] == UInt8(ascii: ";") {
            while index < bytes.count, bytes[index].isFieldValueByte { index += 1 }
            guard index - position <= Self.maxChunkLineBytes else { throw .malformedChunk }
        }
        guard index < bytes.count else { return false }
        guard bytes[index] == ASCII.carriageReturn else { throw .malformedChunk }
        guard index + 1 < bytes.count else { return false }
        guard bytes[index + 1] == ASCII.lineFeed else { throw .malformedChunk }
        extensionBytes += index - digitsEnd
        guard extensionBytes <= Self.maxExtensionBytes else { throw .malformedChunk }
        position = index + 2
        state = size == 0 ? .trailers : .chunkData(size)
        return true
    }

    private mutating func readTrailers(
        _ bytes: Span<UInt8>, _ position: inout Int, _ limits: HeadLimits, _ trailers: inout FieldTable
    ) throws(WireError) -> Bool {
        trailers.removeAll()
        let end: Int?
        do {
            end = try FieldLineParser.parse(bytes, from: position, maxFields: limits.maxFields, into: &trailers)
        } catch {
            throw error == .headTooLarge ? .trailerTooLarge : .malformedTrailer
        }
        guard (end ?? bytes.count) - position <= limits.maxTrailerBytes else { throw .trailerTooLarge }
        guard let end else { return false }
        // Framing and routing must not be said again behind the body (RFC 9110 §6.5.1).
        for index in trailers.lines.indices where trailers.lines[index].known != .other {
            trailers.lines[index].isDropped = true
        }
        position = end
        state = .ended
        return true
    }
}
