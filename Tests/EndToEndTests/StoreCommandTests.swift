import Foundation
import Synchronization
import Testing

@Suite struct `the store of the Admin API` {
    private static func route(_ uri: String, port: Int = 1) -> String {
        #"{"uri":"\#(uri)","upstream":{"type":"roundrobin","nodes":{"127.0.0.1:\#(port)":1}}}"#
    }

    private static func consumer(_ name: String, secret: String) -> String {
        #"{"username":"\#(name)","plugins":{"jwt-auth":{"key":"\#(name)-key","secret":"\#(secret)"}}}"#
    }

    private func store(_ arguments: String..., data: URL) throws -> CommandLineRunner.Result {
        try CommandLineRunner.run(["store", arguments[0], "--data", data.path] + arguments.dropFirst())
    }

    @Test func `is exported and imported whole, in its order`() throws {
        let gateway = try AdminGateway()
        for uri in ["/z", "/a", "/m"] { _ = try gateway.admin("PUT", "/routes/\(uri.dropFirst())", Self.route(uri)) }
        _ = try gateway.admin("PUT", "/consumers", Self.consumer("jack", secret: "jacks-own-secret-0123456789"))
        _ = try gateway.admin("PUT", "/consumers/jack/credentials/c", #"{"plugins":{"key-auth":{"key":"k"}}}"#)
        let file = gateway.folder.appending(path: "export.json").path
        #expect(try store("export", "--with-secrets", "-o", file, data: gateway.data).exitCode == 0)
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        let other = gateway.folder.appending(path: "other")
        let imported = try store("import", file, data: other)
        #expect(imported.exitCode == 0, "\(imported)")
        #expect(imported.output == "5 written, 0 deleted, 0 unchanged; revision 1\n")
        #expect(try store("import", file, data: other).output == "nothing to change; revision 1\n")
        func documents(_ data: URL) throws -> [Substring] {
            try store("export", "--with-secrets", data: data).output.split(separator: "\n").dropFirst().map { $0 }
        }
        #expect(try documents(other) == documents(gateway.data))
    }

    @Test func `shows no secret in an export or a history, and takes its masks back`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/consumers", Self.consumer("jack", secret: "jacks-own-secret-0123456789"))
        let export = try store("export", data: gateway.data).output
        #expect(export.contains(#""secret":"********""#))
        #expect(!export.contains("jacks-own-secret"))
        let history = try store("history", data: gateway.data).output
        #expect(history.contains("PUT /consumers"))
        #expect(history.contains("127.0.0.1"))
        #expect(history.contains("consumer jack"))
        #expect(!history.contains("jacks-own-secret"))
        gateway.kill(SIGTERM)
        let file = gateway.folder.appending(path: "masked.json")
        try export.replacingOccurrences(of: #""username":"jack""#, with: #""username":"jack","desc":"x""#)
            .write(to: file, atomically: true, encoding: .utf8)
        #expect(try store("import", file.path, data: gateway.data).output.hasPrefix("1 written"))
        let after = try store("export", "--with-secrets", data: gateway.data).output
        #expect(after.contains("jacks-own-secret-0123456789"))
        let elsewhere = try store("import", file.path, data: gateway.folder.appending(path: "other"))
        #expect(elsewhere.exitCode == 1)
        #expect(elsewhere.errors.contains("plugins.jwt-auth.secret"))
        #expect(elsewhere.errors.contains("nothing was changed"))
    }

    @Test func `goes back to a revision, and forth again`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/routes/1", Self.route("/first"))
        _ = try gateway.admin("PUT", "/routes/1", Self.route("/second"))
        _ = try gateway.admin("PUT", "/routes/2", Self.route("/third"))
        #expect(try store("rollback", "--to", "1", data: gateway.data).errors.contains("another process serves"))
        gateway.kill(SIGTERM)
        #expect(try store("rollback", "--to", "1", data: gateway.data).output.hasSuffix("revision 4\n"))
        try gateway.start()
        #expect(try gateway.get("/first").status == 502)
        #expect(try gateway.get("/second").status == 404)
        #expect(try gateway.get("/third").status == 404)
        gateway.kill(SIGTERM)
        #expect(try store("rollback", "--to", "3", data: gateway.data).exitCode == 0)
        #expect(
            try store("rollback", "--to", "77", data: gateway.data).errors.contains("can be brought back to 0 up to 5"))
        try gateway.start()
        #expect(try gateway.get("/second").status == 502)
        #expect(try gateway.get("/third").status == 502)
    }

    @Test func `imports nothing where one document can't be served`() throws {
        let gateway = try AdminGateway()
        gateway.kill(SIGTERM)
        let file = gateway.folder.appending(path: "bad.json")
        let bad = #"{"uri":"/b","plugins":{"no-such":{}}}"#
        try
            #"{"format":1,"documents":[{"key":"/apisix/routes/1","value":\#(Self.route("/a"))},{"key":"/apisix/routes/2","value":\#(bad)}]}"#
            .write(to: file, atomically: true, encoding: .utf8)
        let answer = try store("import", file.path, data: gateway.data)
        #expect(answer.exitCode == 1)
        #expect(answer.errors.contains("/apisix/routes/2: unknown plugin [no-such]"))
        #expect(try store("history", data: gateway.data).output.split(separator: "\n").count == 1)
    }

    @Test func `restores what a deletion by force left, and says what is missing`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/services/s", #"{"plugins":{"key-auth":{}}}"#)
        let route = #"{"uri":"/a","service_id":"s","upstream":{"nodes":{"127.0.0.1:1":1}}}"#
        #expect(try gateway.admin("PUT", "/routes/1", route).status == 201)
        #expect(try gateway.admin("DELETE", "/services/s?force=true").status == 200)
        let full = gateway.folder.appending(path: "full.json").path
        #expect(try store("export", "--with-secrets", "-o", full, data: gateway.data).exitCode == 0)
        let missing = "/apisix/routes/1: warning: it names service [s], which is not there"
        let imported = try store("import", full, data: gateway.folder.appending(path: "other"))
        #expect(imported.exitCode == 0)
        #expect(imported.output == "1 written, 0 deleted, 0 unchanged; revision 1\n")
        #expect(imported.errors.contains(missing))
        gateway.kill(SIGTERM)
        let back = try store("rollback", "--to", "2", data: gateway.data)
        #expect(back.output == "1 written, 0 deleted, 0 unchanged; revision 4\n")
        #expect(back.errors == "")
        let forth = try store("rollback", "--to", "3", data: gateway.data)
        #expect(forth.output == "0 written, 1 deleted, 0 unchanged; revision 5\n")
        #expect(forth.errors.contains(missing))
        try gateway.start()
        #expect(try gateway.get("/a").status == 404)
    }

    @Test func `has every write that was answered before the gateway was killed`() throws {
        let gateway = try AdminGateway()
        let wanted = ProcessInfo.processInfo.environment["TOLLGATE_LONG"] == nil ? 200 : 10_000
        let writers = Writers(port: gateway.adminPort, wanted: wanted)
        writers.start(4)
        writers.reached.wait()
        gateway.kill(SIGKILL)
        let names = writers.names()
        try gateway.start()
        let export = try store("export", data: gateway.data).output
        #expect(names.count >= wanted)
        #expect(names.allSatisfy { export.contains("\"/apisix/consumers/\($0)\"") })
    }

    /// Clients that write until nobody answers.
    private final class Writers: Sendable {
        /// Signalled when so many writes were answered, or nobody answers.
        let reached = DispatchSemaphore(value: 0)
        private let ended = DispatchGroup()
        private let answered = Mutex<Set<String>>([])
        private let port: Int
        private let wanted: Int

        init(port: Int, wanted: Int) {
            self.port = port
            self.wanted = wanted
        }

        func start(_ count: Int) {
            for client in 0..<count {
                ended.enter()
                Thread.detachNewThread {
                    self.write(client)
                    self.reached.signal()
                    self.ended.leave()
                }
            }
        }

        private func write(_ client: Int) {
            for number in 0... {
                let name = "c\(client)n\(number)"
                guard (try? AdminGateway.put("/consumers", #"{"username":"\#(name)"}"#, port: port)) == 201 else {
                    return
                }
                let count = answered.withLock { names in
                    names.insert(name)
                    return names.count
                }
                if count == wanted { reached.signal() }
            }
        }

        /// Those that were answered, once all clients have ended.
        func names() -> Set<String> {
            ended.wait()
            return answered.withLock { $0 }
        }
    }

    @Test func `is restored from a backup that was made while it was served`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/routes/1", Self.route("/first"))
        let folder = gateway.folder.appending(path: "restored")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let copy = folder.appending(path: "tollgate.sqlite").path
        #expect(try store("backup", copy, data: gateway.data).exitCode == 0)
        _ = try gateway.admin("DELETE", "/routes/1")
        #expect(try store("export", data: folder).output.contains("/first"))
        #expect(try store("backup", copy, data: gateway.data).exitCode == 1)
    }
}
