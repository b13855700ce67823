internal import Bytes
package import GatewayModel
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
package import ServiceLifecycle

/// The sockets of the Admin API: who may call, and how calls and answers are written in HTTP.
package struct AdminServer: Service {
    package enum Security: Sendable {
        case plain
        /// A certificate and its key, in PEM.
        case tls(certificate: String, key: String)
    }

    /// Why it does not listen.
    package struct Failure: Error, CustomStringConvertible {
        let address: ListenAddress
        let reason: String

        package var description: String {
            "the Admin API cannot listen on \(address): \(reason); name another address with --admin-listen, or with "
                + "`config.admin.listen` in the file"
        }
    }

    private let resources: ResourceSet
    private let address: ListenAddress
    private let security: Security
    private let access: AdminGuard
    private let masksSecrets: Bool
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private let whenRunning: @Sendable () -> Void

    /// APISIX's own limit, in bytes.
    private static let maxBodyBytes = 1_572_864

    /// - Parameters:
    ///   - masksSecrets: whether secrets are hidden from admins, too; viewers never see any.
    ///   - whenRunning: called once calls are answered.
    package init(
        _ resources: ResourceSet, address: ListenAddress, security: Security, keys: [AdminKey], masksSecrets: Bool,
        now: @escaping @Sendable () -> Int64, logger: Logger, whenRunning: @escaping @Sendable () -> Void = {}
    ) {
        self.whenRunning = whenRunning
        self.resources = resources
        self.address = address
        self.security = security
        access = AdminGuard(keys)
        self.masksSecrets = masksSecrets
        self.now = now
        self.logger = logger
    }

    package func run() async throws {
        let responder = CallbackResponder<AdminContext> { request, context in
            await respond(to: request, from: context.address)
        }
        // It lives as long as the process: of what the library closes it asks the loop once more, after it has ended.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let application = Application(
            responder: responder, server: try server(),
            configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port)),
            onServerRunning: { [logger, address, whenRunning] _ in
                logger.info("the Admin API listens on \(address.description)")
                whenRunning()
            },
            eventLoopGroupProvider: .shared(group), logger: Self.withoutRoutine(logger))
        do {
            try await application.run()
        } catch let error as IOError {
            throw Failure(address: address, reason: systemMessage(error.errnoCode))
        }
    }

    /// For the library: where it listens, and that it stops, the gateway says itself.
    private static func withoutRoutine(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        return logger
    }

    private func server() throws -> HTTPServerBuilder {
        switch security {
        case .plain: return .http1()
        case .tls(let certificate, let key):
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            return try .tls(.http1(), tlsConfiguration: configuration)
        }
    }

    // MARK: - One call

    private func respond(to request: Request, from address: String) async -> Response {
        guard isOurHost(request.head.authority) else {
            return answer(.error(421, "this is not the name of the Admin API; call it by address or as localhost"))
        }
        let key: AdminKey
        switch access.judge(Self.keyField.flatMap { request.headers[$0] }, from: address, now: now()) {
        case .allowed(let known): key = known
        case .missing: return refuse("missing apikey")
        case .wrong:
            logger.warning("a call of the Admin API from \(address) showed a wrong key")
            return refuse("wrong apikey")
        case .tooMany:
            let length = AdminKey.unguessableBytes
            return answer(
                .error(
                    429,
                    "too many wrong keys came from this address; wait a minute (a key of \(length) characters or more, "
                        + "\(AdminKey.unguessableKinds) of them different, need not)"))
        }
        guard key.role == .admin || request.method == .get || request.method == .head else {
            return refuse("invalid method for role \(key.role.rawValue)")
        }
        guard let body = await body(of: request) else { return answer(.tooLarge(maximum: Self.maxBodyBytes)) }
        let call = AdminRequest(
            method: request.method.rawValue, target: request.head.path ?? "/", body: body,
            caller: AdminRequest.Caller(
                name: key.name, role: key.role, group: key.group, address: address,
                seesMasks: masksSecrets || key.role == .viewer))
        guard var call else {
            return answer(.error(404, "the Admin API is at \(AdminRequest.root) and \(AdminRequest.groupRoot)"))
        }
        call.ifMatch = request.headers[.ifMatch]
        call.ifNoneMatch = request.headers[.ifNoneMatch]
        return answer(await resources.answer(call), isHead: request.method == .head)
    }

    private static let keyField = HTTPField.Name("X-API-KEY")
    /// Which of APISIX's shapes these are.
    private static let versionField = HTTPField.Name("X-API-VERSION")

    /// A page of a stranger can make a browser call a name that it has pointed here; it can't choose that name to be
    /// an address or `localhost`.
    private func isOurHost(_ authority: String?) -> Bool {
        guard var host = authority?.lowercased(), !host.isEmpty else { return false }
        if host.hasPrefix("[") { return host.contains("]") }
        if let colon = host.lastIndex(of: ":") { host = String(host[..<colon]) }
        if host == "localhost" || host == address.host.lowercased() { return true }
        return (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// The whole body, or nil where it is too long.
    private func body(of request: Request) async -> [UInt8]? {
        var bytes: [UInt8] = []
        do {
            for try await part in request.body {
                bytes += Array(part.readableBytesView)
                if bytes.count > Self.maxBodyBytes { return nil }
            }
        } catch {
            return nil
        }
        return bytes
    }

    private func refuse(_ description: String) -> Response {
        answer(
            AdminAnswer(
                401, ["error_msg": "failed to check token", "description": .string(description)]))
    }

    private func answer(_ answer: AdminAnswer, isHead: Bool = false) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = answer.contentType
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        if let name = Self.versionField { headers[name] = "v3" }
        if let revision = answer.revision { headers[.eTag] = "\"\(revision)\"" }
        let body = answer.body.map { ResponseBody(byteBuffer: ByteBuffer(bytes: $0)) } ?? ResponseBody()
        let response = Response(status: HTTPResponse.Status(code: answer.status), headers: headers, body: body)
        return isHead ? response.createHeadResponse() : response
    }
}

extension AdminAnswer {
    fileprivate static func tooLarge(maximum: Int) -> AdminAnswer {
        .error(
            400,
            "invalid request body: request size is greater than the maximum size \(maximum) allowed")
    }
}

/// What is known of a call's connection.
private struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
