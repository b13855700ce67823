import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `statsAddr`, `adminAddr` and `readinessAddr` at Unix sockets.
@Suite(.enabled(if: Curl.path != nil, "Unix sockets are tried with curl")) struct `A control address at a Unix socket` {
    private let upstream: Upstream
    private let folder: URL
    private var path: String { folder.appending(path: "s").path }

    init() throws {
        upstream = try Upstream()
        // Short: the path of a socket has little room.
        folder = URL(filePath: "/tmp/tollgate-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func start() throws -> RunningGateway {
        try RunningGateway(
            .init(config: "adminAddr: \"unix:\(path)\"\nreadinessAddr: \"unix:\(path)\""), upstreamPort: upstream.port)
    }

    private func get(_ page: String) throws -> String {
        try Curl("-s", "-w", " %{http_code}", "--unix-socket", path, "http://localhost\(page)").output()
    }

    @Test func `serves its pages, is for owner and group, and goes with the process`() throws {
        let gateway = try start()
        #expect(try get("/healthz/ready") == "ready\n 200")
        #expect(try get("/config_dump").hasPrefix("{"))
        #expect(try get("/metrics").hasSuffix("404"))
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        gateway.signal(SIGTERM)
        #expect(try gateway.waitForExit() == 0)
        #expect(lstat(path, &status) != 0)
        try FileManager.default.removeItem(at: folder)
    }

    @Test func `takes the place of one that was killed, but of nothing else`() throws {
        let killed = try start()
        killed.signal(SIGKILL)
        _ = try killed.waitForExit()
        var status = stat()
        #expect(lstat(path, &status) == 0)
        let gateway = try start()
        #expect(try get("/healthz/live") == "alive\n 200")
        // Another process is there.
        let failure = #expect(throws: GatewayProcess.StartFailure.self) { try start() }
        #expect(
            failure?.log.contains("cannot listen on unix:\(path): the address is in use by another process") == true)
        #expect(try get("/healthz/live") == "alive\n 200")
        gateway.signal(SIGTERM)
        _ = try gateway.waitForExit()
        // A file that somebody keeps there.
        try "mine".write(toFile: path, atomically: true, encoding: .utf8)
        let other = #expect(throws: GatewayProcess.StartFailure.self) { try start() }
        #expect(other?.log.contains("a file that is no socket stands there") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        try FileManager.default.removeItem(at: folder)
    }
}
