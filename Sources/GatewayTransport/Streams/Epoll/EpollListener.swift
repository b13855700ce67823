#if os(Linux)
    internal import Bytes
    internal import CEpoll
    internal import GatewayEngine
    internal import GatewayModel
    internal import NIOCore

    #if canImport(Glibc)
        internal import Glibc
    #else
        internal import Musl
    #endif

    /// Accepts connections at one address.
    final class EpollListener: EpollSource {
        private let descriptor: Int32
        private unowned let loop: EpollLoop
        private let slot: BindSlot

        /// Connections that one event takes in, so that those that are open get their turn.
        private static let maxAccepted = 64

        /// Throws an `AddressError`.
        init(_ address: ListenAddress, loop: EpollLoop) throws {
            descriptor = try Self.open(address)
            self.loop = loop
            slot = loop.worker.slot(address)
            guard loop.register(descriptor, self, events: EPOLLIN.rawValue) else { throw AddressError(errno) }
        }

        private static func open(_ address: ListenAddress) throws -> Int32 {
            let socketAddress = try SocketAddress(ipAddress: address.host, port: address.port)
            let descriptor = SystemCall.openSocket(Int32(socketAddress.protocol.rawValue))
            guard descriptor >= 0 else { throw AddressError(errno) }
            // Sockets that are accepted inherit the last three.
            let options = [
                (SOL_SOCKET, SO_REUSEADDR, 1), (SOL_SOCKET, SO_REUSEPORT, 1),
                (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_NODELAY, 1),
                (Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, ClientSocket.unsentBytes),
            ]
            for (level, name, value) in options { SystemCall.setOption(descriptor, level, name, value) }
            let isBound = socketAddress.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0
            guard isBound, SystemCall.startListening(descriptor, ClientSocket.backlog) else {
                let code = errno
                SystemCall.closeDescriptor(descriptor)
                throw AddressError(code)
            }
            return descriptor
        }

        func close(_ loop: EpollLoop) {
            loop.close(descriptor)
        }

        func isReady(_ events: UInt32) {
            for _ in 0..<Self.maxAccepted {
                var storage = sockaddr_storage()
                var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let accepted = SystemCall.acceptConnection(descriptor, &storage, &size)
                guard accepted >= 0 else {
                    let code = errno
                    if code == ECONNABORTED || code == EINTR { continue }
                    if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(code) { pause() }
                    return
                }
                if let keepalive = slot.traffic.tcpKeepalive { SystemCall.set(keepalive, on: accepted) }
                let stream = EpollStream(loop: loop, descriptor: accepted)
                let (address, port) = Self.text(of: storage, size)
                let ends = SocketEnds(address: address, port: port, destination: Self.ownAddress(accepted))
                loop.worker.accept(stream, at: slot, ends)
                if !loop.register(accepted, stream, events: EpollStream.events) { stream.close() }
            }
        }

        /// No descriptor or memory is left for another connection. It waits in the backlog until one of ours has
        /// closed, or for a second.
        private func pause() {
            loop.worker.acceptFailed()
            loop.pause(self, descriptor)
        }

        func resume() {
            guard loop.listeners.values.contains(where: { $0 === self }) else { return }
            if !loop.register(descriptor, self, events: EPOLLIN.rawValue) { loop.pause(self, descriptor) }
        }

        private static func ownAddress(_ descriptor: Int32) -> String? {
            var storage = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let code = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
            }
            return code == 0 ? text(of: storage, size).address : nil
        }

        /// As text and number.
        private static func text(of storage: sockaddr_storage, _ size: socklen_t) -> (address: String?, port: Int) {
            var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            var port = [CChar](repeating: 0, count: 8)
            let code = withUnsafePointer(to: storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getnameinfo(
                        $0, size, &host, socklen_t(host.count), &port, socklen_t(port.count),
                        NI_NUMERICHOST | NI_NUMERICSERV)
                }
            }
            guard code == 0 else { return (nil, 0) }
            // Without the zone of a link-local address.
            return (text(host.prefix { $0 != CChar(UInt8(ascii: "%")) }), Int(text(port[...])) ?? 0)
        }
    }

    extension EpollListener {
        private static func text(_ characters: ArraySlice<CChar>) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    extension AddressError {
        init(_ code: Int32) {
            self.init(code: code, description: systemMessage(code))
        }
    }
#endif
