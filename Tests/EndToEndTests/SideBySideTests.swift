import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file with `config.admin`: its own listeners, and those of the Admin API.
@Suite struct `A file and the Admin API side by side` {
    private let folder: URL
    private let groupPort = Ports.next()
    private let adminPort = Ports.next()
    private let upstream: EchoUpstream

    init() throws {
        upstream = try EchoUpstream()
        folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-beside-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(AdminGateway.key.utf8).write(to: folder.appending(path: "keys"))
    }

    private var settings: String {
        """
        admin:
          plain: true
          listen: 127.0.0.1:\(adminPort)
          keyFile: "\(folder.path)/keys"
          data: "\(folder.path)/data"
          gatewayGroups:
          - listen: [127.0.0.1:\(groupPort)]
        """
    }

    private func start() throws -> RunningGateway {
        let gateway = try RunningGateway(.init(config: settings), upstreamPort: upstream.port)
        try eventually("the Admin API takes calls") { (try? Wire(port: adminPort)) != nil }
        return gateway
    }

    private func status(_ path: String, port: Int) throws -> Int {
        let wire = try Wire(port: port)
        try wire.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return try wire.readAnswer().status
    }

    private func write(_ route: String) throws {
        let body = """
            {"uri":"\(route)","upstream":{"nodes":{"127.0.0.1:\(upstream.port)":1}}}
            """
        #expect(try AdminGateway.put("/routes/1", body, port: adminPort) / 100 == 2)
    }

    @Test func `are served at addresses of their own, and change apart from each other`() throws {
        let gateway = try start()
        try write("/written")
        #expect(try status("/written", port: groupPort) == 200)
        #expect(try status("/open", port: groupPort) == 404)
        #expect(try status("/open", port: gateway.port) == 200)
        #expect(try status("/written", port: gateway.port) == 401)

        let route = """
            - matches: [{path: {pathPrefix: /new}}]
              policies: {directResponse: {status: 418}}
            """
        try gateway.write(configuration: gateway.configuration(.init(config: settings, routes: route)))
        try eventually("the change is served") { try status("/new", port: gateway.port) == 418 }
        #expect(try status("/written", port: groupPort) == 200)

        try write("/other")
        #expect(try status("/other", port: groupPort) == 200)
        #expect(try status("/new", port: gateway.port) == 418)
    }

    @Test func `keep what was written through the API over a restart`() throws {
        let first = try start()
        try write("/written")
        first.signal(SIGTERM)
        #expect(try first.waitForExit() == 0)
        let second = try start()
        #expect(try status("/written", port: groupPort) == 200)
        second.signal(SIGTERM)
        #expect(try second.waitForExit() == 0)
    }

    @Test func `do not start where both want one address, and both places are named`() throws {
        let file = folder.appending(path: "c.yaml")
        try """
        config:
          admin: {data: "\(folder.path)/data", gatewayGroups: [{listen: [127.0.0.1:\(groupPort)]}]}
        binds:
        - port: \(groupPort)
          listeners: [{routes: [{policies: {directResponse: {status: 200}}}]}]
        """.write(to: file, atomically: true, encoding: .utf8)
        let result = try CommandLineRunner.run(["run", "-f", file.path])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("c.yaml:2:"))
        #expect(result.errors.contains("port \(groupPort) is listened on already, at line 4"))
    }

    @Test(arguments: [["--admin-plain"], ["--listen", "9081"], ["--admin-key", "k"]])
    func `options of a gateway without a file are refused beside one`(_ options: [String]) throws {
        let result = try CommandLineRunner.run(["run", "-f", "c.yaml"] + options)
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("\(options[0]) is for a gateway without a file"))
        #expect(result.errors.contains("config.admin"))
    }

    @Test func `the control listener of a gateway without a file is where an option says`() throws {
        let port = Ports.next()
        let gateway = try AdminGateway(arguments: ["--control-listen", "\(port)"])
        #expect(try gateway.get("/healthz/ready", port: port).status == 200)
        let beside = try CommandLineRunner.run(["run", "-f", "c.yaml", "--control-listen", "off"])
        #expect(beside.exitCode == 2 && beside.errors.contains("config.statsAddr"))
        // One that is named is needed.
        let taken = try CommandLineRunner.run([
            "run", "--data", gateway.folder.appending(path: "other").path, "--admin-plain", "--admin-listen",
            "\(Ports.next())", "--listen", "\(Ports.next())", "--control-listen", "\(port)",
        ])
        #expect(taken.exitCode == 1 && taken.errors.contains("cannot listen on 127.0.0.1:\(port)"))
    }

    @Test(arguments: [
        ("--control-listen", "unix:run", "an absolute path"), ("--control-listen", "0", "`unix:/path` or `off`"),
        ("--admin-listen", "example.com:80", "`ip:port`, `localhost:port`"), ("--listen", "=9080", "before the `=`"),
        ("--listen", "blue=here", "`ip:port`, `localhost:port`"),
    ])
    func `an option with an address says how to write one`(_ name: String, _ value: String, _ words: String) throws {
        let result = try CommandLineRunner.run(["run", "--data", "d", name, value])
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("'\(value)' is invalid for '\(name)"), "\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test func `all that is wrong with an Admin API is said at once, with its place, by validate as by run`() throws {
        let folder = try CommandLineFolder()
        try folder.write("me admin\n\nyou nobody looking\n", to: "keys")
        try folder.write("too short", to: "store-key")
        try folder.write(
            """
            config:
              statsAddr: "off"
              admin:
                plain: true
                listen: 0.0.0.0:\(adminPort)
                keyFile: keys
                secretsDir: absent
                storeKeyFile: store-key
            binds:
            - port: \(groupPort)
              listeners: [{routes: [{matches: [{path: {regex: "("}}], policies: {directResponse: {status: 200}}}]}]

            """, to: "c.yaml")
        let found = try ["run", "validate"].map { command in
            let result = try folder.run(command, "-f", "c.yaml")
            #expect(result.exitCode == 1)
            return result.errors.split(separator: "\n").filter { $0.hasPrefix("c.yaml:") }.map { line in
                "\(line.split(separator: ":")[1...2].joined(separator: ":")) \(line.split(separator: "[").last ?? "")"
            }
        }
        #expect(
            found[0] == [
                "3:3 field_missing]", "5:13 admin_plain]", "6:14 admin_key_invalid]", "6:14 admin_key_invalid]",
                "7:17 admin_file_unreadable]", "8:19 store_key_invalid]", "11:52 regex_invalid]",
            ])
        #expect(found[1] == found[0])
    }

    @Test func `an Admin API has a folder by the file or by the command line`() throws {
        let folder = try CommandLineFolder()
        try folder.write("config: {statsAddr: \"off\", admin: {}}\n", to: "c.yaml")
        for command in ["run", "validate"] {
            let result = try folder.run(command, "-f", "c.yaml")
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("hint: name one with `config.admin.data` or --data"))
        }
        #expect(try folder.run("validate", "-f", "c.yaml", "--data", "data").exitCode == 0)
        try folder.write("", to: "file")
        let taken = try folder.run("validate", "-f", "c.yaml", "--data", "file")
        #expect(taken.errors.contains("cannot use the folder `file`: Not a directory"))
        for (data, parent) in [("a/b/c/", "a/b"), ("file/c", "file"), ("/there-is-none/c", "/there-is-none")] {
            for command in ["run", "validate"] {
                let result = try folder.run(command, "-f", "c.yaml", "--data", data)
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("folder `\(data)`: "), "\(result.errors)")
                #expect(
                    command == "run" || data == "file/c" || result.errors.contains("`\(parent)`: No such file"),
                    "\(result.errors)")
            }
        }
    }

    @Test func `an Admin API says where it cannot listen, and how to have it elsewhere`() throws {
        let folder = try CommandLineFolder()
        let (listener, port) = try Sockets.listen()
        defer { Sockets.close(listener) }
        try folder.write(
            "config: {statsAddr: \"off\", admin: {data: data, listen: \"127.0.0.1:\(port)\", plain: true}}\n",
            to: "c.yaml")
        let result = try folder.run("run", "-f", "c.yaml")
        #expect(result.exitCode != 0)
        #expect(result.errors.contains("the Admin API cannot listen on 127.0.0.1:\(port): "), "\(result.errors)")
        #expect(result.errors.contains("`config.admin.listen`"), "\(result.errors)")
    }

    @Test func `without a file the options are named that something is wrong with, all at once`() throws {
        let folder = try CommandLineFolder()
        let result = try folder.run(
            "run", "--data", "data", "--admin-key-file", "absent", "--store-key-file", "absent", "--secrets-dir",
            "absent",
            "--admin-plain", "--admin-listen", "[::]:\(adminPort)")
        #expect(result.exitCode == 2)
        let found = result.errors.split(separator: "\n").filter { $0.hasPrefix("--") }.map { $0.prefix { $0 != ":" } }
        #expect(
            found == ["--secrets-dir", "--admin-key-file", "--store-key-file", "--admin-listen"], "\(result.errors)")
    }
}
