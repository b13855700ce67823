import Foundation
import NIOCore
import NIOHPACK

/// A client or a server of HTTP/2 that the test drives frame by frame: what it sends need not be in order.
final class FrameWire {
    let wire: Wire
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

    struct Frame {
        var type: Kind
        var flags: UInt8
        var stream: Int
        var payload: [UInt8]

        var endsStream: Bool { flags & 1 != 0 }
        var isAcknowledgement: Bool { flags & 1 != 0 }
        /// Of RST_STREAM and GOAWAY.
        var errorCode: Int { payload.suffix(type == .goAway ? payload.count - 4 : 4).prefix(4).number }
    }

    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    /// RFC 9113 §7.
    enum ErrorCode {
        static let none = 0
        static let protocolError = 1
        static let flowControlError = 3
        static let frameSizeError = 6
        static let enhanceYourCalm = 11
    }

    /// As a client that has sent its preface.
    init(port: Int, settings: [(UInt16, UInt32)] = []) throws {
        wire = try Wire(port: port)
        try wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        try send(.settings, payload: settings.flatMap { $0.0.bigEndianBytes + $0.1.bigEndianBytes })
    }

    /// As a server that has read its client's preface.
    init(serving wire: Wire) throws {
        self.wire = wire
        _ = try wire.read(through: "SM\r\n\r\n")
        try send(.settings)
    }

    // MARK: - Out

    static func bytes(_ type: Kind, flags: UInt8 = 0, stream: Int = 0, payload: [UInt8] = []) -> [UInt8] {
        Array(UInt32(payload.count).bigEndianBytes.dropFirst()) + [type.rawValue, flags]
            + UInt32(stream).bigEndianBytes + payload
    }

    func send(_ type: Kind, flags: UInt8 = 0, stream: Int = 0, payload: [UInt8] = []) throws {
        try wire.send(Self.bytes(type, flags: flags, stream: stream, payload: payload))
    }

    /// Literals, in no table (RFC 7541 §6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    private static func string(_ text: String) -> [UInt8] {
        integer(text.utf8.count) + Array(text.utf8)
    }

    /// RFC 7541 §5.1 with a prefix of seven bits.
    private static func integer(_ value: Int) -> [UInt8] {
        guard value >= 127 else { return [UInt8(value)] }
        var bytes: [UInt8] = [127]
        var rest = value - 127
        while rest >= 128 {
            bytes.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func request(_ path: String, _ method: String = "GET") -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a.test")]
    }

    func headers(_ stream: Int, _ fields: [(String, String)], end: Bool = true) throws {
        try send(.headers, flags: end ? 5 : 4, stream: stream, payload: Self.block(fields))
    }

    func data(_ stream: Int, _ bytes: [UInt8], end: Bool = false) throws {
        try send(.data, flags: end ? 1 : 0, stream: stream, payload: bytes)
    }

    func openWindow(_ stream: Int, by count: Int) throws {
        try send(.windowUpdate, stream: stream, payload: UInt32(count).bigEndianBytes)
    }

    // MARK: - In

    func next() throws -> Frame {
        let head = try wire.read(count: 9)
        let frame = Frame(
            type: Kind(rawValue: head[3]) ?? .priority, flags: head[4], stream: head[5...].number & 0x7FFF_FFFF,
            payload: try wire.read(count: head[..<3].number))
        // The other side may have closed behind it.
        if frame.type == .settings, !frame.isAcknowledgement { try? send(.settings, flags: 1) }
        return frame
    }

    /// The next frame of one of these kinds; others are left out.
    func next(_ kinds: Kind...) throws -> Frame {
        while true {
            let frame = try next()
            if kinds.contains(frame.type) { return frame }
        }
    }

    func fields(of frame: Frame) throws -> [(String, String)] {
        var block = ByteBuffer(bytes: frame.payload)
        return try decoder.decodeHeaders(from: &block).map { ($0.name, $0.value) }
    }

    struct Message {
        var fields: [(String, String)] = []
        var body: [UInt8] = []
        var trailers: [(String, String)] = []
        var status: Int { fields.first { $0.0 == ":status" }.flatMap { Int($0.1) } ?? 0 }

        subscript(_ name: String) -> String? { (fields + trailers).first { $0.0 == name }?.1 }
    }

    /// What comes on a stream until it ends; windows are opened meanwhile.
    func message(_ stream: Int) throws -> Message {
        var message = Message()
        while true {
            let frame = try next(.headers, .data, .reset, .goAway)
            if frame.type == .goAway { throw WireFailure.broken("GOAWAY \(frame.errorCode)") }
            guard frame.stream == stream else { continue }
            switch frame.type {
            case .headers where message.fields.isEmpty: message.fields = try fields(of: frame)
            case .headers: message.trailers = try fields(of: frame)
            case .data:
                message.body += frame.payload
                if frame.payload.count > 0 {
                    try openWindow(0, by: frame.payload.count)
                    if !frame.endsStream { try openWindow(stream, by: frame.payload.count) }
                }
            default: throw WireFailure.broken("RST_STREAM \(frame.errorCode)")
            }
            if frame.endsStream { return message }
        }
    }

    /// Sends a frame so often, as fast as it is taken, and answers what the other side says to that: the code of its
    /// GOAWAY; nil where it closes before that has reached us, who do not read meanwhile.
    func flood(with frame: [UInt8], times: Int = 100_000) throws -> Int? {
        // In one go, so that they come as a flood even where we get little of the processor's time.
        _ = try? wire.send([[UInt8]](repeating: frame, count: times).flatMap { $0 })
        do {
            return try next(.goAway).errorCode
        } catch WireFailure.broken {
            return nil
        }
    }
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension Sequence<UInt8> {
    /// Big-endian.
    var number: Int { reduce(0) { $0 << 8 | Int($1) } }
}
