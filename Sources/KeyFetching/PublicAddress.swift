internal import GatewayModel
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Addresses of the public Internet, as against those of this machine and of private networks.
package enum PublicAddress {
    /// An address of the URL's host. Throws where any of them is not public: a name that leads to both is a trap.
    static func resolve(_ url: HTTPURL) async throws(RemoteFailure) -> String {
        let addresses: [[UInt8]]
        do {
            addresses = try await NIOThreadPool.singleton.runIfActive { lookUp(url.host) }
        } catch {
            throw RemoteFailure("cannot look up \(url.host)")
        }
        guard let first = addresses.first else { throw RemoteFailure("\(url.host) has no address") }
        guard addresses.allSatisfy(isPublic) else {
            throw RemoteFailure("\(url.host) has an address that is not public")
        }
        return text(first)
    }

    /// The host's addresses in network order, 4 or 16 bytes each.
    private static func lookUp(_ host: String) -> [[UInt8]] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [[UInt8]] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr.flatMap(bytes) { addresses.append(address) }
            next = entry.ai_next
        }
        return addresses
    }

    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>) -> [UInt8]? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
            }
        default: nil
        }
    }

    private static func text(_ address: [UInt8]) -> String {
        if address.count == 4 { return address.map { "\($0)" }.joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(address[$0]) << 8 | UInt16(address[$0 + 1]), radix: 16) }.joined(separator: ":")
    }

    /// Whether no registry of special-purpose addresses names it (RFC 6890 and what follows it).
    package static func isPublic(_ address: [UInt8]) -> Bool {
        if address.count == 4 { return !specialIPv4.contains { $0.contains(address) } }
        // An IPv4 address inside: mapped (RFC 4291 §2.5.5.2), translated (RFC 6052 §2.1), 6to4 (RFC 3056 §2).
        if address.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]) {
            return isPublic(Array(address[12...]))
        }
        if address.starts(with: [0, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)) {
            return isPublic(Array(address[12...]))
        }
        if address.starts(with: [0x20, 0x02]) { return isPublic(Array(address[2..<6])) }
        return !specialIPv6.contains { $0.contains(address) }
    }

    private struct Block {
        let prefix: [UInt8]
        let bits: Int

        func contains(_ address: [UInt8]) -> Bool {
            for index in 0..<(bits + 7) / 8 {
                let mask = bits - index * 8 >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF00 >> (bits - index * 8))
                if address[index] & mask != prefix[index] & mask { return false }
            }
            return true
        }
    }

    private static let specialIPv4 = [
        Block(prefix: [0], bits: 8), Block(prefix: [10], bits: 8), Block(prefix: [100, 64], bits: 10),
        Block(prefix: [127], bits: 8), Block(prefix: [169, 254], bits: 16), Block(prefix: [172, 16], bits: 12),
        Block(prefix: [192, 0, 0], bits: 24), Block(prefix: [192, 0, 2], bits: 24),
        Block(prefix: [192, 168], bits: 16), Block(prefix: [198, 18], bits: 15),
        Block(prefix: [198, 51, 100], bits: 24), Block(prefix: [203, 0, 113], bits: 24),
        Block(prefix: [224], bits: 3),
    ]

    /// Unspecified, loopback and IPv4-compatible; discard-only; documentation; unique local; link-local; multicast.
    private static let specialIPv6 = [
        Block(prefix: [UInt8](repeating: 0, count: 12), bits: 96),
        Block(prefix: [0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01], bits: 48), Block(prefix: [0x01, 0x00], bits: 8),
        Block(prefix: [0x20, 0x01, 0x0D, 0xB8], bits: 32), Block(prefix: [0xFC], bits: 7),
        Block(prefix: [0xFE, 0x80], bits: 10), Block(prefix: [0xFE, 0xC0], bits: 10), Block(prefix: [0xFF], bits: 8),
    ]
}
