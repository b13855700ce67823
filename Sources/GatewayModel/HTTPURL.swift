/// An absolute `http` or `https` URL without user information or fragment, taken apart (RFC 3986, RFC 9110 §4.2).
///
/// Strict: ASCII only, a plain host name, IPv4 address or bracketed IPv6 address, a port from 1 to 65535, and in
/// path and query only what may stand in a request target. Two readers of one that was taken agree about it.
package struct HTTPURL: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable {
        case http, https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Path and query; begins with a slash.
    package let target: String

    /// Why a text is no such URL, as the end of a sentence.
    package struct Problem: Error, Equatable, Sendable {
        package let message: String

        init(_ message: String) { self.message = message }

        /// Where a query has no place.
        package static var query: Problem { Problem("has a query") }
    }

    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.maxBytes else { throw Problem("is longer than \(Self.maxBytes) bytes") }
        guard let separator = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
        else { throw Problem("does not begin with https://") }
        let rest = text[separator.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let (host, port) = try Self.authority(rest[..<end], scheme)
        self.init(scheme: scheme, host: host, port: port, target: try Self.target(rest[end...]))
    }

    private init(scheme: Scheme, host: String, port: Int, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// Where a reference leads from here, as a `Location` gives it. Dot segments are left to the server.
    package func resolving(_ reference: String) throws(Problem) -> HTTPURL {
        if reference.hasPrefix("//") { return try HTTPURL("\(scheme.rawValue):\(reference)") }
        if reference.hasPrefix("/") { return try moved(to: reference) }
        let head = reference.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if head.contains(":") { return try HTTPURL(reference) }
        let path = target.prefix { $0 != "?" }
        if reference.hasPrefix("?") { return try moved(to: path + reference) }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return try moved(to: folder + reference)
    }

    private func moved(to reference: some StringProtocol) throws(Problem) -> HTTPURL {
        let target = reference.prefix { $0 != "#" }
        return HTTPURL(scheme: scheme, host: host, port: port, target: try Self.target(Substring(target)))
    }

    /// Whether both are of one server: scheme, host and port (RFC 6454).
    package func hasOrigin(of other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// Longer than any key set's address.
    private static let maxBytes = 2048
}

extension HTTPURL: CustomStringConvertible {
    package var description: String { origin + target }

    /// For logs, metrics and people: a query may hold a secret.
    package var withoutQuery: String { origin + target.prefix { $0 != "?" } }

    private var origin: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(host)\(port == scheme.defaultPort ? "" : ":\(port)")"
    }
}

extension HTTPURL {
    private static func authority(
        _ text: Substring, _ scheme: Scheme
    ) throws(Problem) -> (host: String, port: Int) {
        guard !text.contains("@") else { throw Problem("holds a user name") }
        var host = text
        var port = scheme.defaultPort
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = Int(digits), (1...65535).contains(number)
            else { throw Problem("has the invalid port \"\(digits)\"") }
            port = number
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy(isOfAddress) else {
                throw Problem("has an invalid IPv6 address")
            }
        } else {
            guard !host.isEmpty else { throw Problem("has no host") }
            guard host.utf8.count <= 253, host.utf8.allSatisfy(isOfName) else { throw Problem("has an invalid host") }
        }
        return (host.lowercased(), port)
    }

    private static func target(_ text: Substring) throws(Problem) -> String {
        guard !text.contains("#") else { throw Problem("has a fragment") }
        guard text.utf8.allSatisfy(isOfTarget) else {
            throw Problem("holds a character that has to be percent-encoded")
        }
        return text.hasPrefix("/") ? String(text) : "/\(text)"
    }

    private static func isOfAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// RFC 3986 §3.3 and §3.4: unreserved, sub-delims, and `% : @ / ?`.
    private static func isOfTarget(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "#"):
            false
        default: byte > 0x20 && byte < 0x7F
        }
    }
}
