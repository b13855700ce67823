import GatewayDialects
import GatewayEngine
import GatewayModel
import Testing

@Suite struct `Routes that take their policies from what they share` {
    private static let upstream = #"{"nodes":{"127.0.0.1:1":1}}"#
    private static let service = #"{"upstream_id":"u"}"#

    /// Routes of a service and a plugin config, alike but for where they are, and one that has its own of all.
    private static func many() throws -> WrittenDocuments {
        var documents = WrittenDocuments()
        var writes: [(APISIXKind, String, String?)] = [
            (.upstream, "u", upstream), (.service, "s", service), (.pluginConfig, "p", #"{"id":"p","plugins":{}}"#),
            (.route, "own", #"{"uri":"/own","upstream":\#(upstream),"plugins":{"limit-count":\#(limit)}}"#),
        ]
        for number in 0..<20 {
            let named = #""name":"n\#(number)","service_id":"s","plugin_config_id":"p""#
            writes.append((.route, "\(number)", #"{"uri":"/r\#(number)",\#(named)}"#))
        }
        for write in writes { #expect(try documents.write([write]) == []) }
        return documents
    }

    private static let limit = #"{"count":1000,"time_window":60}"#
    private static let key = #""key-auth":{}"#
    private static let names = #""proxy-rewrite":{"headers":{"X-Names":"$route_id $route_name $service_id"}}"#
    private static let mocking = #""mocking":{"response_example":"mocked"}"#

    @Test(arguments: [
        (APISIXKind.upstream, "u", #"{"nodes":{"127.0.0.1:2":1},"timeout":{"connect":1,"send":1,"read":2}}"#),
        (.upstream, "u", #"{"nodes":{"127.0.0.1:1":1},"pass_host":"rewrite","upstream_host":"h"}"#),
        (.upstream, "u", #"{"nodes":{"127.0.0.1:1":1},"scheme":"https"}"#),
        (.upstream, "u", #"{"nodes":{"127.0.0.1:1":1},"scheme":"tcp"}"#),
        (.service, "s", #"{"upstream_id":"u","plugins":{\#(key)}}"#),
        (.service, "s", #"{"upstream":{"nodes":{"127.0.0.1:2":1}},"plugins":{\#(names)}}"#),
        (.service, "s", #"{"plugins":{\#(mocking)}}"#),
        (.pluginConfig, "p", #"{"id":"p","plugins":{\#(key),"limit-count":\#(limit)}}"#),
        (.globalRule, "g", #"{"id":"g","plugins":{\#(key)}}"#),
        (.globalRule, "g", #"{"id":"g","plugins":{\#(names),"limit-count":\#(limit)}}"#),
    ]) func `are compiled by one of them when that is written, and put back`(
        _ kind: APISIXKind, _ id: String, _ body: String
    ) throws {
        var documents = try Self.many()
        let before = documents.set.entry(kind, id)?.body
        for body in [body, before] {
            let extent = try documents.extent(of: [(kind, id, body)])
            guard case .policies = extent else {
                Issue.record("\(extent)")
                continue
            }
            #expect(try documents.write([(kind, id, body)]) == [])
            let anew = try documents.compiledAnew()
            #expect(try #require(documents.snapshot).json == anew.json)
            var client = TrialClient()
            for path in ["/own"] + (0..<20).map({ "/r\($0)" }) {
                #expect(try client.get(path, of: documents) == client.get(path, key: "", from: anew))
            }
        }
    }

    @Test func `have names of their own in policies that they share`() throws {
        var documents = try Self.many()
        _ = try documents.write([(.service, "s", #"{"upstream_id":"u","plugins":{\#(Self.names)}}"#)])
        var client = TrialClient()
        for number in [3, 17] {
            #expect(try client.get("/r\(number)", of: documents).contains("X-Names: \(number) n\(number) s\r\n"))
        }
        // One without a name.
        _ = try documents.write([(.route, "3", #"{"uri":"/r3","service_id":"s","plugin_config_id":"p"}"#)])
        #expect(try client.get("/r3", of: documents).contains("X-Names: 3  s\r\n"))
    }

    /// Both say as little of policies, but one leads elsewhere.
    @Test func `are not those of a route with an upstream of its own`() throws {
        var documents = try Self.many()
        _ = try documents.write([(.route, "a", #"{"uri":"/a","service_id":"s","plugins":{}}"#)])
        let own = #"{"nodes":{"127.0.0.1:9":1}}"#
        _ = try documents.write([(.route, "b", #"{"uri":"/b","service_id":"s","upstream":\#(own)}"#)])
        let other = #"{"nodes":{"127.0.0.1:2":1},"pass_host":"rewrite","upstream_host":"h"}"#
        #expect(try documents.write([(.upstream, "u", other)]) == [])
        let json = try #require(documents.snapshot).json
        #expect(json.contains(#""name":"b","policies":{},"backends":[{"host":"127.0.0.1","port":9"#), "\(json)")
        #expect(try json == documents.compiledAnew().json)
    }

    @Test(arguments: [
        #"{"upstream_id":"u","hosts":["a"]}"#, #"{"upstream_id":"u","status":0}"#,
        #"{"upstream_id":"u","name":"other"}"#,
    ]) func `are compiled each where a service says which requests are theirs, or its name`(_ body: String) throws {
        var documents = try Self.many()
        #expect(
            try documents.extent(of: [(.service, "s", body)])
                == .some(routes: Set((0..<20).map(String.init)), consumers: []))
        #expect(try documents.write([(.service, "s", body)]) == [])
        #expect(try #require(documents.snapshot).json == documents.compiledAnew().json)
    }

    @Test func `go on with what consumers bring along when a global rule is written`() throws {
        var documents = try Self.many()
        let response = #""response-rewrite":{"headers":{"X-Own":"1"}}"#
        let consumer = #"{"username":"jack","plugins":{"key-auth":{"key":"jack"},\#(response)}}"#
        _ = try documents.write([(.consumer, "jack", consumer)])
        let rule = #"{"id":"g","plugins":{\#(Self.key),"response-rewrite":{"headers":{"X-All":"1"}}}}"#
        #expect(try documents.extent(of: [(.globalRule, "g", rule)]) == .policies(from: nil, consumers: ["jack"]))
        for body in [rule, nil] {
            #expect(try documents.write([(.globalRule, "g", body)]) == [])
            #expect(try #require(documents.snapshot).json == documents.compiledAnew().json)
        }
    }

    /// A warning that a store gives rise to names all of the routes that it is about.
    @Test func `are each named where something is wrong with what they share`() throws {
        let discovery =
            #""openid-connect":{"client_id":"a","bearer_only":true,"use_jwks":true,"discovery":"http://idp.example.com/.well-known/openid-configuration"}"#
        var documents = try Self.many()
        _ = try documents.write([(.service, "s", #"{"upstream_id":"u","plugins":{\#(discovery)}}"#)])
        let (compiled, diagnostics) = documents.isolating()
        #expect(compiled != nil)
        let places = Set(diagnostics.map(\.provenance.document))
        #expect(places == Set((0..<20).map { "/apisix/routes/\($0)" }), "\(diagnostics)")
    }
}
