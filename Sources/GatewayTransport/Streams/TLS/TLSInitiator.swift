internal import GatewayEngine
internal import GatewayModel
internal import NIOSSL
internal import Synchronization

/// Begins TLS with upstreams: whom to take for one, and what to show it.
final class TLSInitiator: Sendable {
    let context: NIOSSLContext

    /// Throws a `TLSFault` where it cannot be.
    init(_ trust: UpstreamTrust) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification =
            switch trust.verification {
            case .full: .fullVerification
            case .anyName: .noHostnameVerification
            case .nothing: .none
            }
        if let roots = trust.roots {
            configuration.trustRoots = .certificates(try TLSFile.certificates(roots, "the root file"))
        }
        if let certificates = trust.certificates, let key = trust.key {
            configuration.certificateChain = try TLSFile.certificates(certificates, "the certificate file")
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try TLSFile.key(key))
        }
        context = try NIOSSLContext(configuration: configuration)
    }
}

/// Those of what is served, shared by all loops: each holds its authorities in memory.
final class TLSInitiators: Sendable {
    private let known = Mutex<[UpstreamTrust: TLSInitiator]>([:])

    /// Makes those of a snapshot that are not there, and forgets all others. To be called before a loop uses it.
    func prepare(_ trusts: Set<UpstreamTrust>) throws {
        let earlier = known.withLock { $0 }
        var made: [UpstreamTrust: TLSInitiator] = [:]
        for trust in trusts { made[trust] = try earlier[trust] ?? TLSInitiator(trust) }
        known.withLock { [made] in $0 = made }
    }

    func initiator(_ trust: UpstreamTrust) -> TLSInitiator? { known.withLock { $0[trust] } }
}
