internal import Bytes

/// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 in hexadecimal is the IPv4 address.
package struct IPAddress: Equatable, Sendable, CustomStringConvertible {
    /// The address as a big-endian number; IPv4 in the lowest 32 bits.
    let high: UInt64
    let low: UInt64
    let isIPv6: Bool

    /// What a text that is no address suffers from.
    package enum ParseError: String, Error {
        case malformed = "parse error during conversion from string"
        case zone = "a zone is not allowed"
        case mapped = "an IPv4-mapped IPv6 address is not allowed"
    }

    init(high: UInt64, low: UInt64, isIPv6: Bool) {
        self.high = high
        self.low = low
        self.isIPv6 = isIPv6
    }

    package init(v4 value: UInt32) { self.init(high: 0, low: UInt64(value), isIPv6: false) }

    package init(v6High high: UInt64, low: UInt64) { self.init(high: high, low: low, isIPv6: true) }

    package init(_ text: CELBuffer) throws(ParseError) {
        let bytes = unsafe Array(text.bytes)
        if bytes.contains(UInt8(ascii: "%")) { throw .zone }
        guard bytes.contains(UInt8(ascii: ":")) else {
            guard let value = Self.parseV4(bytes[...]) else { throw .malformed }
            self.init(v4: value)
            return
        }
        guard let groups = try Self.parseV6(bytes) else { throw .malformed }
        let high = groups[0..<4].reduce(0 as UInt64) { $0 << 16 | UInt64($1) }
        let low = groups[4..<8].reduce(0 as UInt64) { $0 << 16 | UInt64($1) }
        if high == 0, low >> 32 == 0xFFFF {
            self.init(v4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(high: high, low: low, isIPv6: true)
        }
    }

    /// Four decimal octets without leading zeros.
    private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(\.isASCIIDigit) else { return nil }
            guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            let octet = part.reduce(0 as UInt32) { $0 * 10 + UInt32($1 - 0x30) }
            guard octet < 256 else { return nil }
            value = value << 8 | octet
        }
        return value
    }

    /// Eight groups, one run of zeros abbreviated at most; nil where malformed.
    private static func parseV6(_ text: [UInt8]) throws(ParseError) -> [UInt16]? {
        let colon = UInt8(ascii: ":")
        var gap: Int?
        for index in text.indices.dropLast() where text[index] == colon && text[index + 1] == colon {
            guard gap == nil else { return nil }
            gap = index
        }
        guard let gap else {
            let groups = try parseGroups(text[...])
            return groups?.count == 8 ? groups : nil
        }
        guard let left = try parseGroups(text[..<gap]), let right = try parseGroups(text[(gap + 2)...]) else {
            return nil
        }
        guard left.count + right.count < 8 else { return nil }
        return left + Array(repeating: 0, count: 8 - left.count - right.count) + right
    }

    private static func parseGroups(_ text: ArraySlice<UInt8>) throws(ParseError) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            // Dotted quads inside IPv6 are read by few and written by fewer: refused by name.
            if part.contains(UInt8(ascii: ".")) { throw .mapped }
            guard (1...4).contains(part.count) else { return nil }
            var value: UInt16 = 0
            for byte in part {
                guard let digit = byte.hexDigitValue else { return nil }
                value = value << 4 | UInt16(digit)
            }
            groups.append(value)
        }
        return groups
    }

    var bitCount: Int { isIPv6 ? 128 : 32 }

    /// Canonical text: dotted decimal, or RFC 5952.
    package var description: String {
        guard isIPv6 else {
            let octets = [low >> 24, low >> 16, low >> 8, low].map { String($0 & 255) }
            return octets.joined(separator: ".")
        }
        let groups = [high, low].flatMap { half in [half >> 48, half >> 32, half >> 16, half].map { $0 & 0xFFFF } }
        guard let run = Self.longestZeroRun(groups) else { return Self.join(groups[...]) }
        return Self.join(groups[..<run.lowerBound]) + "::" + Self.join(groups[run.upperBound...])
    }

    private static func join(_ groups: ArraySlice<UInt64>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// The first longest run of at least two zero groups.
    private static func longestZeroRun(_ groups: [UInt64]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > best?.count ?? 0 { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }
}

extension IPAddress {
    var isUnspecified: Bool { high == 0 && low == 0 }

    var isLoopback: Bool { isIPv6 ? high == 0 && low == 1 : low >> 24 == 127 }

    var isLinkLocalUnicast: Bool { isIPv6 ? high >> 54 == 0xFE80 >> 6 : low >> 16 == 0xA9FE }

    var isLinkLocalMulticast: Bool { isIPv6 ? high >> 48 & 0xFF0F == 0xFF02 : low >> 8 == 0xE00000 }

    var isMulticast: Bool { isIPv6 ? high >> 56 == 0xFF : low >> 28 == 0xE }

    /// Neither unspecified, loopback, multicast, broadcast nor link-local; private addresses count.
    var isGlobalUnicast: Bool {
        !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast && (isIPv6 || low != 0xFFFF_FFFF)
    }

    /// The address with all but the first `length` bits cleared.
    func masked(to length: Int) -> IPAddress {
        guard isIPv6 else {
            let mask: UInt64 = length == 0 ? 0 : 0xFFFF_FFFF << UInt64(32 - length) & 0xFFFF_FFFF
            return IPAddress(high: 0, low: low & mask, isIPv6: false)
        }
        let highMask: UInt64 = length == 0 ? 0 : .max << UInt64(max(0, 64 - length))
        let lowMask: UInt64 = length <= 64 ? 0 : .max << UInt64(128 - length)
        return IPAddress(high: high & highMask, low: low & lowMask, isIPv6: true)
    }
}

/// An address and the length of its network prefix.
package struct IPNetwork: Equatable, Sendable, CustomStringConvertible {
    let address: IPAddress
    let prefixLength: UInt8

    init(address: IPAddress, prefixLength: UInt8) {
        self.address = address
        self.prefixLength = prefixLength
    }

    package init(_ text: CELBuffer) throws(IPAddress.ParseError) {
        let bytes = unsafe Array(text.bytes)
        if bytes.contains(UInt8(ascii: "%")) { throw .zone }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { throw .malformed }
        let address = try IPAddress(text.slice(0..<slash))
        let digits = bytes[(slash + 1)...]
        guard (1...3).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { throw .malformed }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { throw .malformed }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard length <= address.bitCount else { throw .malformed }
        self.init(address: address, prefixLength: UInt8(length))
    }

    package var description: String { "\(address.description)/\(prefixLength)" }

    var masked: IPNetwork {
        IPNetwork(address: address.masked(to: Int(prefixLength)), prefixLength: prefixLength)
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.isIPv6 == address.isIPv6
            && other.masked(to: Int(prefixLength)) == address.masked(to: Int(prefixLength))
    }

    func contains(_ other: IPNetwork) -> Bool {
        other.prefixLength >= prefixLength && contains(other.address)
    }
}
