internal import Bytes

/// The field names the wire itself acts upon; everything else is `other`.
package enum KnownField: Sendable {
    case other
    // Framing and routing
    case host, contentLength, transferEncoding, expect
    // Hop-by-hop (RFC 9110 §7.6.1)
    case connection, keepAlive, proxyConnection, te, trailer, upgrade, http2Settings
    case proxyAuthorization, proxyAuthenticate
    // Written by the gateway itself
    case forwarded, xForwarded, xRealIP, date, tollgateRefusal
    // Read by it
    case authorization, cookie, contentType

    package static func of(_ name: Span<UInt8>) -> KnownField {
        switch name.count {
        case 2: return name.equalsIgnoringASCIICase("te") ? .te : .other
        case 4: return ofFour(name)
        case 6: return ofSix(name)
        case 7: return ofSeven(name)
        case 9: return ofNine(name)
        case 10: return ofTen(name)
        case 12: return name.equalsIgnoringASCIICase("content-type") ? .contentType : .other
        case 13: return name.equalsIgnoringASCIICase("authorization") ? .authorization : xForwardedOrOther(name)
        case 14: return ofFourteen(name)
        case 16: return ofSixteen(name)
        case 17: return name.equalsIgnoringASCIICase("transfer-encoding") ? .transferEncoding : xForwardedOrOther(name)
        case 18:
            return name.equalsIgnoringASCIICase("proxy-authenticate") ? .proxyAuthenticate : xForwardedOrOther(name)
        case 19:
            return name.equalsIgnoringASCIICase("proxy-authorization") ? .proxyAuthorization : xForwardedOrOther(name)
        default: return xForwardedOrOther(name)
        }
    }

    private static func ofFour(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("host") { return .host }
        return name.equalsIgnoringASCIICase("date") ? .date : .other
    }

    private static func ofSix(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("cookie") { return .cookie }
        return name.equalsIgnoringASCIICase("expect") ? .expect : .other
    }

    private static func ofSeven(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("upgrade") { return .upgrade }
        return name.equalsIgnoringASCIICase("trailer") ? .trailer : .other
    }

    private static func ofNine(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("forwarded") { return .forwarded }
        return isWritten(name, as: "x-real-ip") ? .xRealIP : .other
    }

    private static func ofTen(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("connection") { return .connection }
        return name.equalsIgnoringASCIICase("keep-alive") ? .keepAlive : .other
    }

    private static func ofFourteen(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("content-length") { return .contentLength }
        if name.equalsIgnoringASCIICase("http2-settings") { return .http2Settings }
        return xForwardedOrOther(name)
    }

    private static func ofSixteen(_ name: Span<UInt8>) -> KnownField {
        if name.equalsIgnoringASCIICase("proxy-connection") { return .proxyConnection }
        // Only the gateway says that it refused.
        return name.equalsIgnoringASCIICase("tollgate-refusal") ? .tollgateRefusal : xForwardedOrOther(name)
    }

    private static func xForwardedOrOther(_ name: Span<UInt8>) -> KnownField {
        guard name.count > 12 else { return .other }
        return isWritten(name.extracting(0..<12), as: "x-forwarded-") ? .xForwarded : .other
    }

    /// Whether a name is that one to servers that make variables of names: CGI and WSGI read an
    /// underscore as a hyphen, so that `X_Real_IP` would say there what `X-Real-IP` may not.
    private static func isWritten(_ name: Span<UInt8>, as lowercased: StaticString) -> Bool {
        guard name.count == lowercased.utf8CodeUnitCount else { return false }
        for index in 0..<name.count {
            let byte = name[index] == UInt8(ascii: "_") ? UInt8(ascii: "-") : name[index].asciiLowercased
            guard unsafe byte == lowercased.utf8Start[index] else { return false }
        }
        return true
    }

    /// Fields that say how a message is conveyed, or where it comes from.
    package var isOfConveyance: Bool {
        switch self {
        case .host, .contentLength, .expect, .forwarded, .xForwarded, .xRealIP, .date: true
        default: isHopByHop
        }
    }

    /// Fields that are never forwarded: those that concern one connection only, and the gateway's own.
    package var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .upgrade, .http2Settings,
            .transferEncoding, .proxyAuthorization, .proxyAuthenticate, .tollgateRefusal:
            true
        default: false
        }
    }
}
