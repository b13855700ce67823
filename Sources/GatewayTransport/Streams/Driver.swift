internal import GatewayEngine
internal import GatewayModel

/// What moves bytes for one worker: a thread that waits for sockets, its listeners and its connections.
///
/// Everything here may be called from any thread; what is passed in runs on the driver's.
protocol Driver: Sendable {
    /// Runs on the driver's thread, between events. Nil after `shutdown`.
    func perform<Result: Sendable>(_ body: @escaping @Sendable (Worker) -> Result) async -> Result?

    /// Accepts connections at an address, beside other drivers. Throws an `AddressError`.
    func listen(_ address: ListenAddress) async throws
    func stopListening(_ address: ListenAddress) async

    /// Ends the thread. What is open then is closed.
    func shutdown() async
}

/// Which driver moves the bytes of plain-text connections.
package enum DriverKind: String, CaseIterable, Sendable {
    /// Linux only.
    case epoll
    case nio

    package static var standard: DriverKind {
        #if os(Linux)
            .epoll
        #else
            .nio
        #endif
    }
}

/// What a worker asks of the event loop it lives on; touched by that loop's thread alone.
protocol WorkerLoop: AnyObject {
    /// Runs what it is given on the loop's thread, between events. May be called from any thread; after the end of
    /// the loop nothing happens.
    var post: @Sendable (@escaping @Sendable (Worker) -> Void) -> Void { get }

    /// Calls once, between events.
    func schedule(in nanoseconds: Int64, _ fire: @escaping () -> Void)

    /// Calls once, when the events that have come have been told.
    func soon(_ body: @escaping () -> Void)

    /// Opens a connection. Calls back on the same thread, perhaps at once.
    func connect(
        _ endpoint: UpstreamEndpoint, seconds: Int64, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void)
}

/// Why there is no connection to an upstream.
enum ConnectFailure: Error {
    /// The limit of connections is reached.
    case busy
    case timeout
    /// The process may open no more descriptors.
    case noDescriptors
    /// Its name has no address.
    case unresolved
    case unreachable
    /// Its certificate does not show that it is who it has to be.
    case untrusted
    /// There is no TLS with it.
    case tlsFailed

    /// Whether another server may be reached all the same.
    var mayPass: Bool { self == .timeout || self == .unreachable || self == .unresolved }

    /// What it says of the server; nil where it is our own.
    var outcome: EndpointCondition.Outcome? {
        switch self {
        case .busy, .noDescriptors: nil
        case .timeout: .timeout
        case .unresolved, .unreachable, .untrusted, .tlsFailed: .connectionFailed
        }
    }

    var refusalCode: RefusalCode {
        switch self {
        case .busy, .noDescriptors: .upstreamBusy
        case .timeout: .upstreamConnectTimeout
        case .unresolved: .upstreamUnresolved
        case .unreachable: .upstreamUnreachable
        case .untrusted: .upstreamUntrusted
        case .tlsFailed: .upstreamTLSFailed
        }
    }
}

/// An address that cannot be listened on.
struct AddressError: Error, CustomStringConvertible {
    var code: Int32
    var description: String
}

/// Where a client's connection comes from and where it ends: addresses as text, nil where there is none.
struct SocketEnds {
    var address: String?
    var port: Int
    /// Our side's.
    var destination: String?
}

/// What the kernel is asked for on every socket of a client.
enum ClientSocket {
    static let backlog: Int32 = 4096
    /// What the kernel takes beyond what it could send. Little enough that a client that reads, however slowly,
    /// shows as a socket that can be written to again.
    static let unsentBytes: Int32 = 64 << 10
}
