internal import Bytes
internal import HTTPWire

/// What the gateway says to the upstream about where a request came from.
///
/// What a client says about that is replaced; what a trusted proxy says is kept, and the proxy itself is
/// added to the list.
enum ForwardingHeaders {
    static func apply(_ scratch: RequestScratch, _ bytes: Span<UInt8>, _ connection: ConnectionContext) {
        scratch.sendsForwardedHost = true
        guard connection.isTrustedProxy else {
            drop(&scratch.table)
            // Shared, not copied: steady traffic allocates nothing here.
            scratch.forwardingLines = connection.forwardingLines
            return
        }
        var namesScheme = false
        for line in scratch.table.lines where line.known == .xForwarded {
            let name = bytes.extracting(line.name)
            if name.equalsIgnoringASCIICase("x-forwarded-proto") { namesScheme = true }
            if name.equalsIgnoringASCIICase("x-forwarded-host") { scratch.sendsForwardedHost = false }
        }
        scratch.forwardingLines = namesScheme ? connection.forwardedFor : connection.forwardingLines
    }

    /// Drops every `Forwarded`, `X-Forwarded-*` and `X-Real-IP` line.
    private static func drop(_ table: inout FieldTable) {
        for index in table.lines.indices {
            switch table.lines[index].known {
            case .forwarded, .xForwarded, .xRealIP: table.lines[index].isDropped = true
            default: break
            }
        }
    }
}
