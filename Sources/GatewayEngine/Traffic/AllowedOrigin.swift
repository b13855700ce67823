internal import Bytes
internal import GatewayModel

/// The parts of an origin, as ranges of its text.
struct ParsedOrigin {
    let isHTTPS: Bool
    let host: Range<Int>
    let port: Int

    /// Nil for what is no origin of a web page, `null` among it.
    init?(_ text: Span<UInt8>) {
        guard text.count > 7 else { return nil }
        isHTTPS = text.extracting(0..<min(8, text.count)).equalsIgnoringASCIICase("https://")
        guard isHTTPS || text.extracting(0..<7).equalsIgnoringASCIICase("http://") else { return nil }
        let start = isHTTPS ? 8 : 7
        var end = start
        var isLiteral = false
        while end < text.count, isLiteral || text[end] != UInt8(ascii: ":") {
            let byte = text[end]
            if byte == UInt8(ascii: "[") { isLiteral = true }
            if byte == UInt8(ascii: "]") { isLiteral = false }
            guard byte.isURIUnreserved || isLiteral || byte == UInt8(ascii: "]"), byte > 0x20, byte < 0x7F else {
                return nil
            }
            end += 1
        }
        guard end > start else { return nil }
        host = start..<end
        guard end < text.count else {
            port = isHTTPS ? 443 : 80
            return
        }
        guard text.count - end <= 6, end + 1 < text.count else { return nil }
        var number = 0
        for index in end + 1..<text.count {
            guard text[index].isASCIIDigit else { return nil }
            number = number * 10 + Int(text[index] & 0x0F)
        }
        port = number
    }
}

/// An `OriginPattern`, its host as bytes.
struct AllowedOrigin: Sendable {
    private let isHTTPS: Bool
    private let host: [UInt8]
    private let port: Int

    init(_ pattern: OriginPattern) {
        isHTTPS = pattern.scheme == "https"
        host = Array(pattern.host.utf8)
        port = pattern.port
    }

    /// As it is written.
    var inWords: String {
        let isImplied = port == (isHTTPS ? 443 : 80)
        let scheme = isHTTPS ? "https" : "http"
        return "\(scheme)://\(String(decoding: host, as: UTF8.self))\(isImplied ? "" : ":\(port)")"
    }

    func matches(_ origin: ParsedOrigin, _ text: Span<UInt8>) -> Bool {
        origin.isHTTPS == isHTTPS && origin.port == port && matchesHost(text.extracting(origin.host))
    }

    /// Goes back to the last asterisk where the rest does not fit: at most pattern times host steps.
    private func matchesHost(_ text: Span<UInt8>) -> Bool {
        var (place, index) = (0, 0)
        var asterisk: (place: Int, index: Int)?
        while index < text.count {
            if place < host.count, host[place] == UInt8(ascii: "*") {
                asterisk = (place, index)
                place += 1
            } else if place < host.count, host[place] == text[index].asciiLowercased {
                place += 1
                index += 1
            } else if let last = asterisk {
                asterisk = (last.place, last.index + 1)
                place = last.place + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        while place < host.count, host[place] == UInt8(ascii: "*") { place += 1 }
        return place == host.count
    }
}
