internal import GatewayEngine
internal import GatewayModel
internal import NIOSSL
internal import Synchronization

/// Begins TLS with upstreams: whom to take for one, and what to show it.
final class TLSInitiator: Sendable {
    private let trust: UpstreamTrust
    private let context: NIOSSLContext
    /// Made when it is asked for, since each holds its authorities in memory.
    private let contextOfHTTP2 = Mutex<NIOSSLContext?>(nil)

    /// Throws a `TLSFault` where it cannot be.
    init(_ trust: UpstreamTrust) throws {
        self.trust = trust
        context = try Self.context(trust, protocols: ["http/1.1"])
    }

    func context(speaksHTTP2: Bool) throws -> NIOSSLContext {
        guard speaksHTTP2 else { return context }
        return try contextOfHTTP2.withLock { known in
            let context = try known ?? Self.context(trust, protocols: ["h2"])
            known = context
            return context
        }
    }

    private static func context(_ trust: UpstreamTrust, protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
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
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Those of what is served, shared by all loops: each holds its authorities in memory.
final class TLSInitiators: Sendable {
    private let known = Mutex<[ConfigurationSource: [UpstreamTrust: TLSInitiator]]>([:])

    /// Makes those of a source's snapshot that are not there, and forgets its others. To be called before a loop uses
    /// it.
    func prepare(_ trusts: Set<UpstreamTrust>, of source: ConfigurationSource) throws {
        let earlier = known.withLock { $0[source] ?? [:] }
        var made: [UpstreamTrust: TLSInitiator] = [:]
        for trust in trusts { made[trust] = try earlier[trust] ?? TLSInitiator(trust) }
        known.withLock { [made] in $0[source] = made }
    }

    func forget(_ source: ConfigurationSource) {
        known.withLock { $0[source] = nil }
    }

    func initiator(_ trust: UpstreamTrust, of source: ConfigurationSource) -> TLSInitiator? {
        known.withLock { $0[source]?[trust] }
    }
}
