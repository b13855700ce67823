/// What is wrong with a name a user wrote, and what to do about it.
package struct NameProblem: Error, Equatable, Sendable {
    package var message: String
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Names and addresses of hosts as users write them, checked and brought to one form.
package enum HostSyntax {
    /// `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`; the host in lower case, without brackets.
    package static func endpoint(_ text: String) throws(NameProblem) -> (host: String, port: Int) {
        try checkUserInformation(text)
        if let scheme = text.firstRange(of: "://") {
            throw NameProblem("has a scheme", hint: "write it without `\(text[..<scheme.upperBound])`, as host:port")
        }
        guard let colon = text.lastIndex(of: ":"), text.last != "]" else {
            throw NameProblem(
                "has no port", hint: "write `\(text.isEmpty ? "host" : text):8080`, with the port it listens on")
        }
        let portText = text[text.index(after: colon)...]
        guard portText.utf8.allSatisfy(\.isDigit), let port = Int(portText), (1...65535).contains(port) else {
            let hint = portText.contains("/") ? "a path is not part of it" : "a port is a number from 1 to 65535"
            throw NameProblem("has the invalid port \"\(portText)\"", hint: hint)
        }
        return (try endpointHost(text[..<colon]), port)
    }

    /// A host as it stands in a URL, with its port where it has one.
    package static func authority(_ text: String) throws(NameProblem) -> String {
        guard text.last != "]", text.contains(":") else { return try authorityHost(text) }
        let (host, port) = try endpoint(text)
        return "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// A host as it stands in a URL, without a port.
    package static func authorityHost(_ text: String) throws(NameProblem) -> String {
        try checkUserInformation(text)
        if let colon = text.firstIndex(of: ":"), !text.hasPrefix("["), !isIPv6(text) {
            throw NameProblem("has a port", hint: "write `\(text[..<colon])` alone")
        }
        let host = try endpointHost(text[...])
        return host.contains(":") ? "[\(host)]" : host
    }

    /// What stands before an `@` may be a password: nothing of the text is said.
    static func checkUserInformation(_ text: String) throws(NameProblem) {
        guard text.contains("@") else { return }
        throw NameProblem(
            "has user information, which is not allowed there", hint: "write what stands behind the `@` alone")
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets; without the brackets.
    static func endpointHost(_ text: Substring) throws(NameProblem) -> String {
        if text.hasPrefix("[") {
            let address = text.dropFirst().dropLast()
            guard text.hasSuffix("]"), isIPv6(address) else {
                throw NameProblem("\"\(text)\" is no IPv6 address in brackets")
            }
            return address.lowercased()
        }
        if text.contains(":") {
            throw NameProblem("has an IPv6 address without brackets", hint: "write `[\(text)]:port`")
        }
        return try host(text)
    }

    /// A DNS name or an IPv4 address, in lower case and without a dot at its end.
    package static func host(_ text: some StringProtocol) throws(NameProblem) -> String {
        let name = text.hasSuffix(".") ? String(text.dropLast()) : String(text)
        guard !name.isEmpty else { throw NameProblem("has no host name") }
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw NameProblem("has a host name that is not ASCII", hint: "write its xn-- form")
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            throw NameProblem(
                "has the invalid host name \"\(text)\"",
                hint: "labels of letters, digits and hyphens, with dots between them")
        }
        // RFC 1123 §2.1: a name whose last label is a number is meant as an address.
        if let last = labels.last, last.utf8.allSatisfy(\.isDigit), !isIPv4(name) {
            throw NameProblem("\"\(text)\" is no IPv4 address")
        }
        return name.lowercased()
    }

    /// Underscores are no part of a host name by RFC 952, but of many a service's name.
    private static func isLabel(_ label: Substring) -> Bool {
        guard let first = label.utf8.first, let last = label.utf8.last, label.utf8.count <= 63 else { return false }
        guard first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else { return false }
        return label.utf8.allSatisfy { $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

extension HostSyntax {
    /// Four decimal numbers without leading zeros.
    package static func isIPv4(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(\.isDigit) else { return false }
                guard part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0") else { return false }
                return Int(part).map { $0 <= 255 } ?? false
            }
    }

    /// RFC 4291 §2.2, without a zone.
    package static func isIPv6(_ text: some StringProtocol) -> Bool {
        let text = String(text)
        guard let gap = text.firstRange(of: "::") else { return groups(text[...], mayEndInIPv4: true) == 8 }
        guard let before = groups(text[..<gap.lowerBound], mayEndInIPv4: false),
            let after = groups(text[gap.upperBound...], mayEndInIPv4: true)
        else { return false }
        return before + after <= 7
    }

    /// How many 16-bit groups a part of an address has; nil where it is malformed.
    private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> Int? {
        guard !text.isEmpty else { return 0 }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        if mayEndInIPv4, let last = parts.last, last.contains(".") {
            guard isIPv4(last) else { return nil }
            parts.removeLast()
            count = 2
        }
        guard parts.allSatisfy({ (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isHexDigit) }) else {
            return nil
        }
        return count + parts.count
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- 0x30 < 10 }
    fileprivate var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    fileprivate var isHexDigit: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
}
