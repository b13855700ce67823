internal import GatewayModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension TCPKeepalive {
    /// What a socket is told, for setsockopt(2).
    var socketOptions: [(level: Int32, name: Int32, value: Int32)] {
        switch self {
        case .off: return [(SOL_SOCKET, SO_KEEPALIVE, 0)]
        case .probes(let idle, let interval, let count):
            #if canImport(Darwin)
                let idleTime = TCP_KEEPALIVE
            #else
                let idleTime = TCP_KEEPIDLE
            #endif
            let tcp = Int32(IPPROTO_TCP)
            return [
                (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, idleTime, Int32(clamping: idle.components.seconds)),
                (tcp, TCP_KEEPINTVL, Int32(clamping: interval.components.seconds)),
                (tcp, TCP_KEEPCNT, Int32(clamping: count)),
            ]
        }
    }
}
