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

@Suite struct `A changed configuration` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        gateway = try RunningGateway(upstreamPort: upstream.port)
    }

    /// Adds a route that answers 503 by itself.
    private static func withRoute(_ path: String) -> RunningGateway.Setup {
        .init(routes: "- matches: [{path: {exact: \(path)}}]\n  backends: []")
    }

    private func status(_ path: String, _ lines: String = "") throws -> Int { try gateway.get(path, lines).status }

    @Test func `is served, and a request in service ends by the one before`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        #expect(try status("/new") == 401)
        // The route that the request came by goes to another place from now on.
        let other = try EchoUpstream("other")
        var setup = Self.withRoute("/new")
        setup.routes += "\n- matches: [{path: {pathPrefix: /open}}]\n  backends: [{host: \"127.0.0.1:\(other.port)\"}]"
        try gateway.write(configuration: gateway.configuration(setup))
        try eventually("the new route") { try status("/new") == 503 }
        try connection.answer("late")
        #expect(try client.readAnswer().body.text == "late")
        // The same connection of the same client is served by the new one.
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().body.text.hasPrefix("other"))
        try eventually("a line about it") { gateway.errors.contains("serving the changed configuration") }
    }

    @Test func `is served at once on SIGHUP`() throws {
        try gateway.write(configuration: gateway.configuration(Self.withRoute("/new")))
        gateway.signal(SIGHUP)
        try eventually("the new route") { try status("/new") == 503 }
    }

    @Test func `is not needed for SIGHUP to be harmless`() throws {
        for _ in 0..<5 { gateway.signal(SIGHUP) }
        try eventually("a reload") { gateway.errors.contains("serving the changed configuration") }
        #expect(try status("/secret") == 401)
        #expect(gateway.exitStatus() == nil)
    }

    @Test func `of keys is served, and tokens verified before are refused`() throws {
        let old = "Authorization: Bearer \(try Tokens.token())\r\n"
        let new = "Authorization: Bearer \(try Tokens.token(key: Tokens.stranger))\r\n"
        let client = try gateway.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\(old)\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.answer()
        #expect(try client.readAnswer().status == 200)
        #expect(try gateway.get("/", new).refusal == "signature_invalid")
        try gateway.write(keys: Tokens.stranger.verificationJWKS.text)
        // Asked on the connection that has served already: nothing of it may be remembered.
        try eventually("the old token's refusal") {
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\(old)\r\n")
            if try !connection.hasHead(unless: client) { return try client.readAnswer().status == 401 }
            try connection.answer()
            _ = try client.readAnswer()
            return false
        }
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\(new)\r\n")
        _ = try connection.readHead()
        try connection.answer("new")
        #expect(try client.readAnswer().body.text == "new")
    }

    struct Broken: CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (String) -> String
        var reason: String
    }

    private static let lastSuccess = #"tollgate_config_last_reload_success_timestamp_seconds{source="file"}"#

    static let broken = [
        Broken(
            testDescription: "no YAML", change: { $0 + "\n  : [\n" }, reason: "yaml_syntax"),
        Broken(
            testDescription: "an unknown field",
            change: { $0.replacingOccurrences(of: "      issuer:", with: "      isuer:") }, reason: "config.yaml:"),
        Broken(testDescription: "an empty file", change: { _ in "" }, reason: "config.yaml"),
    ]

    @Test(arguments: broken)
    func `that is not valid changes nothing, is explained and can be mended`(_ entry: Broken) throws {
        let started = try #require(try gateway.metric(Self.lastSuccess))
        #expect(try gateway.metric(#"tollgate_config_last_reload_successful{source="file"}"#) == 1)
        try gateway.write(configuration: entry.change(gateway.configuration(Self.withRoute("/new"))))
        try eventually("the reason") { gateway.errors.contains("goes on serving") }
        #expect(gateway.errors.contains(entry.reason), "\(gateway.errors)")
        #expect(try status("/new") == 401)
        try eventually("the metric") {
            try gateway.metric(#"tollgate_config_last_reload_successful{source="file"}"#) == 0
        }
        #expect(
            try #require(try gateway.metric(#"tollgate_config_reloads_total{source="file",result="invalid"}"#)) >= 1)
        #expect(try gateway.metric(#"tollgate_config_reloads_total{source="file",result="served"}"#) == 0)
        #expect(try gateway.metric(Self.lastSuccess) == started)
        try gateway.write(configuration: gateway.configuration(Self.withRoute("/new")))
        try eventually("the mended configuration") { try status("/new") == 503 }
        try eventually("the metric") {
            try gateway.metric(#"tollgate_config_last_reload_successful{source="file"}"#) == 1
        }
        #expect(try gateway.metric(#"tollgate_config_reloads_total{source="file",result="served"}"#) == 1)
        #expect(try #require(try gateway.metric(Self.lastSuccess)) >= started)
    }

    @Test func `is told by the names of what it adds, changes and removes, without their content`() throws {
        var setup = Self.withRoute("/new")
        setup.routes = "- name: fresh\n  matches: [{path: {exact: /new}}]\n  backends: []"
        try gateway.write(configuration: gateway.configuration(setup))
        let listener = "\(gateway.port)/listener0"
        try eventually("what was added") { gateway.errors.contains("routes: added \(listener)/fresh") }
        #expect(!gateway.errors.contains("policies:"), "\(gateway.errors)")
        setup.routes = ""
        setup.jwtAuth = "clockSkew: 10s"
        try gateway.write(configuration: gateway.configuration(setup))
        try eventually("what was removed") { gateway.errors.contains("routes: removed \(listener)/fresh") }
        try eventually("what was changed") {
            gateway.errors.contains("policies: changed jwtAuthentication of route \(listener)/guarded")
        }
        try gateway.write(keys: Tokens.stranger.verificationJWKS.text)
        try eventually("what was read") { gateway.errors.contains("keys and certificates read again: ") }
        // A line more at the top moves everything, and changes nothing.
        try gateway.write(configuration: "# moved\n" + gateway.configuration(setup))
        try eventually("that nothing was changed") { gateway.errors.contains("nothing in it has changed") }
        #expect(!gateway.errors.contains(Tokens.stranger.verificationJWKS.text))
        let read = gateway.errors.split(separator: "\n").last { $0.contains("keys and certificates read again: ") }
        #expect(read?.contains(", ") == false, "\(gateway.errors)")
        // Of a file that has other settings it would not be true.
        setup.config = "logging: {level: debug}"
        try gateway.write(configuration: gateway.configuration(setup))
        try eventually("that a restart is needed") {
            gateway.errors.contains("restart for what has changed: config.logging.level")
        }
        #expect(gateway.errors.components(separatedBy: "nothing in it has changed").count == 2)
    }

    @Test func `that is not valid is reported with its line`() throws {
        let text = gateway.configuration(.init()).replacingOccurrences(of: "mode: strict", with: "mode: lax")
        let line = try #require(text.components(separatedBy: "\n").firstIndex { $0.contains("mode: lax") }) + 1
        try gateway.write(configuration: text)
        try eventually("the reason") { gateway.errors.contains("goes on serving") }
        #expect(gateway.errors.contains("config.yaml:\(line):"), "\(gateway.errors)")
    }

    @Test func `that is away for a while changes nothing until it is back`() throws {
        let file = gateway.folder.appending(path: "config.yaml")
        try FileManager.default.removeItem(at: file)
        try eventually("the reason") { gateway.errors.contains("file_unreadable") }
        #expect(try status("/new") == 401)
        try gateway.write(configuration: gateway.configuration(Self.withRoute("/new")))
        try eventually("the new route") { try status("/new") == 503 }
    }

    @Test func `may be a link that is turned to another file`() throws {
        let folder = gateway.folder
        let file = folder.appending(path: "config.yaml")
        for round in 1...2 {
            let target = folder.appending(path: "\(round).yaml")
            let text = gateway.configuration(Self.withRoute("/\(round)"))
            try text.write(to: target, atomically: true, encoding: .utf8)
            let link = folder.appending(path: "link")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
            #expect(rename(link.path, file.path) == 0)
            try eventually("round \(round)") { try status("/\(round)") == 503 }
        }
    }

    @Test func `of keys that holds none keeps the old ones, and mending it is noticed`() throws {
        for text in ["{\"keys\": [", "{\"keys\": []}", ""] {
            let reports = gateway.errors.components(separatedBy: "goes on serving").count
            try gateway.write(keys: text)
            try eventually("the reason") {
                gateway.errors.components(separatedBy: "goes on serving").count > reports
            }
            #expect(gateway.errors.contains("no_usable_key"), "\(gateway.errors)")
            let token = try Tokens.token(audience: "other")
            #expect(try gateway.get("/", "Authorization: Bearer \(token)\r\n").refusal == "audience_mismatch")
        }
        try gateway.write(keys: Tokens.stranger.verificationJWKS.text)
        let token = try Tokens.token(audience: "other", key: Tokens.stranger)
        try eventually("the mended keys") {
            try gateway.get("/", "Authorization: Bearer \(token)\r\n").refusal == "audience_mismatch"
        }
    }

    @Test func `with a new address is served there, and the old one no more`() throws {
        let client = gateway.firstConnection
        let port = Ports.next()
        try gateway.write(configuration: gateway.configuration(.init(), port: port))
        try eventually("the new address") { (try? gateway.get("/secret", port: port).status) == 401 }
        try eventually("the end of the old address") { (try? gateway.client()) == nil }
        // A connection of before stays, and there is nothing to serve on it.
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().refusal == "not_ready")
        // Back again.
        try gateway.write(configuration: gateway.configuration(.init()))
        try eventually("the old address") { (try? gateway.get("/secret").status) == 401 }
    }

    @Test func `with an address that is taken is served once it is free`() throws {
        let (listener, port) = try Sockets.listen()
        do {
            defer { Sockets.close(listener) }
            try gateway.write(configuration: gateway.configuration(.init(), port: port))
            try eventually("the reason") { gateway.errors.contains("in use by another process") }
        }
        try eventually("the new address") { (try? gateway.get("/secret", port: port).status) == 401 }
        // However often it was tried.
        #expect(try gateway.metric(#"tollgate_config_reloads_total{source="file",result="unservable"}"#) == 1)
        try eventually("the metric") {
            try gateway.metric(#"tollgate_config_last_reload_successful{source="file"}"#) == 1
        }
        #expect(gateway.errors.components(separatedBy: "in use by another process").count == 2, "said once")
    }

    @Test func `with an address that is taken changes nothing`() throws {
        let (listener, port) = try Sockets.listen()
        defer { Sockets.close(listener) }
        try gateway.write(configuration: gateway.configuration(Self.withRoute("/new"), port: port))
        try eventually("the reason") { gateway.errors.contains("in use by another process") }
        #expect(try status("/new") == 401)
        #expect(!Sockets.wait(listener, for: Int16(POLLIN), 0))
        try gateway.write(configuration: gateway.configuration(Self.withRoute("/new")))
        try eventually("the mended configuration") { try status("/new") == 503 }
    }
}

@Suite struct `Under load` {
    @Test func `twenty reloads fail no request`() throws {
        let upstreams = [try EchoUpstream("one"), try EchoUpstream("two")]
        let gateway = try RunningGateway(.init(threads: 2), upstreamPort: upstreams[0].port)
        let load = Load(port: gateway.port, token: try Tokens.token())
        for round in 1...20 {
            let upstream = upstreams[round % 2]
            let routes =
                "- matches: [{path: {exact: /round/\(round)}}]\n  backends: []\n"
                + "- matches: [{path: {pathPrefix: /open}}]\n  backends: [{host: \"127.0.0.1:\(upstream.port)\"}]"
            try gateway.write(configuration: gateway.configuration(.init(threads: 2, routes: routes)))
            gateway.signal(SIGHUP)
            try eventually("round \(round)") { try gateway.get("/round/\(round)").status == 503 }
        }
        let result = load.stop()
        #expect(result.failures.isEmpty)
        #expect(result.served > 20)
        #expect(!gateway.errors.contains("goes on"))
    }

    /// A minute where there is time for tests that take minutes, and a release build to bear the load.
    private static let seconds = ProcessInfo.processInfo.environment["TOLLGATE_LONG"] == nil ? 4 : 60
    /// Debug builds on busy machines do less.
    private static let requestsPerSecond = seconds == 60 ? 5000 : 10

    @Test func `a change every second fails no request and leaves no memory behind`() throws {
        let upstreams = [try EchoUpstream("one"), try EchoUpstream("two")]
        let gateway = try RunningGateway(.init(threads: 2), upstreamPort: upstreams[0].port)
        let load = Load(port: gateway.port, token: try Tokens.token())
        let start = ContinuousClock.now
        var resident = 0
        for round in 1...Self.seconds {
            // Another backend, and a route more that was not there: nothing is as it was.
            let routes =
                "- matches: [{path: {exact: /round/\(round)}}]\n  backends: []\n"
                + "- matches: [{path: {pathPrefix: /open}}]\n"
                + "  backends: [{host: \"127.0.0.1:\(upstreams[round % 2].port)\"}]"
            try gateway.write(configuration: gateway.configuration(.init(threads: 2, routes: routes)))
            try eventually("round \(round)") { try gateway.get("/round/\(round)").status == 503 }
            // What the first changes have warmed up stays.
            if round == Self.seconds / 2 { resident = gateway.residentBytes }
            // The pace of the changes, not a wait for something to happen.
            try eventually("the next second") { ContinuousClock.now - start >= .seconds(round) }
        }
        let growth = gateway.residentBytes - resident
        let result = load.stop()
        let rate = Double(result.served) / ((ContinuousClock.now - start) / .seconds(1))
        print(
            "under load: \(Self.seconds) changes, \(Int(rate)) requests/s, \(growth >> 10) KiB more in the second half")
        #expect(result.failures.isEmpty)
        #expect(rate >= Double(Self.requestsPerSecond))
        #expect(growth < 4 << 20, "\(growth) bytes more after \(Self.seconds / 2) changes more")
        #expect(!gateway.errors.contains("goes on"))
    }

    /// Threads that send one request after the other on connections that are kept.
    private final class Load {
        private let shared = Shared()
        private static let threads = 4

        private final class Shared: Sendable {
            let isStopped = Atomic<Bool>(false)
            let served = Atomic<Int>(0)
            let failures = Mutex<[String]>([])
            let done = DispatchSemaphore(value: 0)
        }

        init(port: Int, token: String) {
            for index in 0..<Self.threads {
                Thread { [shared] in
                    do {
                        try Self.run(port: port, token: token, isGuarded: index % 2 == 0, shared)
                    } catch {
                        shared.failures.withLock { $0.append("\(error)") }
                    }
                    shared.done.signal()
                }.start()
            }
        }

        private static func run(port: Int, token: String, isGuarded: Bool, _ shared: Shared) throws {
            let wire = try Wire(port: port)
            let lines = isGuarded ? "Authorization: Bearer \(token)\r\n" : ""
            let path = isGuarded ? "/guarded" : "/open"
            while !shared.isStopped.load(ordering: .relaxed) {
                try wire.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
                let answer = try wire.readAnswer()
                shared.served.add(1, ordering: .relaxed)
                if answer.status != 200 || answer.value("connection") != nil {
                    shared.failures.withLock { $0.append("\(answer.status) \(answer.refusal ?? "")") }
                }
            }
        }

        func stop() -> (served: Int, failures: [String]) {
            shared.isStopped.store(true, ordering: .relaxed)
            for _ in 0..<Self.threads { shared.done.wait() }
            return (shared.served.load(ordering: .relaxed), shared.failures.withLock { $0 })
        }
    }
}

extension Wire {
    /// Whether a head comes here before anything comes to the other.
    fileprivate func hasHead(unless other: Wire) throws -> Bool {
        try eventually("a head or an answer") { !isSilent || !other.isSilent }
        guard !isSilent else { return false }
        _ = try readHead()
        return true
    }
}
