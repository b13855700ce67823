#if os(Linux)
    internal import CEpoll
    internal import GatewayModel
    internal import NIOCore
    internal import NIOPosix
    internal import Synchronization

    #if canImport(Glibc)
        internal import Glibc
    #else
        internal import Musl
    #endif

    /// The loop as its worker sees it.
    final class EpollWorkerLoop: WorkerLoop {
        unowned var loop: EpollLoop!
        private let inbox: Inbox

        init(inbox: Inbox) {
            self.inbox = inbox
        }

        var post: @Sendable (@escaping @Sendable (Worker) -> Void) -> Void {
            { [inbox] body in inbox.add(Inbox.Job { body($0.worker) }) }
        }

        func schedule(in nanoseconds: Int64, _ fire: @escaping () -> Void) {
            loop.schedule(in: nanoseconds, fire)
        }

        func soon(_ body: @escaping () -> Void) {
            loop.soon(body)
        }

        func connect(
            _ endpoint: UpstreamEndpoint, seconds: Int64, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void
        ) {
            let race = ConnectRace(loop: loop, keepalive: endpoint.keepalive, then)
            race.limit(seconds: seconds)
            switch endpoint.address {
            case .network(let host, let port):
                guard let address = try? SocketAddress(ipAddress: host, port: port) else {
                    return resolve(host, port, race)
                }
                race.start([address])
            case .unix(let path): race.start((try? SocketAddress(unixDomainSocketPath: path)).map { [$0] } ?? [])
            }
        }

        /// Names are resolved on a thread that may block.
        private func resolve(_ host: String, _ port: Int, _ race: ConnectRace) {
            let waiting = Confined(race)
            NIOThreadPool.singleton.submit { [inbox, isOver = race.isOver] _ in
                // A slow name server is not asked for those who have gone.
                guard !isOver.value.load(ordering: .relaxed) else { return }
                let addresses = Self.addresses(of: host, port)
                inbox.add(Inbox.Job { _ in waiting.value.start(resolved: addresses) })
            }
        }

        private static func addresses(of host: String, _ port: Int) -> [SocketAddress] {
            var hints = addrinfo()
            hints.ai_protocol = Int32(IPPROTO_TCP)
            var first: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(host, String(port), &hints, &first) == 0 else { return [] }
            defer { freeaddrinfo(first) }
            var addresses: [SocketAddress] = []
            var next = first
            while let info = next?.pointee {
                next = info.ai_next
                switch info.ai_family {
                case AF_INET:
                    addresses.append(
                        info.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) })
                case AF_INET6:
                    addresses.append(
                        info.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
                    )
                default: break
                }
            }
            return addresses
        }

        /// A value that travels through other threads.
        private struct Confined<Value>: @unchecked Sendable {  // Safe: read in jobs of its own loop only
            let value: Value

            init(_ value: Value) {
                self.value = value
            }
        }
    }

    /// Tries the addresses of one endpoint until one of them connects: each a little after the one before it, or
    /// at once when that has failed (RFC 8305 §5).
    fileprivate final class ConnectRace {
        private unowned let loop: EpollLoop
        /// Nil: at the system's times.
        let keepalive: TCPKeepalive?
        private var then: ((Result<Stream, ConnectFailure>) -> Void)?
        private var addresses: ArraySlice<SocketAddress> = []
        private var attempts: [ConnectAttempt] = []
        private var failure = ConnectFailure.unreachable
        /// Read by other threads.
        let isOver = Flag()
        private var limit: Int?
        private var nextTry: Int?

        private static let staggerNanoseconds: Int64 = 250_000_000
        /// How often a Unix socket whose queue is full is tried.
        private static let queueNanoseconds: Int64 = 5_000_000

        init(
            loop: EpollLoop, keepalive: TCPKeepalive?, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void
        ) {
            self.loop = loop
            self.keepalive = keepalive
            self.then = then
        }

        func limit(seconds: Int64) {
            limit = loop.schedule(in: seconds * 1_000_000_000) { self.end(.failure(.timeout)) }
        }

        /// - Parameter addresses: those of a name; empty where it has none.
        func start(resolved addresses: [SocketAddress]) {
            addresses.isEmpty ? end(.failure(.unresolved)) : start(addresses)
        }

        func start(_ addresses: [SocketAddress]) {
            self.addresses = addresses[...]
            tryNext()
        }

        private func tryNext() {
            while then != nil, let address = addresses.popFirst() {
                switch ConnectAttempt.start(address, loop: loop, race: self) {
                case .success(let attempt):
                    attempts.append(attempt)
                    guard !addresses.isEmpty else { return }
                    loop.cancel(nextTry)
                    nextTry = loop.schedule(in: Self.staggerNanoseconds) { self.tryNext() }
                    return
                case .failure(.busy):
                    // Its queue of connections is full, which nothing tells the end of.
                    addresses.append(address)
                    nextTry = loop.schedule(in: Self.queueNanoseconds) { self.tryNext() }
                    return
                case .failure(let failure): self.failure = failure
                }
            }
            if attempts.isEmpty { end(.failure(failure)) }
        }

        /// - Parameters:
        ///   - code: 0, or the error of connect(2).
        ///   - events: what the socket had to say besides.
        func ended(_ attempt: ConnectAttempt, code: Int32, events: UInt32) {
            attempts.removeAll { $0 === attempt }
            if code == 0 {
                let stream = EpollStream(loop: loop, descriptor: attempt.descriptor)
                loop.replace(attempt.descriptor, stream)
                end(.success(stream))
                // Whoever speaks first, or ends at once, is not announced again.
                return stream.isReady(events & ~EPOLLOUT.rawValue)
            }
            loop.close(attempt.descriptor)
            if code == ETIMEDOUT { failure = .timeout }
            tryNext()
        }

        private func end(_ result: Result<Stream, ConnectFailure>) {
            guard let then else { return }
            self.then = nil
            isOver.value.store(true, ordering: .relaxed)
            loop.cancel(limit)
            loop.cancel(nextTry)
            for attempt in attempts { loop.close(attempt.descriptor) }
            attempts = []
            then(result)
        }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// A socket on its way to one address.
    final class ConnectAttempt: EpollSource {
        let descriptor: Int32
        private let race: ConnectRace

        fileprivate init(descriptor: Int32, race: ConnectRace) {
            self.descriptor = descriptor
            self.race = race
        }

        /// `.busy`: a Unix socket whose queue is full, to which connect(2) answers at once.
        fileprivate static func start(
            _ address: SocketAddress, loop: EpollLoop, race: ConnectRace
        ) -> Result<ConnectAttempt, ConnectFailure> {
            let descriptor = SystemCall.openSocket(Int32(address.protocol.rawValue))
            guard descriptor >= 0 else {
                return .failure(errno == EMFILE || errno == ENFILE ? .noDescriptors : .unreachable)
            }
            if address.protocol != .unix {
                SystemCall.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                SystemCall.setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
                if let keepalive = race.keepalive { SystemCall.set(keepalive, on: descriptor) }
            }
            let result = address.withSockAddr { SystemCall.beginConnecting(descriptor, $0, $1) }
            guard result == 0 || errno == EINPROGRESS else {
                let code = errno
                SystemCall.closeDescriptor(descriptor)
                if address.protocol == .unix, code == EAGAIN { return .failure(.busy) }
                return .failure(code == ETIMEDOUT ? .timeout : .unreachable)
            }
            let attempt = ConnectAttempt(descriptor: descriptor, race: race)
            return loop.register(descriptor, attempt, events: EpollStream.events)
                ? .success(attempt) : .failure(.noDescriptors)
        }

        func isReady(_ events: UInt32) {
            let code = SystemCall.pendingError(descriptor)
            // A stale event of the descriptor's last owner: still on its way.
            guard code != 0 || isConnected else { return }
            race.ended(self, code: code, events: events)
        }

        private var isConnected: Bool {
            var storage = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            return withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) == 0 }
            }
        }
    }
#endif
