import Foundation
import Testing

/// A gateway that is configured through its Admin API, in a folder of its own.
final class AdminGateway {
    static let key = "the-test-key"

    let port = Ports.next()
    let adminPort = Ports.next()
    let folder: URL
    private var process: Process?
    private let isPlain: Bool
    private let arguments: [String]
    private let environment: [String: String]

    /// - Parameters:
    ///   - arguments: behind those that it has anyway.
    ///   - environment: beside that of the test.
    init(
        isPlain: Bool = true, keyFile: String? = nil, arguments: [String] = [], environment: [String: String] = [:]
    ) throws {
        self.isPlain = isPlain
        self.arguments = arguments
        self.environment = environment
        folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-admin-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try (keyFile ?? Self.key).write(to: keyPath, atomically: true, encoding: .utf8)
        try start()
    }

    deinit {
        kill(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    private var keyPath: URL { folder.appending(path: "keys") }

    /// Where the store is.
    var data: URL { folder.appending(path: "data") }

    var id: Int32 { process?.processIdentifier ?? 0 }

    func start() throws {
        let process = Process()
        process.executableURL = CommandLineRunner.binary
        process.arguments =
            [
                "run", "--data", data.path, "--listen", "127.0.0.1:\(port)", "--admin-listen", "127.0.0.1:\(adminPort)",
                "--admin-key-file", keyPath.path,
            ] + (isPlain ? ["--admin-plain"] : []) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        self.process = process
        try eventually("the Admin API takes connections") {
            #expect(process.isRunning, "\(self.log)")
            return (try? Wire(port: adminPort)) != nil && (try? Wire(port: port)) != nil
        }
    }

    var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

    func kill(_ signal: Int32) {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    // MARK: - Calls

    /// A call of the Admin API, with the key unless the lines name another.
    func admin(
        _ method: String, _ path: String, _ body: String = "", _ lines: String = "", root: String = "/apisix/admin"
    ) throws -> Answer {
        let key = lines.lowercased().contains("x-api-key") ? "" : "X-API-KEY: \(Self.key)\r\n"
        let host = lines.lowercased().contains("host:") ? "" : "Host: localhost\r\n"
        let wire = try Wire(port: adminPort)
        try wire.send(
            "\(method) \(root)\(path) HTTP/1.1\r\n\(host)\(key)\(lines)Content-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(body)")
        return try wire.readAnswer(toHead: method == "HEAD")
    }

    /// Writes a document; answers the status.
    static func put(_ path: String, _ body: String, port: Int) throws -> Int {
        let wire = try Wire(port: port)
        try wire.send(
            "PUT /apisix/admin\(path) HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: \(key)\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        return try wire.readAnswer().status
    }

    /// A request of traffic.
    func get(_ path: String, _ lines: String = "", port: Int? = nil) throws -> Answer {
        let wire = try Wire(port: port ?? self.port)
        try wire.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(lines)Connection: close\r\n\r\n")
        return try wire.readAnswer()
    }
}
