internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import NIOCore
internal import NIOEmbedded
internal import NIOSSL
internal import NIOTLS

/// A stream in TLS on top of a stream of records.
///
/// The records are made and read by swift-nio-ssl in a channel that has no socket: what comes from the lower
/// stream is put in, what the channel puts out is written there. So TLS stands on either driver, and on the
/// thread of its worker.
final class TLSStream: Stream {
    private let records: Stream
    private let channel: EmbeddedChannel
    private let handshake: Handshake
    /// Why there is no TLS with an upstream.
    private(set) var failure = ConnectFailure.tlsFailed
    /// Whether the user knows that the handshake is over.
    private var hasToldSecured = false
    /// Our side has ended: what still comes is counted, not read.
    private var hasEndedOutput = false

    /// The side of the server.
    init(over records: Stream, _ terminator: TLSTerminator, loop: EmbeddedEventLoop) throws {
        self.records = records
        let handshake = Handshake(isServer: true)
        self.handshake = handshake
        channel = EmbeddedChannel(loop: loop)
        super.init(worker: records.worker)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            ByteToMessageHandler(
                SNIHandler { result in
                    handshake.begin(result, terminator, pipeline)
                }), name: Handshake.firstHandler)
        records.user = RecordUser(self)
        // The handlers begin when their channel is active. The address is nobody's.
        channel.connect(to: try SocketAddress(ipAddress: "::", port: 0), promise: nil)
    }

    /// The side of the client.
    ///
    /// - Parameter serverName: a name or an IP address, which is asked for and expected in the certificate; nil: none
    ///   is.
    init(
        over records: Stream, _ initiator: TLSInitiator, serverName: String?, speaksHTTP2: Bool, loop: EmbeddedEventLoop
    ) throws {
        self.records = records
        let handshake = Handshake(isServer: false)
        self.handshake = handshake
        channel = EmbeddedChannel(loop: loop)
        super.init(worker: records.worker)
        // An address is never asked for (RFC 6066 §3); the certificate has to hold the one of the channel.
        let address = serverName.flatMap { try? SocketAddress(ipAddress: $0, port: 0) }
        let client = try NIOSSLClientHandler(
            context: initiator.context(speaksHTTP2: speaksHTTP2), serverHostname: address == nil ? serverName : nil)
        let handlers: [any ChannelHandler] = [client, handshake]
        try channel.pipeline.syncOperations.addHandlers(handlers)
        records.user = RecordUser(self)
        let peer = try address ?? SocketAddress(ipAddress: "::", port: 0)
        channel.remoteAddress = peer
        channel.connect(to: peer, promise: nil)
        writeRecords()
        records.flush()
    }

    override var isReady: Bool { handshake.isOver }

    override var isUsable: Bool { super.isUsable && records.isUsable }

    override var hasUnsent: Bool { !output.isEmpty || records.hasUnsent }

    override func resumeReading() {
        records.resumeReading()
    }

    // MARK: - Out

    override func send() {
        if !output.isEmpty {
            let buffer = output.withUnsafeBytes { ByteBuffer(bytes: $0) }
            worker.takeMemoryBack(from: &output)
            channel.writeAndFlush(buffer, promise: nil)
        }
        switch atEnd {
        case .goOn:
            writeRecords()
            records.flush()
        case .close:
            endOutput()
            records.closeWhenWritten()
        case .closeOutput:
            endOutput()
            records.closeOutputWhenWritten()
        }
    }

    /// Says that no more comes (RFC 8446 §6.1).
    private func endOutput() {
        guard !hasEndedOutput else { return }
        hasEndedOutput = true
        channel.close(mode: .all, promise: nil)
        writeRecords()
    }

    private func writeRecords() {
        channel.embeddedEventLoop.run()
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) {
            records.write(buffer.readableBytesUInt8Span)
        }
    }

    override func closeSocket() {
        records.close()
    }

    override func makeCloseAbortive() {
        records.makeCloseAbortive()
    }

    // MARK: - In

    fileprivate func read(_ bytes: Span<UInt8>) {
        if hasEndedOutput {
            user?.received(bytes)
            return
        }
        handshake.hear(bytes)
        do {
            try channel.writeInbound(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
        } catch {
            return fail(error)
        }
        writeRecords()
        if handshake.isOver, !hasToldSecured {
            hasToldSecured = true
            if let agreement = handshake.agreement {
                user?.secured(agreement)
            } else {
                user?.secured(speaksHTTP2: handshake.hasChosenHTTP2)
            }
        }
        while isOpen, let buffer = try? channel.readInbound(as: ByteBuffer.self) {
            user?.received(buffer.readableBytesUInt8Span)
        }
        records.flush()
        // The other side has said that no more comes.
        if isOpen, !channel.isActive, !hasEndedOutput { user?.inputEnded() }
    }

    /// Records that cannot be read, or a handshake that fails: the alert goes out, then this is over.
    private func fail(_ error: any Error) {
        hasFailed = true
        failure = Self.failure(error)
        writeRecords()
        records.closeWhenWritten()
    }

    private static func failure(_ error: any Error) -> ConnectFailure {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname: .untrusted
        case NIOSSLError.handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"): .untrusted
        case NIOSSLError.unableToValidateCertificate: .untrusted
        default: .tlsFailed
        }
    }

    fileprivate func recordsEnded() {
        // Without a word before: bytes may be missing.
        if channel.isActive { hasFailed = true }
        if hasEndedOutput || handshake.isOver { user?.inputEnded() } else { close() }
    }

    fileprivate func recordsClosed(byError: Bool) {
        if byError || channel.isActive { hasFailed = true }
        // Handlers that have said goodbye and wait for an answer learn that none comes. Waiting for them, as the
        // channel's own `finish` does, would be the end of every connection of this thread.
        channel.pipeline.fireChannelInactive()
        channel.close(mode: .all, promise: nil)
        channel.embeddedEventLoop.run()
        markClosed()
        tellClosed()
    }

    fileprivate var mayReadRecords: Bool { user?.mayRead ?? true }

    fileprivate func recordsWritabilityChanged() {
        setWritable(records.isWritable)
    }
}

/// The lower stream's user: hands everything up.
private final class RecordUser: StreamUser {
    private let stream: TLSStream

    init(_ stream: TLSStream) {
        self.stream = stream
    }

    override var mayRead: Bool { stream.mayReadRecords }

    override func received(_ bytes: Span<UInt8>) {
        stream.read(bytes)
    }

    override func inputEnded() {
        stream.recordsEnded()
    }

    override func writabilityChanged() {
        stream.recordsWritabilityChanged()
    }

    override func closed(byError: Bool) {
        stream.recordsClosed(byError: byError)
    }
}

/// Chooses the certificate for the name a client asks for, and remembers what the handshake came to.
private final class Handshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var identity: TLSTerminator.Identity?
    private weak var server: NIOSSLServerHandler?
    private(set) var isOver = false
    /// RFC 7301: the client has offered HTTP/2, too.
    private(set) var hasChosenHTTP2 = false
    /// A client's first record, until it has been met.
    private var hello: [UInt8]?

    static let firstHandler = "server name"

    /// What a client has been met with, once it is over; nil where no client was to be met.
    var agreement: TLSAgreement? {
        guard let identity else { return nil }
        return TLSAgreement(
            listener: identity.listener, client: identity.demand == .none ? nil : client, demand: identity.demand,
            speaksHTTP2: hasChosenHTTP2)
    }

    /// Where none can be had all the same, one that says nothing: no rule is to take the client for one that was not
    /// asked.
    private var client: ClientCertificate {
        ClientCertificate(der: (try? server?.peerCertificate?.toDERBytes()) ?? [])
    }

    /// - Parameter isServer: a client is to be met.
    init(isServer: Bool) {
        hello = isServer ? [] : nil
    }

    /// To be told of all that comes, before it is read.
    func hear(_ bytes: Span<UInt8>) {
        guard let heard = hello?.count, heard < ClientHello.maxBytes else { return }
        bytes.extracting(first: ClientHello.maxBytes - heard).withUnsafeBytes { hello?.append(contentsOf: $0) }
    }

    func begin(
        _ result: SNIResult, _ terminator: TLSTerminator, _ pipeline: ChannelPipeline.SynchronousOperations
    ) -> EventLoopFuture<Void> {
        let loop = pipeline.eventLoop
        let name: String? = if case .hostname(let name) = result { name } else { nil }
        do {
            guard let identity = terminator.identity(for: name) else { throw ChannelError.inputClosed }
            self.identity = identity
            let offered = hello.map { ClientHello.cipherSuites($0.span) } ?? []
            hello = nil
            let first = try pipeline.context(name: Self.firstHandler).handler
            let server = NIOSSLServerHandler(context: identity.ciphers.context(offered: offered))
            self.server = server
            let handlers: [any ChannelHandler] = [server, self]
            try pipeline.addHandlers(handlers, position: .after(first))
            return loop.makeSucceededVoidFuture()
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.handshakeCompleted(let chosen)) = event as? TLSUserEvent {
            isOver = true
            hasChosenHTTP2 = chosen == "h2"
        }
        context.fireUserInboundEventTriggered(event)
    }
}
