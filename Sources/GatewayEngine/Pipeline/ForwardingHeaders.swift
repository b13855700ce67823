internal import HTTPWire

/// What the gateway says to the upstream about where a request came from. What the client says about
/// that is not believed.
enum ForwardingHeaders {
    /// Drops every `Forwarded`, `X-Forwarded-*` and `X-Real-IP` line.
    static func strip(_ table: inout FieldTable) {
        for index in table.lines.indices {
            switch table.lines[index].known {
            case .forwarded, .xForwarded, .xRealIP: table.lines[index].isDropped = true
            default: break
            }
        }
    }

    /// The lines that are the same for all requests of a connection.
    static func lines(peer: String?, scheme: String) -> [UInt8] {
        var text = ""
        if let peer { text += "x-forwarded-for: \(peer)\r\n" }
        text += "x-forwarded-proto: \(scheme)\r\n"
        return Array(text.utf8)
    }
}
