import Foundation
import JOSE
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A gateway process with one event loop, and the upstream behind it, whose part the test itself plays.
///
/// Requests to `/open` need no token; all others need one of `Tokens.key`.
final class Stage {
    let upstream: Upstream
    let gateway: GatewayProcess

    init() throws {
        let upstream = try Upstream()
        self.upstream = upstream
        let deadPort = try ReservedPort()
        self.deadPort = deadPort
        gateway = try GatewayProcess { port in
            """
            config:
              workerThreads: 1
              enableIpv6: false
              statsAddr: "off"
              accessLog: "off"
            binds:
            - port: \(port)
              listeners:
              - routes:
                - matches:
                  - path: {pathPrefix: /open}
                  backends:
                  - host: 127.0.0.1:\(upstream.port)
                - matches:
                  - path: {pathPrefix: /closed}
                  backends:
                  - host: 127.0.0.1:\(deadPort.number)
                - policies:
                    jwtAuth:
                      mode: strict
                      issuer: https://issuer.test
                      audiences: [api]
                      jwks: '\(Tokens.key.verificationJWKS.text)'
                  backends:
                  - host: 127.0.0.1:\(upstream.port)
            """
        }
    }

    /// A port where nobody listens.
    private let deadPort: ReservedPort

    func client(receiveBuffer: Int32? = nil) throws -> Wire {
        try Wire(port: gateway.port, receiveBuffer: receiveBuffer)
    }

    /// A client that has sent this, and the connection to the upstream on which its head has come.
    func exchange(_ request: String) throws -> (client: Wire, upstream: Wire, head: String) {
        let client = try client()
        try client.send(request)
        let connection = try upstream.accept()
        return (client, connection, try connection.readHead())
    }

    /// Returns once the gateway's one event loop has done what lay before it: it answers another request.
    func settle() throws {
        for _ in 0..<2 {
            let other = try client()
            try other.send("GET /settle HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            _ = try other.readToEnd()
        }
    }
}

/// A listening socket; the test accepts and answers.
final class Upstream {
    let port: Int
    private let listener: Int32

    init(receiveBuffer: Int32? = nil) throws {
        (listener, port) = try Sockets.listen(receiveBuffer: receiveBuffer)
    }

    /// At a Unix socket, at a path where nothing stands.
    init(path: String, backlog: Int32 = 128) throws {
        port = 0
        listener = try Sockets.listen(path: path, backlog: backlog)
    }

    deinit { Sockets.close(listener) }

    func accept() throws -> Wire {
        guard Sockets.wait(listener, for: Int16(POLLIN), Wire.patience), let descriptor = Sockets.accept(listener)
        else {
            throw WireFailure.timedOut(waitingFor: "a connection of the gateway", after: [])
        }
        return Wire(descriptor: descriptor)
    }

    /// Whether a connection waits to be accepted.
    var hasVisitor: Bool { Sockets.wait(listener, for: Int16(POLLIN), 0) }
}

/// The real binary with a configuration of its own.
final class GatewayProcess {
    let id: pid_t
    private let reservation: ReservedPort
    private let folder: URL

    /// All that it wrote: its own log and the access log.
    var log: String {
        (try? Data(contentsOf: folder.appending(path: "log"))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The connection that showed that the gateway is ready.
    let firstConnection: Wire

    init(configuration: (_ port: Int) -> String) throws {
        folder = try Self.makeFolder()
        let log = folder.appending(path: "log")
        var failure = ""
        // Another program may have the port: then the gateway ends at once.
        for _ in 0..<5 {
            let reservation = try ReservedPort()
            let port = reservation.number
            let file = folder.appending(path: "config.yaml")
            try configuration(port).write(to: file, atomically: true, encoding: .utf8)
            let id = try Self.spawn(file, log: log)
            if let connection = Self.connection(to: id, port: port) {
                self.reservation = reservation
                self.id = id
                firstConnection = connection
                return
            }
            Self.end(id)
            failure = (try? String(contentsOf: log, encoding: .utf8)) ?? "no log"
        }
        throw StartFailure(log: failure)
    }

    /// What a start with this configuration says before it fails.
    static func failure(of configuration: String) throws -> String {
        let folder = try makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "config.yaml")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        let log = folder.appending(path: "log")
        let id = try spawn(file, log: log)
        let deadline = ContinuousClock.now + .seconds(10)
        while waitpid(id, nil, WNOHANG) == 0 {
            guard ContinuousClock.now < deadline else {
                end(id)
                throw StartFailure(log: "it runs")
            }
            poll(nil, 0, 2)
        }
        return try String(contentsOf: log, encoding: .utf8)
    }

    /// Whatever a test asks of it, a gateway does not die of a signal nobody has sent.
    ///
    /// - Parameter status: minus the signal that ended it.
    static func expectNoCrash(_ status: Int32?, log: String) {
        guard let status, status < 0, ![-SIGKILL, -SIGTERM, -SIGINT].contains(status) else { return }
        Issue.record("the gateway died of signal \(-status): \(log.suffix(4000))")
    }

    private static func makeFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    struct StartFailure: Error {
        var log: String
    }

    deinit {
        var raw: Int32 = 0
        let hasEnded = waitpid(id, &raw, WNOHANG) == id
        Self.expectNoCrash(
            hasEnded ? -(raw & 0x7F) : nil,
            log: (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "")
        if !hasEnded { Self.end(id) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Memory of the process that is no file's, in bytes.
    var residentBytes: Int { Self.residentBytes(of: id) }

    /// Memory of the process that is no file's, in bytes.
    static func residentBytes(of id: pid_t) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
    }

    var port: Int { reservation.number }

    var isRunning: Bool { waitpid(id, nil, WNOHANG) == 0 }

    private static let binary: URL? = {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_BINARY"] { return URL(filePath: path) }
        let own = [
            CommandLine.arguments.first, try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
        ]
        for path in own.compactMap({ $0 }) {
            var folder = URL(filePath: path)
            for _ in 0..<5 {
                folder.deleteLastPathComponent()
                let candidate = folder.appending(path: "tollgate")
                if FileManager.default.isExecutableFile(atPath: candidate.path), !candidate.hasDirectoryPath {
                    return candidate
                }
            }
        }
        return nil
    }()

    /// `TOLLGATE_DRIVER=nio` drives the suites through the other driver.
    static var driverArguments: [String] {
        ProcessInfo.processInfo.environment["TOLLGATE_DRIVER"].map { ["--driver", $0] } ?? []
    }

    private static func spawn(_ configuration: URL, log: URL) throws -> pid_t {
        guard let binary else {
            throw StartFailure(log: "no tollgate beside the tests, and TOLLGATE_BINARY is not set")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = []
        for argument in [binary.path, "run", "-f", configuration.path] + driverArguments {
            arguments.append(strdup(argument))
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var id: pid_t = 0
        guard posix_spawn(&id, binary.path, &actions, nil, arguments, environ) == 0 else {
            throw StartFailure(log: "cannot start \(binary.path)")
        }
        return id
    }

    /// The first connection that the process takes; nil if it ends before or ten seconds have passed.
    private static func connection(to id: pid_t, port: Int) -> Wire? {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline, waitpid(id, nil, WNOHANG) == 0 {
            if let wire = try? Wire(port: port) { return waitpid(id, nil, WNOHANG) == 0 ? wire : nil }
            poll(nil, 0, 2)
        }
        return nil
    }

    private static func end(_ id: pid_t) {
        guard waitpid(id, nil, WNOHANG) == 0 else { return }
        kill(id, SIGTERM)
        for _ in 0..<500 {
            if waitpid(id, nil, WNOHANG) != 0 { return }
            poll(nil, 0, 2)
        }
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }
}

/// A port that no other test has, not even one of another run on this machine: whoever holds the UDP port of
/// that number has the TCP port, too. Below those that the system gives away, so that no listener of another
/// test gets it between its choice and its use.
final class ReservedPort: Sendable {
    let number: Int
    private let descriptor: Int32

    init() throws {
        for _ in 0..<1000 {
            let number = Int.random(in: 10_000..<32_000)
            // Of each gateway that is started without another address for what it says of itself.
            guard number != 15020 else { continue }
            guard let descriptor = Sockets.reserve(port: number) else { continue }
            self.number = number
            self.descriptor = descriptor
            return
        }
        throw WireFailure.broken("no free port")
    }

    deinit { Sockets.close(descriptor) }
}

/// Keys and tokens of the tests.
enum Tokens {
    static let key = generate(kid: "one")
    static let stranger = generate(kid: "one")

    private static func generate(kid: String) -> SigningKey {
        guard let key = try? SigningKey.generate(.es256, kid: kid) else { preconditionFailure("no key could be made") }
        return key
    }

    /// - Parameter more: members behind the others, each with a comma before it.
    static func claims(audience: String = "api", expiresIn seconds: Int = 600, more: String = "") -> String {
        let expiry = Int(Date().timeIntervalSince1970) + seconds
        return #"{"iss":"https://issuer.test","sub":"alice","aud":"\#(audience)","exp":\#(expiry)\#(more)}"#
    }

    static func token(audience: String = "api", expiresIn seconds: Int = 600, key: SigningKey = key) throws -> String {
        try key.token(claims: claims(audience: audience, expiresIn: seconds)).text
    }
}

/// An answer as a client reads it.
struct Answer {
    var status: Int
    /// Names in lower case.
    var fields: [(name: String, value: String)]
    var body: [UInt8] = []
    var trailers: [String] = []

    func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    var refusal: String? { value("tollgate-refusal") }
}

extension Wire {
    /// One answer, without interim ones; `toHead`: that to a HEAD request.
    func readAnswer(toHead: Bool = false) throws -> Answer {
        var answer = try readAnswerHead()
        guard !toHead, answer.status != 204, answer.status != 304, answer.status >= 200 else { return answer }
        if answer.value("transfer-encoding") == "chunked" {
            try readChunks(into: &answer)
        } else if let length = answer.value("content-length").flatMap({ Int($0) }) {
            answer.body = try read(count: length)
        } else {
            answer.body = try readToEnd().bytes
        }
        return answer
    }

    func readAnswerHead() throws -> Answer {
        let lines = try readHead().components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
            return (name: line[..<colon].lowercased(), value: value)
        }
        return Answer(status: status, fields: fields)
    }

    private func readChunks(into answer: inout Answer) throws {
        while true {
            let chunk = try readChunk()
            if chunk.isEmpty { break }
            answer.body += chunk
        }
        while true {
            let line = try read(through: "\r\n")
            if line == "\r\n" { return }
            answer.trailers.append(String(line.dropLast()))
        }
    }

    /// The payload of one chunk; empty for the last, behind which trailers follow.
    func readChunk() throws -> [UInt8] {
        let line = try read(through: "\r\n").dropLast()
        guard let size = Int(line, radix: 16) else { throw WireFailure.broken("no chunk size: \(line)") }
        guard size > 0 else { return [] }
        let bytes = try read(count: size)
        _ = try read(count: 2)
        return bytes
    }

    /// Answers a request with this text.
    func answer(_ body: String = "ok", status: String = "200 OK", _ lines: String = "") throws {
        try send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)")
    }
}

/// Sends so many bytes while the test reads at the other end.
final class SendingThread {
    private let wire: Wire
    private let box = ResultBox()

    init(_ wire: Wire, count: Int) {
        self.wire = wire
        let sender = UncheckedSender(wire: wire, count: count, box: box)
        Thread { sender.run() }.start()
    }

    func join() throws {
        box.done.wait()
        if let failure = box.failure.withLock({ $0 }) { throw failure }
    }

    private final class ResultBox: Sendable {
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<(any Error)?>(nil)
    }

    // The test touches the wire only after `join`.
    private struct UncheckedSender: @unchecked Sendable {
        let wire: Wire
        let count: Int
        let box: ResultBox

        func run() {
            let piece = [UInt8](repeating: 0x78, count: 256 << 10)
            var left = count
            do {
                while left > 0 {
                    try wire.send(Array(piece.prefix(left)))
                    left -= min(left, piece.count)
                }
            } catch {
                box.failure.withLock { [error] in $0 = error }
            }
            box.done.signal()
        }
    }
}
