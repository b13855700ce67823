internal import AsyncHTTPClient
internal import GatewayModel
internal import NIOCore
internal import NIOSSL

extension KeyClient {
    /// How the client for one request connects.
    static func clientConfiguration(_ request: RemoteRequest) async throws(RemoteFailure) -> HTTPClient.Configuration {
        let settings = request.settings
        guard request.url.scheme == .https || settings.allowsHTTP else {
            throw RemoteFailure("\(request.url.withoutQuery) is not https")
        }
        let time = TimeAmount(settings.timeout)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: request.url.scheme == .https ? try tls(settings.caFile) : nil,
            redirectConfiguration: .disallow,
            timeout: .init(connect: time, read: time, write: time),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        // The schedule decides when to try again, and the first reason is the one to tell.
        configuration.connectionPool.retryConnectionEstablishment = false
        if settings.refusesPrivateAddresses {
            // The address that was looked at is the one connected to: a name may resolve to another one next time.
            configuration.dnsOverride[request.url.host] = try await PublicAddress.resolve(request.url)
        }
        return configuration
    }

    private static func tls(_ caFile: String?) throws(RemoteFailure) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        guard let caFile else { return configuration }
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(caFile)
        } catch {
            throw RemoteFailure("cannot read certificates from `\(caFile)`")
        }
        guard !certificates.isEmpty else { throw RemoteFailure("`\(caFile)` holds no certificate") }
        configuration.trustRoots = .certificates(certificates)
        return configuration
    }
}
