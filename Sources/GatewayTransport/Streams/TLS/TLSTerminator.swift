internal import Bytes
package import GatewayEngine
package import GatewayModel
internal import NIOSSL

/// What TLS with a client came to.
struct TLSAgreement {
    /// Whose certificate was shown.
    let listener: ListenerID
    /// Its own certificate, verified; nil where it was not asked for one.
    let client: ClientCertificate?
    /// What that had to lead to.
    let demand: CertificateDemand
    let speaksHTTP2: Bool
}

/// What a listener asks of certificates of clients.
enum CertificateDemand: Equatable {
    case none
    /// That they lead to one of these, in PEM.
    case signed(by: [UInt8])
}

/// Ends TLS at one address: which certificate is shown to whom.
final class TLSTerminator: Sendable {
    /// What one listener shows.
    struct Identity: Sendable {
        let listener: ListenerID
        let hostname: HostPattern
        let ciphers: CipherOrder
        /// Without what it asks for there is no connection.
        let demand: CertificateDemand
    }

    let settings: [TLSSettings]
    private let identities: [Identity]

    /// - Parameter settings: of each listener, at least one. Throws a `TLSFault` of the first that cannot be.
    init(_ settings: [TLSSettings]) throws {
        self.settings = settings
        identities = try settings.map {
            Identity(
                listener: $0.listener, hostname: $0.hostname, ciphers: try $0.made(),
                demand: $0.clientRoots.map { .signed(by: $0) } ?? .none)
        }
    }

    /// Whether a listener asks its clients for just that.
    func asks(_ demand: CertificateDemand, for listener: ListenerID) -> Bool {
        identities.contains { $0.listener == listener && $0.demand == demand }
    }

    /// The listeners that another one, in place of this, asks for something else for, or has not.
    func listeners(thatAskOtherwiseIn other: TLSTerminator?) -> Set<ListenerID> {
        Set(identities.filter { !(other?.asks($0.demand, for: $0.listener) ?? false) }.map(\.listener))
    }

    /// What is shown to a client that asks for a name (RFC 6066 §3): the identity of the most specific hostname;
    /// where none fits or none is asked for, the one for every host, or the first.
    func identity(for serverName: String?) -> Identity? {
        let name = serverName?.lowercased() ?? ""
        let fitting = identities.filter { $0.hostname.fits(name) }
        return fitting.max { $0.hostname.specificity < $1.hostname.specificity } ?? identities.first
    }
}

extension HostPattern {
    fileprivate func fits(_ name: String) -> Bool {
        switch self {
        case .any: true
        case .exact(let host): host == name
        case .wildcard(let suffix): name.hasSuffix(".\(suffix)")
        }
    }

    fileprivate var specificity: Int {
        switch self {
        case .any: 0
        case .wildcard(let suffix): 1 + suffix.utf8.count
        case .exact: .max
        }
    }
}

extension TLSSettings {
    /// For swift-nio-ssl.
    fileprivate func made() throws -> CipherOrder {
        let chain = try TLSFile.certificates(certificates, "the certificate file")
        let key = try TLSFile.key(key)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.maximumTLSVersion = maximumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.cipherSuiteValues = cipherSuites.compactMap { Self.ciphers[$0] }
        configuration.applicationProtocols = protocols
        if let clientRoots {
            configuration.trustRoots = .certificates(try TLSFile.certificates(clientRoots, "the root file"))
            configuration.certificateVerification = .noHostnameVerification
        }
        return try CipherOrder(configuration, key: chain[0].extractPublicKey())
    }

    private static let ciphers: [String: NIOTLSCipher] = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
}
