internal import Bytes

/// The client side of one HTTP/1.1 connection to an upstream, as a value: bytes in, what to do out.
package struct ClientConnection: Sendable {
    package enum Input: Sendable {
        case needsBytes
        /// A 1xx head; the final one follows. Its lines are in the table.
        case informational(ResponseHead)
        case head(ResponseHead)
        case body(Range<Int>)
        /// The answer is complete; trailer lines are in the table.
        case end
        case failed(WireError)
        /// Bytes nobody asked for: the connection is useless.
        case unsolicited
    }

    /// What the upstream's closing means.
    package enum Closing: Equatable, Sendable {
        /// Nothing was under way.
        case idle
        /// It ends the answer's body.
        case endsBody
        /// No byte of an answer has come.
        case beforeAnswer
        /// In the middle of an answer.
        case truncated
    }

    private enum State {
        case idle
        case head(hasBytes: Bool)
        case body(BodyDecoder)
        case closed
    }

    private var state = State.idle
    private var toHead = false
    private var keepsAlive = true
    private var hasSentRequest = true
    private var asksForUpgrade = false
    private var informationals = 0
    private let limits: HeadLimits

    /// More 1xx answers than this to one request are an attack.
    private static let maxInformationals = 16

    package init(limits: HeadLimits) {
        self.limits = limits
    }

    /// A request goes out. `isComplete`: its head is all of it. `asksForUpgrade`: 101 is an answer to it.
    package mutating func begin(toHead: Bool, isComplete: Bool, asksForUpgrade: Bool = false) {
        self.asksForUpgrade = asksForUpgrade
        self.toHead = toHead
        hasSentRequest = isComplete
        informationals = 0
        state = .head(hasBytes: false)
    }

    /// The last byte of the request's body has been written.
    package mutating func requestEnded() {
        hasSentRequest = true
    }

    /// Whether the connection may carry another request.
    package var isReusable: Bool {
        if case .idle = state { return keepsAlive && hasSentRequest }
        return false
    }

    /// Whether an answer is awaited and not one byte of it has come.
    package var isBeforeAnswer: Bool {
        if case .head(hasBytes: false) = state { return true }
        return false
    }

    /// Reads on from `position`, which it moves behind what was understood.
    package mutating func next(
        _ bytes: Span<UInt8>, at position: inout Int, table: inout FieldTable
    ) -> Input {
        do {
            switch state {
            case .idle, .closed:
                guard position < bytes.count else { return .needsBytes }
                state = .closed
                return .unsolicited
            case .head: return try nextHead(bytes, at: &position, table: &table)
            case .body(var decoder):
                let event = try decoder.next(bytes, at: &position, limits: limits, trailers: &table)
                switch event {
                case .needsBytes:
                    state = .body(decoder)
                    return .needsBytes
                case .data(let range):
                    state = .body(decoder)
                    return .body(range)
                case .end:
                    state = .idle
                    return .end
                }
            }
        } catch {
            state = .closed
            return .failed(error)
        }
    }

    private mutating func nextHead(
        _ bytes: Span<UInt8>, at position: inout Int, table: inout FieldTable
    ) throws(WireError) -> Input {
        guard position < bytes.count else { return .needsBytes }
        state = .head(hasBytes: true)
        let rest = bytes.extracting(position..<bytes.count)
        guard let head = try ResponseHeadParser.parse(rest, toHead: toHead, limits: limits, into: &table) else {
            return .needsBytes
        }
        if head.status == 101 {
            guard asksForUpgrade else { throw .malformedStatusLine }
            keepsAlive = false
            // From here on it is the other protocol's bytes.
            state = .body(BodyDecoder(.untilClose))
            return .head(head)
        }
        if head.isInformational {
            informationals += 1
            guard informationals <= Self.maxInformationals else { throw .malformedStatusLine }
            return .informational(head)
        }
        keepsAlive = head.keepsAlive
        state = .body(BodyDecoder(head.framing))
        return .head(head)
    }

    /// The upstream has closed its side.
    package mutating func inputClosed() -> Closing {
        defer { state = .closed }
        switch state {
        case .idle, .closed: return .idle
        case .head(let hasBytes): return hasBytes ? .truncated : .beforeAnswer
        case .body(let decoder): return decoder.endsAtClose ? .endsBody : .truncated
        }
    }
}
