import Bytes
import GatewayControl
import GatewayDialects
import GatewayEngine
import GatewayModel
import Testing

@Suite struct `Gateway groups that are compiled write by write` {
    /// Three groups whose documents have the same ids, written in turn.
    private struct Groups {
        var groups = [
            WrittenDocuments(group: "blue", port: 9081), WrittenDocuments(), WrittenDocuments(group: "red", port: 9082),
        ]
        var compiled = DocumentCompiler.Compiled()

        mutating func write(_ number: Int, _ bodies: [(APISIXKind, String, String?)]) throws {
            groups[number].compiled = compiled
            #expect(try groups[number].write(bodies) == [])
            compiled = groups[number].compiled
        }

        func snapshot(_ number: Int) throws -> Snapshot {
            try #require(compiled.snapshot(of: ["blue", "default", "red"][number]))
        }
    }

    private static let nodes = #""upstream":{"nodes":{"127.0.0.1:1":1}}"#

    @Test func `are each what they would be alone, whatever is written to the others`() throws {
        var generator = SystemRandomNumberGenerator()
        var groups = Groups()
        var client = TrialClient()
        var trail: [String] = []
        for number in groups.groups.indices { try groups.write(number, [(.upstream, "u", #"{"nodes":{"a:1":1}}"#)]) }
        for _ in 0..<300 {
            let number = Int.random(in: 0..<3, using: &generator)
            let write = groups.groups[number].randomWrite(&generator)
            trail.append("\(number) \(write)")
            try groups.write(number, [write])
            let path = "/r\(Int.random(in: 0..<6, using: &generator))"
            for (number, documents) in groups.groups.enumerated() {
                let snapshot = try groups.snapshot(number)
                let alone = try documents.compiledAnew()
                for key in (0..<3).map({ "k\($0)" }) {
                    let expected = try client.get(path, key: key, from: alone)
                    let answer = try client.get(path, key: key, from: snapshot)
                    try #require(answer == expected, "\(number) \(key) \(path) \(trail)")
                }
            }
        }
    }

    @Test func `leave another group as it is`() throws {
        var groups = Groups()
        try groups.write(0, [(.route, "1", #"{"uri":"/a",\#(Self.nodes)}"#)])
        try groups.write(1, [(.route, "1", #"{"uri":"/b",\#(Self.nodes)}"#)])
        let before = try (groups.snapshot(0), groups.snapshot(1))
        try groups.write(1, [(.route, "2", #"{"uri":"/c",\#(Self.nodes)}"#)])
        let after = try (groups.snapshot(0), groups.snapshot(1))
        #expect(before.0 === after.0)
        #expect(before.1 !== after.1)
        // Two groups know nothing of each other's servers, be they the same.
        #expect(after.0.upstreams[0] !== after.1.upstreams[0])
        #expect(before.1.upstreams[0] === after.1.upstreams[0])
    }

    @Test func `count requests each for itself`() throws {
        var groups = Groups()
        var client = TrialClient()
        let limit = #""plugins":{"limit-count":{"count":1,"time_window":3600,"group":"g"}}"#
        let route = #"{"uri":"/a",\#(Self.nodes),\#(limit)}"#
        for number in 0..<2 { try groups.write(number, [(.route, "1", route)]) }
        func answers() throws -> [String] {
            try (0..<2).map { try client.get("/a", key: "", from: groups.snapshot($0)) }
        }
        #expect(try answers().allSatisfy { $0 != "rate_limited" })
        #expect(try answers() == ["rate_limited", "rate_limited"])
        // A write of another group, or of another limit, leaves the counts.
        try groups.write(1, [(.route, "1", #"{"uri":"/a",\#(Self.nodes)}"#)])
        #expect(try answers()[0] == "rate_limited")
        #expect(try answers()[1] != "rate_limited")
    }

    @Test func `go, and move to other addresses`() throws {
        var groups = Groups()
        try groups.write(0, [(.route, "1", #"{"uri":"/a",\#(Self.nodes)}"#)])
        try groups.write(1, [(.route, "1", #"{"uri":"/a",\#(Self.nodes)}"#)])
        let left = groups.compiled.removing("blue")
        #expect(left.groupIDs == ["default"])
        #expect(left.snapshot(of: "blue") == nil)
        #expect(try left.snapshot(of: "default") === groups.snapshot(1))
        let moved = left.listening(
            GatewayGroup(
                id: "default",
                addresses: [ListenAddress(host: "127.0.0.1", port: 1), ListenAddress(host: "::1", port: 2)]))
        let binds = try #require(moved.snapshot(of: "default")).binds
        #expect(binds.map(\.address.port) == [1, 2])
        #expect(binds[0].listeners[0] === binds[1].listeners[0])
    }

    @Test func `have keys fetched from where a group that is served names them, and from nowhere else`() throws {
        let remote = RemoteKeySources(store: nil, clock: .system())
        let compiler = DocumentCompiler.test(remote)
        let group = GatewayGroup(id: "default", addresses: [])
        func compile(_ url: String, onto compiled: DocumentCompiler.Compiled) throws -> DocumentCompiler.Compiled {
            let document = APISIXDocument(
                kind: .consumer, id: "c",
                value: [
                    "username": "c", "plugins": ["jwt-auth": ["key": "k", "jwks_uri": .string(url)]],
                ])
            let entry = APISIXDocumentSet.Entry(document, body: document.value.text, created: 1, modified: 1)
            let change = APISIXChange(to: APISIXDocumentSet(), written: [(entry, document)])
            let (next, diagnostics) = compiler.compile(change, in: group, onto: compiled)
            return try #require(next, "\(diagnostics)")
        }
        let first = try compile("https://a.test/keys", onto: .init())
        #expect(remote.all.isEmpty)
        compiler.serve(first)
        #expect(remote.statuses.map(\.name) == ["https://a.test/keys"])
        // A write that is refused after it was compiled.
        _ = try compile("https://b.test/keys", onto: first)
        #expect(remote.statuses.map(\.name) == ["https://a.test/keys"])
        compiler.serve(first)
        let served = try #require(remote.all.first)
        compiler.serve(try compile("https://c.test/keys", onto: first))
        #expect(remote.statuses.map(\.name) == ["https://c.test/keys"])
        #expect(served.isRetired)
    }
}
