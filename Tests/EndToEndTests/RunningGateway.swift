import Foundation
import JOSE
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A gateway whose files, logs and end are the test's to see: configuration and keys can be rewritten, what it
/// writes can be read, and it can be told to stop.
///
/// Requests to `/open` need no token, `/closed` leads nowhere, all others need a token of `Tokens.key`.
final class RunningGateway {
    let port: Int
    let controlPort: Int
    let id: pid_t
    let upstreamPort: Int
    /// The connection that showed that the gateway is ready.
    let firstConnection: Wire
    let folder: URL
    private var status: Int32?

    /// What a configuration is made of.
    struct Setup {
        /// Lines at the top of the document.
        var top = ""
        /// Lines under `config`.
        var config = ""
        var accessLog = "off"
        var threads = 1
        /// Descriptors the process may open.
        var descriptors: Int?
        /// Fields of the `jwtAuth`.
        var jwtAuth = ""
        /// Routes before those that are always there.
        var routes = ""
        /// Fields of the listener.
        var listener = ""
        /// Listeners beside it.
        var listeners = ""
        /// As it stands in the configuration.
        var upstreamHost = "127.0.0.1"
        var deadPort = Ports.next()
        /// Arguments of `run` beside the file.
        var arguments: [String] = []

        func text(port: Int, controlPort: Int, upstreamPort: Int, keys: String) -> String {
            """
            \(top)
            config:
              workerThreads: \(threads)
              enableIpv6: false
              statsAddr: "127.0.0.1:\(controlPort)"
              accessLog: "\(accessLog)"
            \(config.indented(by: 2))
            binds:
            - port: \(port)
              listeners:
              - routes:
            \(routes.indented(by: 4))
                - name: open
                  matches:
                  - path: {pathPrefix: /open}
                  backends:
                  - host: "\(upstreamHost):\(upstreamPort)"
                - matches:
                  - path: {pathPrefix: /closed}
                  backends:
                  - host: 127.0.0.1:\(deadPort)
                - name: guarded
                  policies:
                    jwtAuth:
                      mode: strict
                      issuer: https://issuer.test
                      audiences: [api]
                      jwks: {file: "\(keys)"}
            \(jwtAuth.indented(by: 10))
                  backends:
                  - host: "\(upstreamHost):\(upstreamPort)"
            \(listener.indented(by: 4))
            \(listeners.indented(by: 2))
            """
        }
    }

    /// - Parameter output: where its standard output goes; else into a file, as its errors do.
    init(_ setup: Setup = Setup(), upstreamPort: Int, output: Int32? = nil, errors: Int32? = nil) throws {
        self.upstreamPort = upstreamPort
        folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-life-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let keys = folder.appending(path: "keys.json")
        try Tokens.key.verificationJWKS.text.write(to: keys, atomically: true, encoding: .utf8)
        // Another program may have a port: then the gateway ends at once.
        for _ in 0..<5 {
            let (port, controlPort) = (Ports.next(), Ports.next())
            let text = setup.text(
                port: port, controlPort: controlPort, upstreamPort: upstreamPort, keys: keys.path)
            try text.write(to: folder.appending(path: "config.yaml"), atomically: true, encoding: .utf8)
            let id = try Self.spawn(in: folder, setup, output, errors)
            if let connection = Self.connection(to: id, port: port, controlPort: controlPort) {
                self.port = port
                self.controlPort = controlPort
                self.id = id
                firstConnection = connection
                return
            }
            kill(id, SIGKILL)
            waitpid(id, nil, 0)
        }
        let log = (try? String(contentsOf: folder.appending(path: "errors"), encoding: .utf8)) ?? "no log"
        try? FileManager.default.removeItem(at: folder)
        throw GatewayProcess.StartFailure(log: log)
    }

    deinit {
        GatewayProcess.expectNoCrash(exitStatus(), log: errors)
        if exitStatus() == nil {
            kill(id, SIGKILL)
            var status: Int32 = 0
            waitpid(id, &status, 0)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private static func spawn(in folder: URL, _ setup: Setup, _ output: Int32?, _ errors: Int32?) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, folder.appending(path: "output").path, flags, 0o600)
        }
        if let errors {
            posix_spawn_file_actions_adddup2(&actions, errors, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, folder.appending(path: "errors").path, flags, 0o600)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = []
        let binary = CommandLineRunner.binary.path
        let configuration = folder.appending(path: "config.yaml").path
        let command = [binary, "run", "-f", configuration] + GatewayProcess.driverArguments + setup.arguments
        let limit = setup.descriptors.map { ["/bin/sh", "-c", "ulimit -n \($0) && exec \"$0\" \"$@\""] } ?? []
        for argument in limit + command { arguments.append(strdup(argument)) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var id: pid_t = 0
        guard posix_spawn(&id, limit.first ?? binary, &actions, nil, arguments, environ) == 0 else {
            throw GatewayProcess.StartFailure(log: "cannot start \(binary)")
        }
        return id
    }

    /// The first connection that the process takes, once it is ready: only then it heeds signals. Nil if it ends
    /// before, although another program may take connections in its place.
    private static func connection(to id: pid_t, port: Int, controlPort: Int) -> Wire? {
        let deadline = ContinuousClock.now + .seconds(20)
        var first: Wire?
        while ContinuousClock.now < deadline, waitpid(id, nil, WNOHANG) == 0 {
            first = first ?? (try? Wire(port: port))
            if let first, isReady(controlPort), waitpid(id, nil, WNOHANG) == 0 { return first }
            poll(nil, 0, 2)
        }
        return nil
    }

    private static func isReady(_ controlPort: Int) -> Bool {
        guard let wire = try? Wire(port: controlPort),
            (try? wire.send("GET /healthz/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) != nil
        else { return false }
        return (try? wire.readAnswer().status) == 200
    }

    // MARK: - Files

    func configuration(_ setup: Setup, port: Int? = nil) -> String {
        setup.text(
            port: port ?? self.port, controlPort: controlPort, upstreamPort: upstreamPort,
            keys: folder.appending(path: "keys.json").path)
    }

    func write(configuration: String) throws {
        try configuration.write(to: folder.appending(path: "config.yaml"), atomically: true, encoding: .utf8)
    }

    func write(keys: String) throws {
        try keys.write(to: folder.appending(path: "keys.json"), atomically: true, encoding: .utf8)
    }

    /// What it wrote to the standard output: the access log.
    var output: String { read("output") }
    /// What it wrote to the standard error: its own log.
    var errors: String { read("errors") }

    private func read(_ name: String) -> String {
        (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The lines of the access log, once there are so many.
    func accessLog(lines count: Int) throws -> [String] {
        try eventually("\(count) lines in the access log") { output.split(separator: "\n").count >= count }
        return output.split(separator: "\n").map(String.init)
    }

    // MARK: - Life

    func signal(_ signal: Int32) { kill(id, signal) }

    /// Memory of the process that is no file's, in bytes.
    var residentBytes: Int { GatewayProcess.residentBytes(of: id) }

    /// The exit code, or minus the signal that ended it; nil while it runs.
    func exitStatus() -> Int32? {
        if let status { return status }
        var raw: Int32 = 0
        guard waitpid(id, &raw, WNOHANG) == id else { return nil }
        status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
        return status
    }

    func waitForExit(within seconds: Int = 15) throws -> Int32 {
        try eventually("the end of the process", within: seconds) { exitStatus() != nil }
        return exitStatus() ?? -1
    }

    // MARK: - Requests

    func client(receiveBuffer: Int32? = nil) throws -> Wire { try Wire(port: port, receiveBuffer: receiveBuffer) }

    /// One request on a connection of its own.
    func get(_ path: String, _ lines: String = "", port: Int? = nil) throws -> Answer {
        let wire = try Wire(port: port ?? self.port)
        try wire.send("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(lines)\r\n")
        return try wire.readAnswer()
    }

    func control(_ path: String) throws -> Answer { try get(path, port: controlPort) }

    /// A sample of `/metrics`; nil where it is not there.
    func metric(_ name: String) throws -> Double? {
        let lines = try control("/metrics").body.text.split(separator: "\n")
        return lines.first { $0.hasPrefix("\(name) ") }?.split(separator: " ").last.flatMap { Double($0) }
    }
}

/// Asks again and again until it is so.
func eventually(_ what: String, within seconds: Int = 15, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw WireFailure.timedOut(waitingFor: what, after: []) }
        poll(nil, 0, 5)
    }
}

/// Answers every request with a label and the head that came, until the test lets it go.
final class EchoUpstream {
    let port: Int
    private let listener: Int32
    private let shared = Shared()

    private final class Shared: Sendable {
        let isStopped = Atomic<Bool>(false)
        let heads = Mutex<[String]>([])
        let mayAccept = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
    }

    /// - Parameters:
    ///   - lines: lines of its answers.
    ///   - backlog: connections that may wait until they are accepted, for IPv6.
    ///   - isAccepting: else `startAccepting` has to be called.
    init(
        _ label: String = "", lines: String = "", ipv6: Bool = false, backlog: Int32 = 16, isAccepting: Bool = true
    ) throws {
        (listener, port) = try ipv6 ? Self.listenIPv6(backlog: backlog) : Sockets.listen()
        if isAccepting { shared.mayAccept.signal() }
        Thread { [listener, shared] in
            shared.mayAccept.wait()
            while !shared.isStopped.load(ordering: .relaxed) {
                guard Sockets.wait(listener, for: Int16(POLLIN), 50), let descriptor = Sockets.accept(listener)
                else { continue }
                Thread { Self.serve(descriptor, label, lines, shared) }.start()
            }
            shared.done.signal()
        }.start()
    }

    deinit {
        shared.isStopped.store(true, ordering: .relaxed)
        startAccepting()
        shared.done.wait()
        Sockets.close(listener)
    }

    /// The heads of all requests that came.
    var heads: [String] { shared.heads.withLock { $0 } }

    func startAccepting() { shared.mayAccept.signal() }

    /// A connection that is being opened, perhaps for long.
    func connectIPv6() -> Wire {
        let descriptor = Self.socketIPv6()
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
        _ = Self.withAddressIPv6(port: port) { connect(descriptor, $0, $1) }
        return Wire(descriptor: descriptor)
    }

    private static func socketIPv6() -> Int32 {
        #if canImport(Darwin)
            return socket(AF_INET6, SOCK_STREAM, 0)
        #else
            return socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        #endif
    }

    private static func withAddressIPv6<Result>(
        port: Int, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = UInt16(port).bigEndian
        address.sin6_addr = in6addr_loopback
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    private static func serve(_ descriptor: Int32, _ label: String, _ lines: String, _ shared: Shared) {
        let wire = Wire(descriptor: descriptor)
        while let head = try? wire.readHead() {
            shared.heads.withLock { $0.append(head) }
            guard (try? wire.answer(label + head, lines)) != nil else { return }
        }
    }

    struct NoIPv6: Error {}

    private static func listenIPv6(backlog: Int32) throws -> (descriptor: Int32, port: Int) {
        let descriptor = socketIPv6()
        let port: Int? = withAddressIPv6(port: 0) { address, length in
            var length = length
            guard bind(descriptor, address, length) == 0, listen(descriptor, backlog) == 0,
                getsockname(descriptor, address, &length) == 0
            else { return nil }
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                Int(UInt16(bigEndian: $0.pointee.sin6_port))
            }
        }
        guard let port else {
            Sockets.close(descriptor)
            throw NoIPv6()
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return (descriptor, port)
    }
}

extension Wire {
    func answer(_ body: String, _ lines: String) throws { try answer(body, status: "200 OK", lines) }

    /// Whether the peer has closed, once it has: nothing came before.
    func isClosedWithoutAWord() throws -> Bool { try readToEnd().bytes.isEmpty }
}

extension String {
    func indented(by count: Int) -> String {
        split(separator: "\n", omittingEmptySubsequences: true)
            .map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
    }
}
