internal import AsyncHTTPClient
internal import Bytes
internal import GatewayModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension RemoteFailure {
    /// What a library reports, in words for the operator.
    init(_ error: any Error, at url: HTTPURL) {
        let place = url.withoutQuery
        switch error {
        case let error as NIOConnectionError: self = Self.connecting(error, to: url)
        case let error as IOError: self.init("\(place): \(systemMessage(error.errnoCode))")
        case let error as NIOSSLError: self = Self.securing(error, with: url)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self.init("the certificate of \(url.host) is for another name")
        case let error as HTTPClientError where Self.timeouts.contains(error):
            self.init("no whole answer from \(place) in time")
        case is CancellationError: self.init("no whole answer from \(place) in time")
        case let error as HTTPClientError where error == .remoteConnectionClosed || error == .uncleanShutdown:
            self.init("\(place) closes the connection in the middle of its answer")
        case let error as HTTPParserError where error == .invalidEOFState:
            self.init("\(place) closes the connection in the middle of its answer")
        default: self.init("\(place) does not answer in HTTP that can be read: \(error)")
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout, .tlsHandshakeTimeout,
        .getConnectionFromPoolTimeout, .cancelled,
    ]

    private static func connecting(_ error: NIOConnectionError, to url: HTTPURL) -> RemoteFailure {
        guard let first = error.connectionErrors.first else {
            return RemoteFailure("the name \(url.host) can't be resolved")
        }
        let reason = (first.error as? IOError).map { systemMessage($0.errnoCode) } ?? "\(first.error)"
        return RemoteFailure("cannot connect to \(url.host):\(url.port): \(reason)")
    }

    private static func securing(_ error: NIOSSLError, with url: HTTPURL) -> RemoteFailure {
        switch error {
        case .handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            RemoteFailure(
                "the certificate of \(url.host) is not valid, or of no trusted authority; `caFile` names your own")
        case .unableToValidateCertificate: RemoteFailure("the certificate of \(url.host) is for another name")
        case .handshakeFailed: RemoteFailure("\(url.host):\(url.port) does not speak TLS as it has to")
        default: RemoteFailure("\(url.withoutQuery): TLS failed: \(error)")
        }
    }
}
