internal import Bytes
internal import HTTPWire

/// What the gateway says to the upstream about where a request came from.
///
/// What a client says about that is replaced; what a trusted proxy says is kept, and the proxy itself is
/// added to the list.
enum ForwardingHeaders {
    static func apply(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>, _ connection: ConnectionContext) {
        scratch.sendsForwardedHost = true
        guard connection.isTrustedProxy else {
            drop(&scratch.table, where: { _ in true })
            // Shared, not copied: steady traffic allocates nothing here.
            scratch.forwardingLines = connection.forwardingLinesOfStranger
            return
        }
        // A proxy that is trusted may still pass on what a client spelled with underscores.
        drop(&scratch.table, where: { bytes.extracting($0.name).firstIndex(of: UInt8(ascii: "_")) != nil })
        var namesScheme = false
        for line in scratch.table.lines where line.known == .xForwarded && !line.isDropped {
            let name = bytes.extracting(line.name)
            if name.equalsIgnoringASCIICase("x-forwarded-proto") { namesScheme = true }
            if name.equalsIgnoringASCIICase("x-forwarded-host") { scratch.sendsForwardedHost = false }
        }
        scratch.forwardingLines = namesScheme ? connection.forwardedFor : connection.forwardingLines
    }

    /// Drops the `Forwarded`, `X-Forwarded-*` and `X-Real-IP` lines that `isMeant` picks.
    private static func drop(_ table: inout FieldTable, where isMeant: (FieldLine) -> Bool) {
        for index in table.lines.indices {
            switch table.lines[index].known {
            case .forwarded, .xForwarded, .xRealIP:
                if isMeant(table.lines[index]) { table.lines[index].isDropped = true }
            default: break
            }
        }
    }
}
