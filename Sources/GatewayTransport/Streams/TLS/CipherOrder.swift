internal import NIOSSL
internal import Synchronization

/// The contexts of one listener, by which its order of suites holds for TLS 1.2.
///
/// swift-nio-ssl takes the first suite of the client's that it knows. Where ours is to be the order, a client meets a
/// context that has but the one suite that is to be taken. The three suites of TLS 1.3 are in each of them, and the
/// client's to choose from: they are equally strong, and it knows what its hardware does well.
final class CipherOrder: Sendable {
    private let configuration: TLSConfiguration
    /// Those that the key is of use for, the preferred ones first.
    private let suites: [NIOTLSCipher]
    private let all: NIOSSLContext
    /// Contexts with one suite, made when they are first asked for: each holds the authorities of clients in memory.
    private let single = Mutex<[NIOTLSCipher: NIOSSLContext]>([:])

    init(_ configuration: TLSConfiguration, key: NIOSSLPublicKey) throws {
        self.configuration = configuration
        all = try NIOSSLContext(configuration: configuration)
        let isRSA = try key.isRSA
        suites = configuration.cipherSuiteValues.filter { Self.rsaSuites.contains($0) == isRSA }
    }

    /// - Parameter offered: what the client offers, in its order.
    func context(offered: [UInt16]) -> NIOSSLContext {
        guard let suite = choice(of: offered) else { return all }
        return single.withLock { known in
            if let context = known[suite] { return context }
            var configuration = configuration
            configuration.cipherSuiteValues = [suite]
            // What could be made with all of them can be with one.
            guard let context = try? NIOSSLContext(configuration: configuration) else { return all }
            known[suite] = context
            return context
        }
    }

    /// Nil where there is nothing to choose.
    private func choice(of offered: [UInt16]) -> NIOTLSCipher? {
        let common = offered.lazy.map(NIOTLSCipher.init(rawValue:)).filter(suites.contains)
        guard let first = common.first else { return nil }
        // Whoever names it first has no hardware for AES.
        if Self.softwareSuites.contains(first) { return first }
        return suites.first(where: common.contains)
    }

    private static let softwareSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private static let rsaSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
}

extension NIOSSLPublicKey {
    /// Whether suites that sign with RSA are for it; all others are for the rest (RFC 8422 §2).
    fileprivate var isRSA: Bool {
        get throws {
            // rsaEncryption, 1.2.840.113549.1.1.1, stands behind the heads of at most two sequences.
            let identifier: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
            let head = try toSPKIBytes().prefix(identifier.count + 8)
            return head.indices.contains { head[$0...].starts(with: identifier) }
        }
    }
}
