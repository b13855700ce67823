internal import Bytes
internal import HTTPWire
internal import NIOCore
internal import NIOPosix

/// A small upstream that answers what it was asked: for the demo and for trying a configuration out.
///
/// Every answer is a JSON object with the method, the path, the headers and the number of body bytes.
package final class EchoServer: Sendable {
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// Listens on a loopback port.
    package static func start(port: Int) async throws -> EchoServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(EchoHandler())
                    }
                }
                .bind(host: "127.0.0.1", port: port).get()
            return EchoServer(channel: channel, group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(channel: any Channel, group: MultiThreadedEventLoopGroup) {
        self.channel = channel
        self.group = group
    }

    package func shutdown() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
}

/// One connection of the echo server.
private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine = ServerConnection(limits: .standard)
    private var table = FieldTable()
    private var pending = ByteBuffer()
    /// The description of the request that is being read, up to its body.
    private var description: [UInt8] = []
    private var bodyBytes = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        pending.writeBuffer(&buffer)
        var position = 0
        reading: while true {
            switch machine.next(pending.readableBytesUInt8Span, at: &position, table: &table) {
            case .head(let head):
                describe(head, pending.readableBytesUInt8Span.extracting(position..<pending.readableBytes))
                position += head.byteCount
                if head.framing == .none, !answer(context) { break reading }
            case .body(let range): bodyBytes += range.count
            case .end: if !answer(context) { break reading }
            case .needsBytes, .blocked: break reading
            case .failed, .discard:
                context.close(promise: nil)
                return
            }
        }
        pending.moveReaderIndex(forwardBy: position)
        pending.discardReadBytes()
    }

    private func describe(_ head: RequestHead, _ bytes: Span<UInt8>) {
        bodyBytes = 0
        description = Array("{\n  \"method\": ".utf8)
        JSONString.write(bytes.extracting(head.methodName), to: &description)
        description += Array(",\n  \"path\": ".utf8)
        JSONString.write(bytes.extracting(head.target), to: &description)
        description += Array(",\n  \"headers\": {".utf8)
        for (index, line) in table.lines.enumerated() {
            description += Array((index == 0 ? "\n    " : ",\n    ").utf8)
            JSONString.write(bytes.extracting(line.name), to: &description)
            description += Array(": ".utf8)
            JSONString.write(bytes.extracting(line.value), to: &description)
        }
        description += Array("\n  }".utf8)
    }

    /// Answers the request that has been read; false where the connection ends with it.
    private func answer(_ context: ChannelHandlerContext) -> Bool {
        description += Array(",\n  \"bodyBytes\": \(bodyBytes)\n}\n".utf8)
        var output = ByteBuffer(
            string: "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(description.count)\r\n\r\n")
        if !machine.isHeadRequest { output.writeBytes(description) }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        guard machine.responseEnded() == .nextRequest else {
            context.close(promise: nil)
            return false
        }
        return true
    }
}
