import Foundation
import JOSE
import Testing

@Suite struct `Gateway groups` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    private var node: String { #""upstream":{"nodes":{"127.0.0.1:\#(upstream.port)":1}}"# }

    private func makeGroup(_ gateway: AdminGateway, _ id: String, port: Int) throws {
        let body = #"{"name":"\#(id)","listeners":["127.0.0.1:\#(port)"]}"#
        let answer = try gateway.admin("PUT", "/\(id)", body, root: "/api/gateway_groups")
        try #require(answer.status == 201, "\(answer)")
    }

    private static func token(_ key: String, _ secret: String) throws -> String {
        try SigningKey(secret: Array(secret.utf8), algorithm: .hs256, kid: nil).token(claims: #"{"key":"\#(key)"}"#)
            .text
    }

    private func text(_ answer: Answer) -> String { String(decoding: answer.body, as: UTF8.self) }

    /// Who is told to the upstream.
    private func consumer(_ answer: Answer) -> String? {
        guard answer.status == 200 else { return nil }
        let line = upstream.heads.last?.split(separator: "\r\n").first { $0.hasPrefix("X-Consumer-Username: ") }
        return line.map { String($0.dropFirst("X-Consumer-Username: ".count)) }
    }

    @Test func `have nothing in common, be all of their ids the same`() throws {
        let gateway = try AdminGateway()
        let other = Ports.next()
        try makeGroup(gateway, "blue", port: other)
        for (group, secret) in [
            ("default", "the-secret-of-the-first-group-here"), ("blue", "the-secret-of-the-other-group-here"),
        ] {
            let query = "?gateway_group_id=\(group)"
            let plugins = #""plugins":{"key-auth":{},"limit-count":{"count":3,"time_window":3600}}"#
            let documents = [
                ("/routes/1", #"{"uri":"/a","name":"\#(group)",\#(node),"plugins":{"jwt-auth":{}}}"#),
                ("/routes/2", #"{"uri":"/b",\#(node),\#(plugins)}"#),
                ("/consumers/jack", #"{"username":"jack","desc":"\#(group)"}"#),
                ("/consumers/jack/credentials/j", #"{"plugins":{"jwt-auth":{"key":"k","secret":"\#(secret)"}}}"#),
                ("/consumers/jack/credentials/k", #"{"plugins":{"key-auth":{"key":"key-of-\#(group)"}}}"#),
            ]
            for (path, body) in documents {
                let answer = try gateway.admin("PUT", path + query, body)
                #expect(answer.status == 201, "\(path) \(answer)")
            }
        }
        // Tokens and keys of one are worth nothing in the other, though the name in them is known there.
        let (one, two) = (
            try Self.token("k", "the-secret-of-the-first-group-here"),
            try Self.token("k", "the-secret-of-the-other-group-here")
        )
        for _ in 0..<3 {
            #expect(consumer(try gateway.get("/a", "Authorization: Bearer \(one)\r\n")) == "jack")
            #expect(consumer(try gateway.get("/a", "Authorization: Bearer \(two)\r\n", port: other)) == "jack")
            #expect(try gateway.get("/a", "Authorization: Bearer \(two)\r\n").status == 401)
            #expect(try gateway.get("/a", "Authorization: Bearer \(one)\r\n", port: other).status == 401)
        }
        #expect(try gateway.get("/b", "apikey: key-of-blue\r\n").status == 401)
        #expect(try gateway.get("/b", "apikey: key-of-default\r\n", port: other).status == 401)
        // Limits of one id count apart.
        let allowed = (0..<4).compactMap { _ in try? gateway.get("/b", "apikey: key-of-default\r\n").status }
        #expect(allowed.suffix(1) == [503] && allowed.prefix(2) == [200, 200])
        #expect(try gateway.get("/b", "apikey: key-of-blue\r\n", port: other).status == 200)
        // What one says is shown to it alone.
        let shown = text(try gateway.admin("GET", "/routes/1?gateway_group_id=blue"))
        #expect(shown.contains(#""name":"blue""#) && shown.hasPrefix(#"{"value":"#))
        #expect(text(try gateway.admin("GET", "/routes/1")).contains(#""name":"default""#))
        #expect(try gateway.admin("DELETE", "/consumers/jack?gateway_group_id=blue").status == 200)
        #expect(try gateway.get("/a", "Authorization: Bearer \(two)\r\n", port: other).status == 401)
        #expect(consumer(try gateway.get("/a", "Authorization: Bearer \(one)\r\n")) == "jack")
    }

    @Test func `can name only what is in them`() throws {
        let gateway = try AdminGateway()
        try makeGroup(gateway, "blue", port: Ports.next())
        #expect(try gateway.admin("PUT", "/services/s", "{\(node)}").status == 201)
        let route = #"{"uri":"/a","service_id":"s"}"#
        let answer = try gateway.admin("PUT", "/routes/1?gateway_group_id=blue", route)
        #expect(answer.status == 400)
        #expect(text(answer).contains("failed to fetch service info by service id [s], response code: 404"))
        // A key may be of two consumers where these are of two groups.
        let consumer = #"{"username":"jack","plugins":{"key-auth":{"key":"same"}}}"#
        #expect(try gateway.admin("PUT", "/consumers/jack", consumer).status == 201)
        #expect(
            try gateway.admin(
                "PUT", "/consumers/jill?gateway_group_id=blue",
                consumer.replacingOccurrences(of: "jack", with: "jill")
            ).status == 201)
    }

    @Test func `are made, listed, changed and deleted as API7's dashboard does`() throws {
        let gateway = try AdminGateway()
        let root = "/api/gateway_groups"
        let first = try gateway.admin("GET", "", root: root)
        #expect(text(first) == #"{"list":[{"id":"default","name":"default"}],"total":1}"# + "\n")
        let made = try gateway.admin("POST", "", #"{"name":"green"}"#, root: root)
        #expect(made.status == 201)
        let id = try #require(
            text(made).firstMatch(of: /"id":"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"/)?.1
        )
        // It can be written before it takes traffic.
        let query = "?gateway_group_id=\(id)"
        #expect(try gateway.admin("PUT", "/routes/1\(query)", #"{"uri":"/a",\#(node)}"#).status == 201)
        let port = Ports.next()
        let moved = try gateway.admin(
            "PUT", "/\(id)", #"{"name":"green","listeners":["127.0.0.1:\#(port)"]}"#, root: root)
        #expect(moved.status == 200)
        #expect(try gateway.get("/a", port: port).status == 200)
        #expect(try gateway.get("/a").status == 404)
        let next = Ports.next()
        let patched = try gateway.admin("PATCH", "/\(id)", #"{"listeners":["127.0.0.1:\#(next)"]}"#, root: root)
        #expect(patched.status == 200)
        #expect(try gateway.get("/a", port: next).status == 200)
        #expect((try? Wire(port: port)) == nil)
        let held = try gateway.admin("DELETE", "/\(id)", root: root)
        #expect(held.status == 400 && text(held).contains("it holds 1 documents"))
        #expect(try gateway.admin("DELETE", "/\(id)?force=true", root: root).status == 200)
        #expect((try? Wire(port: next)) == nil)
        #expect(try gateway.admin("GET", "/routes\(query)").status == 404)
        #expect(try gateway.admin("DELETE", "/default?force=true", root: root).status == 400)
        #expect(try gateway.admin("GET", "/routes").status == 200)
    }

    @Test func `are refused where they are none, or can't listen where they want to`() throws {
        let gateway = try AdminGateway()
        let root = "/api/gateway_groups"
        #expect(try gateway.admin("GET", "/routes?gateway_group_id=nowhere").status == 404)
        #expect(try gateway.admin("PUT", "/routes/1?gateway_group_id=nowhere", "{}").status == 404)
        #expect(try gateway.admin("GET", "/routes?gateway_group_id=").status == 400)
        #expect(try gateway.admin("GET", "/gateway_groups").status == 404)
        for listeners in ["[\"here:80\"]", "[\"127.0.0.1\"]", "[\"127.0.0.1:70000\"]", "7"] {
            let answer = try gateway.admin("PUT", "/a", #"{"name":"a","listeners":\#(listeners)}"#, root: root)
            #expect(answer.status == 400, "\(answer)")
        }
        let taken = try gateway.admin(
            "PUT", "/a", #"{"name":"a","listeners":["127.0.0.1:\#(gateway.port)"]}"#, root: root)
        #expect(taken.status == 400)
        #expect(text(taken).contains("the gateway groups `default` and `a` can't both listen on"))
        // Of another process, as this test's own.
        let foreign = try gateway.admin(
            "PUT", "/a", #"{"name":"a","listeners":["127.0.0.1:\#(upstream.port)"]}"#, root: root)
        #expect(foreign.status == 400 && text(foreign).contains("cannot listen on"), "\(foreign)")
        #expect(try gateway.admin("GET", "/a", root: root).status == 404)
        #expect(
            try gateway.admin("PUT", "/a", #"{"name":"a","type":"api7_ingress_controller"}"#, root: root).status == 400)
    }

    @Test func `outlive a restart, and take traffic where the command line says, too`() throws {
        let (own, extra) = (Ports.next(), Ports.next())
        let gateway = try AdminGateway(arguments: ["--listen", "blue=127.0.0.1:\(extra)"])
        #expect(gateway.log.contains("addresses are named for the gateway group `blue`, which is not there yet"))
        try makeGroup(gateway, "blue", port: own)
        #expect(try gateway.admin("PUT", "/routes/1?gateway_group_id=blue", #"{"uri":"/a",\#(node)}"#).status == 201)
        for round in 0..<2 {
            for port in [own, extra] { #expect(try gateway.get("/a", port: port).status == 200, "\(round)") }
            #expect(try gateway.get("/a").status == 404)
            gateway.kill(SIGKILL)
            if round == 0 { try gateway.start() }
        }
    }

    @Test func `go without an address that another process has, say so, and take it once it is free`() throws {
        let gateway = try AdminGateway()
        let (control, group) = (Ports.next(), Ports.next())
        try makeGroup(gateway, "blue", port: group)
        #expect(try gateway.admin("PUT", "/routes/1?gateway_group_id=blue", #"{"uri":"/a",\#(node)}"#).status == 201)
        #expect(try gateway.admin("PUT", "/routes/1", #"{"uri":"/a",\#(node)}"#).status == 201)
        gateway.kill(SIGTERM)
        var other: Int32? = try Sockets.listen(port: group).descriptor
        defer { other.map(Sockets.close) }

        // As a file has it, whose readiness is asked at an address of the test's own.
        let file = gateway.folder.appending(path: "c.yaml")
        try """
        config:
          statsAddr: "127.0.0.1:\(control)"
          admin:
            plain: true
            listen: 127.0.0.1:\(gateway.adminPort)
            keyFile: "\(gateway.folder.path)/keys"
            data: "\(gateway.data.path)"
            gatewayGroups: [{listen: [127.0.0.1:\(gateway.port)]}]
        """.write(to: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = CommandLineRunner.binary
        process.arguments = ["run", "-f", file.path]
        let log = gateway.folder.appending(path: "second-log")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        try eventually("the Admin API takes connections") { (try? Wire(port: gateway.adminPort)) != nil }
        #expect(try gateway.get("/a").status == 200)
        #expect(try gateway.get("/healthz/ready", port: control).status == 503)
        let said = try String(contentsOf: log, encoding: .utf8)
        #expect(said.contains("error cannot listen on 127.0.0.1:\(group): the address is in use by another process"))
        // It and its documents can be written, but not to be at another address that somebody has.
        #expect(try gateway.admin("PUT", "/routes/2?gateway_group_id=blue", #"{"uri":"/b",\#(node)}"#).status == 201)
        let again = #"{"name":"blue","labels":{"a":"b"},"listeners":["127.0.0.1:\#(group)"]}"#
        let root = "/api/gateway_groups"
        #expect(try gateway.admin("PUT", "/blue", again, root: root).status == 200)
        let (third, taken) = try Sockets.listen()
        defer { Sockets.close(third) }
        let moved = again.replacing("127.0.0.1:\(group)", with: "127.0.0.1:\(taken)")
        #expect(try gateway.admin("PUT", "/blue", moved, root: root).status == 400)

        other.map(Sockets.close)
        other = nil
        try eventually("it listens there", within: 60) {
            (try? gateway.get("/b", port: group).status) == 200
        }
        try eventually("it is ready") { try gateway.get("/healthz/ready", port: control).status == 200 }
        #expect(try gateway.admin("PUT", "/blue", again, root: root).status == 200)
    }

    @Test func `do not start without an address that the command line names`() throws {
        let gateway = try AdminGateway()
        gateway.kill(SIGTERM)
        let (other, port) = try Sockets.listen()
        defer { Sockets.close(other) }
        let result = try CommandLineRunner.run([
            "run", "--data", gateway.data.path, "--admin-plain", "--admin-listen", "127.0.0.1:\(gateway.adminPort)",
            "--listen", "127.0.0.1:\(port)",
        ])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("error: cannot listen on 127.0.0.1:\(port)"), "\(result.errors)")
    }

    @Test func `can have keys of their own, which open nothing else`() throws {
        let gateway = try AdminGateway(
            keyFile: """
                root admin \(AdminGateway.key)
                blue-admin admin the-key-of-blue blue
                blue-viewer viewer the-viewer-of-blue blue
                lost admin the-key-of-nobody nowhere
                """)
        try makeGroup(gateway, "blue", port: Ports.next())
        let (own, viewer) = ("X-API-KEY: the-key-of-blue\r\n", "X-API-KEY: the-viewer-of-blue\r\n")
        let made = try gateway.admin("PUT", "/routes/1", #"{"uri":"/a",\#(node)}"#, own)
        #expect(made.status == 201 && text(made).hasPrefix(#"{"value":"#))
        #expect(try gateway.admin("GET", "/routes/1").status == 404)
        #expect(try gateway.admin("GET", "/routes/1?gateway_group_id=blue").status == 200)
        #expect(try gateway.admin("GET", "/routes/1?gateway_group_id=blue", "", viewer).status == 200)
        #expect(try gateway.admin("DELETE", "/routes/1", "", viewer).status == 401)
        for lines in [own, viewer] {
            #expect(try gateway.admin("GET", "/routes?gateway_group_id=default", "", lines).status == 403)
            #expect(try gateway.admin("GET", "", "", lines, root: "/api/gateway_groups").status == 403)
        }
        #expect(try gateway.admin("GET", "/routes", "", "X-API-KEY: the-key-of-nobody\r\n").status == 404)
        #expect(try gateway.admin("GET", "", "", "X-API-KEY: wrong\r\n", root: "/api/gateway_groups").status == 401)
    }

    @Test func `are exported, imported, rolled back and named in the history`() throws {
        let gateway = try AdminGateway()
        try makeGroup(gateway, "blue", port: Ports.next())
        let consumer = #"{"username":"jack","plugins":{"key-auth":{"key":"a-secret-key"}}}"#
        #expect(try gateway.admin("PUT", "/consumers/jack?gateway_group_id=blue", consumer).status == 201)
        #expect(try gateway.admin("PUT", "/routes/1", #"{"uri":"/a",\#(node)}"#).status == 201)
        gateway.kill(SIGTERM)
        func store(_ arguments: String...) throws -> String {
            let result = try CommandLineRunner.run(["store"] + arguments + ["--data", gateway.data.path])
            #expect(result.exitCode == 0, "\(result)")
            return result.output
        }
        #expect(try store("history").contains("consumer jack of blue"))
        let exported = try store("export")
        #expect(exported.contains(#"{"key":"/apisix/consumers/jack","group":"blue","value":"#))
        #expect(exported.contains(#"{"key":"/apisix/gateway_groups/blue","value":"#))
        #expect(!exported.contains("a-secret-key"))
        let file = gateway.folder.appending(path: "export.json").path
        try store("export", "--with-secrets").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try store("rollback", "--to", "0").contains("0 written, 3 deleted"))
        #expect(try store("import", file).contains("3 written"))
        #expect(try store("import", file).contains("nothing to change"))
        try gateway.start()
        let shown = try gateway.admin("GET", "/consumers/jack?gateway_group_id=blue")
        #expect(text(shown).contains("a-secret-key"))
        #expect(try gateway.admin("GET", "/consumers/jack").status == 404)
    }
}
