internal import Bytes
package import GatewayModel
internal import HTTPWire
internal import NIOCore
internal import NIOPosix

/// A request to one of the gateway's own small servers. Its body is read and dropped.
package struct LocalRequest: Sendable {
    package var method: String
    package var target: String
    package var headers: [(name: String, value: String)] = []
    package var bodyBytes = 0
}

package struct LocalResponse: Sendable {
    package var status: String
    package var contentType: String
    package var body: [UInt8]

    package init(_ status: String, contentType: String = "text/plain; charset=utf-8", _ body: String) {
        self.status = status
        self.contentType = contentType
        self.body = Array(body.utf8)
    }
}

/// A small HTTP/1.1 server for what the gateway says of itself and for the demo's echo service. Apart from
/// traffic: a thread of its own, no pipeline.
package final class LocalServer: Sendable {
    private let channel: any Channel
    private let address: StreamAddress

    package static func start(
        _ address: StreamAddress, respond: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) async throws -> LocalServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let bootstrap = ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LocalHandler(respond))
                    }
                }
            return LocalServer(channel: try await bind(bootstrap, address), address)
        } catch {
            try? await group.shutdownGracefully()
            throw GatewayServer.bindError(address.description, error)
        }
    }

    private static func bind(_ bootstrap: ServerBootstrap, _ address: StreamAddress) async throws -> any Channel {
        switch address {
        case .network(let host, let port):
            return try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
        case .unix(let path):
            try UnixSocketFile.makeWay(path)
            let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            UnixSocketFile.openToGroup(path)
            return channel
        }
    }

    private init(channel: any Channel, _ address: StreamAddress) {
        self.channel = channel
        self.address = address
    }

    /// It listens no longer. Its thread lives as long as the process: an answer that is being made is handed to it.
    package func shutdown() async {
        // Before it is closed: what stands there after that may be another's.
        if case .unix(let path) = address { UnixSocketFile.remove(path) }
        try? await channel.close()
    }
}

/// One connection of a local server.
private final class LocalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let respond: @Sendable (LocalRequest) async -> LocalResponse
    private var machine = ServerConnection(limits: .standard)
    private var table = FieldTable()
    private var pending = ByteBuffer()
    private var request = LocalRequest(method: "", target: "")

    /// What may wait behind an answer.
    private static let maxPendingBytes = 1 << 20

    init(_ respond: @escaping @Sendable (LocalRequest) async -> LocalResponse) {
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        pending.discardReadBytes()
        pending.writeBuffer(&buffer)
        guard pending.readableBytes <= Self.maxPendingBytes else { return context.close(promise: nil) }
        serve(context)
    }

    private func serve(_ context: ChannelHandlerContext) {
        var position = 0
        let pending = self.pending
        reading: while true {
            switch machine.next(pending.readableBytesUInt8Span, at: &position, table: &table) {
            case .head(let head):
                take(head, pending.readableBytesUInt8Span.extracting(position..<pending.readableBytes))
                position += head.byteCount
                if head.framing == .none { answer(context) }
            case .body(let range): request.bodyBytes += range.count
            case .end: answer(context)
            case .needsBytes, .blocked: break reading
            case .failed, .discard:
                context.close(promise: nil)
                return
            }
        }
        self.pending.moveReaderIndex(forwardBy: position)
    }

    private func take(_ head: RequestHead, _ bytes: Span<UInt8>) {
        request = LocalRequest(
            method: bytes.extracting(head.methodName).text, target: bytes.extracting(head.target).text)
        for line in table.lines {
            request.headers.append((bytes.extracting(line.name).text, bytes.extracting(line.value).text))
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        let promise = context.eventLoop.makePromise(of: LocalResponse.self)
        promise.completeWithTask { [request, respond] in await respond(request) }
        promise.futureResult.assumeIsolated().whenSuccess { response in
            self.write(response, context)
        }
    }

    private func write(_ response: LocalResponse, _ context: ChannelHandlerContext) {
        var output = ByteBuffer(
            string: "HTTP/1.1 \(response.status)\r\ncontent-type: \(response.contentType)\r\n"
                + "content-length: \(response.body.count)\r\ncache-control: no-store\r\n\r\n")
        if !machine.isHeadRequest { output.writeBytes(response.body) }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        guard machine.responseEnded() == .nextRequest else { return context.close(promise: nil) }
        serve(context)
    }
}
