internal import Bytes

package enum Method: UInt8, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect, other

    package init(_ name: Span<UInt8>) {
        switch name.count {
        case 3: self = name.equals("GET") ? .get : name.equals("PUT") ? .put : .other
        case 4: self = name.equals("POST") ? .post : name.equals("HEAD") ? .head : .other
        case 5: self = name.equals("PATCH") ? .patch : name.equals("TRACE") ? .trace : .other
        case 6: self = name.equals("DELETE") ? .delete : .other
        case 7: self = name.equals("OPTIONS") ? .options : name.equals("CONNECT") ? .connect : .other
        default: self = .other
        }
    }

    /// RFC 9110 §9.2.2: sending it twice has the effect of sending it once.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}

/// How the end of a message body is found (RFC 9112 §6.3).
package enum BodyFraming: Equatable, Sendable {
    case none
    case length(UInt64)
    case chunked
    /// Until the peer closes; responses only.
    case untilClose

    /// Whether the message is known to have no payload.
    package var isEmpty: Bool { self == .none || self == .length(0) }
}

/// A request head as offsets into the connection's bytes; its field lines are in a `FieldTable`.
package struct RequestHead: Sendable {
    package var method: Method
    package var methodName: Range<Int>
    /// The target as received; see `CanonicalTarget`.
    package var target: Range<Int>
    /// 0 or 1, of HTTP/1.x.
    package var minorVersion: UInt8
    /// Bytes up to and with the empty line.
    package var byteCount: Int
    package var framing: BodyFraming
    /// Whether the client wants the connection kept.
    package var keepsAlive: Bool
    /// `Expect: 100-continue` from a client that understands the answer.
    package var expectsContinue: Bool
    /// The value of Host, empty where an HTTP/1.0 client sent none.
    package var host: Range<Int>
    /// Asks to become a WebSocket connection (RFC 6455 §4.1): a GET without a body. Other protocols are
    /// not offered; a request that asks for one is an ordinary request (RFC 9110 §7.8).
    package var asksForWebSocket: Bool
    /// A call of gRPC, by its media type.
    package var isGRPC: Bool
    /// Whether there is a Host field, if an empty one.
    package var hasHost: Bool
}
