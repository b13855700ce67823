#if os(Linux)
    internal import CEpoll
    internal import GatewayModel

    #if canImport(Glibc)
        internal import Glibc
    #else
        internal import Musl
    #endif

    /// System calls under names of their own: ours for the same thing hide the library's.
    enum SystemCall {
        /// Linux frees the descriptor whatever this answers.
        static func closeDescriptor(_ descriptor: Int32) {
            _ = close(descriptor)
        }

        /// - Returns: how many bytes the kernel took, or -1 with `errno`.
        static func sendBytes(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
            send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }

        /// A stream socket that does not block, or -1 with `errno`.
        static func openSocket(_ family: Int32) -> Int32 {
            #if canImport(Glibc)
                let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            #else
                let type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
            #endif
            return socket(family, type, 0)
        }

        /// A connection that waits at a listener, not blocking, with its peer; -1 with `errno` where none does.
        static func acceptConnection(
            _ descriptor: Int32, _ peer: inout sockaddr_storage, _ size: inout socklen_t
        ) -> Int32 {
            #if canImport(Glibc)
                let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            #else
                let flags = SOCK_NONBLOCK | SOCK_CLOEXEC
            #endif
            return withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept4(descriptor, $0, &size, flags) }
            }
        }

        static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }

        static func set(_ keepalive: TCPKeepalive, on descriptor: Int32) {
            for option in keepalive.socketOptions { setOption(descriptor, option.level, option.name, option.value) }
        }

        /// What has happened to a socket since this was last asked: 0 or an `errno`.
        static func pendingError(_ descriptor: Int32) -> Int32 {
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            return code
        }

        static func startListening(_ descriptor: Int32, _ backlog: Int32) -> Bool {
            listen(descriptor, backlog) == 0
        }

        static func beginConnecting(
            _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ size: Int
        ) -> Int32 {
            connect(descriptor, address, socklen_t(size))
        }
    }
#endif
