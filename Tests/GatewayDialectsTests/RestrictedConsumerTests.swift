import GatewayDialects
import GatewayEngine
import Testing

@Suite struct `Consumers that are restricted to routes and services` {
    private static let upstream = #""upstream":{"nodes":{"127.0.0.1:1":1}}"#

    private static func consumer(
        _ restriction: String, _ name: String = "jack", more: String = ""
    ) -> (APISIXKind, String, String?) {
        let plugin = restriction.isEmpty ? "" : #","consumer-restriction":{\#(restriction)}"#
        return (
            .consumer, name, #"{"username":"\#(name)","plugins":{"key-auth":{"key":"\#(name)"}\#(plugin)}\#(more)}"#
        )
    }

    private static func route(
        _ id: String, _ plugins: String = #""key-auth":{}"#, more: String = ""
    ) -> (APISIXKind, String, String?) {
        (.route, id, #"{"uri":"/\#(id)",\#(upstream),"plugins":{\#(plugins)}\#(more)}"#)
    }

    private static func service(_ id: String, name: String = "") -> (APISIXKind, String, String?) {
        (.service, id, #"{"name":"s-\#(id)\#(name)",\#(upstream)}"#)
    }

    /// Routes `1` and `2` of services `1` and `2`, and `3` of none.
    private static func documents(_ more: [(APISIXKind, String, String?)]) throws -> WrittenDocuments {
        var documents = WrittenDocuments()
        let written = try documents.write(
            [
                service("1"), service("2"), route("1", more: #","service_id":"1""#),
                route("2", more: #","service_id":2"#), route("3"),
            ] + more)
        #expect(written == [])
        return documents
    }

    private static func passes(_ path: String, _ documents: WrittenDocuments, as key: String = "jack") throws -> Bool {
        var client = TrialClient()
        return try client.get(path, key: key, of: documents).hasPrefix("[")
    }

    struct Restriction {
        let text: String
        /// Which of the three routes it lets pass.
        let routes: Set<String>

        init(_ text: String, _ routes: Set<String>) {
            self.text = text
            self.routes = routes
        }
    }

    private static let restrictions = [
        Restriction(#""type":"route_id","whitelist":["1","3"]"#, ["1", "3"]),
        Restriction(#""type":"route_id","blacklist":["1","4"]"#, ["2", "3"]),
        Restriction(#""type":"route_id","whitelist":["1","2"],"blacklist":["2"]"#, ["1"]),
        Restriction(#""type":"route_id","allowed_by_methods":[{"user":"1","methods":["POST"]}]"#, ["2", "3"]),
        Restriction(#""type":"service_id","whitelist":["1"]"#, ["1"]),
        // Who has no service is refused, whatever the list.
        Restriction(#""type":"service_id","blacklist":["1"]"#, ["2"]),
        Restriction(#""type":"service_id","allowed_by_methods":[{"user":"2","methods":["GET"]}]"#, ["1", "2"]),
        Restriction(#""type":"consumer_name","blacklist":["jack"]"#, []),
        Restriction(#""whitelist":["jack"],"_meta":{"disable":true}"#, ["1", "2", "3"]),
    ]

    @Test(arguments: restrictions) func `pass by those alone`(_ restriction: Restriction) throws {
        let own = try Self.documents([Self.consumer(restriction.text)])
        let group = (
            APISIXKind.consumerGroup, "g",
            #"{"id":"g","plugins":{"consumer-restriction":{\#(restriction.text)}}}"# as String?
        )
        let member = Self.consumer("", more: #","group_id":"g""#)
        let grouped = try Self.documents([group, member])
        let other = try Self.documents([
            group, Self.consumer(restriction.text, more: #","group_id":"g""#), Self.consumer("", "jill"),
        ])
        // One client has one cache of tokens, and asks for all routes, there and back.
        for documents in [own, grouped, other] {
            var client = TrialClient()
            for route in ["1", "2", "3", "2", "1"] {
                let answer = try client.get("/\(route)", key: "jack", of: documents)
                #expect(answer.hasPrefix("[") == restriction.routes.contains(route), "\(route) \(answer)")
            }
        }
        #expect(try Self.passes("/1", other, as: "jill") && Self.passes("/3", other, as: "jill"))
    }

    @Test func `are asked for the route behind what the route itself asks`() throws {
        let onRoute = #""key-auth":{},"consumer-restriction":{"whitelist":["jill"]}"#
        let restriction = #""type":"route_id","whitelist":["4","5"]"#
        let documents = try Self.documents([
            Self.consumer(restriction), Self.consumer(restriction, "jill"), Self.route("4", onRoute), Self.route("5"),
        ])
        #expect(try !Self.passes("/4", documents))
        #expect(try Self.passes("/4", documents, as: "jill"))
        #expect(try Self.passes("/5", documents))
        #expect(try !Self.passes("/3", documents, as: "jill"))
    }

    @Test func `have their own list in the place of their group's`() throws {
        let group = #"{"id":"g","plugins":{"consumer-restriction":{"type":"route_id","whitelist":["1"]}}}"#
        let documents = try Self.documents([
            (.consumerGroup, "g", group),
            Self.consumer(#""type":"route_id","whitelist":["2"]"#, more: #","group_id":"g""#),
            Self.consumer("", "jill", more: #","group_id":"g""#),
        ])
        #expect(try [Self.passes("/1", documents), Self.passes("/2", documents)] == [false, true])
        #expect(
            try [Self.passes("/1", documents, as: "jill"), Self.passes("/2", documents, as: "jill")] == [true, false])
    }

    @Test func `are restricted where a global rule says who they are, and where they stand for strangers`() throws {
        let restricted = Self.consumer(#""type":"route_id","whitelist":["4"]"#)
        let nobody = #""key-auth":{"anonymous_consumer":"jack"}"#
        var documents = try Self.documents([
            restricted, Self.route("4", nobody), Self.route("5", nobody), Self.route("6", ""),
        ])
        #expect(try [Self.passes("/4", documents, as: ""), Self.passes("/5", documents, as: "")] == [true, false])
        // Where nobody asks who somebody is, nobody is restricted.
        #expect(try Self.passes("/6", documents))
        #expect(try documents.write([(.globalRule, "g", #"{"id":"g","plugins":{"key-auth":{}}}"#)]) == [])
        #expect(try !Self.passes("/6", documents))
        #expect(try Self.passes("/4", documents))
    }

    @Test func `meet the same rules after routes and services were written anew`() throws {
        var documents = try Self.documents([Self.consumer(#""type":"service_id","whitelist":["1"]"#)])
        #expect(try Self.passes("/1", documents))
        #expect(try documents.write([Self.route("1", more: #","service_id":"2""#)]) == [])
        #expect(try !Self.passes("/1", documents))
        #expect(try documents.write([Self.route("3", more: #","service_id":"1""#)]) == [])
        #expect(try Self.passes("/3", documents))
        #expect(try documents.write([(.service, "1", nil)]) == [])
        #expect(try !Self.passes("/3", documents))
        #expect(try documents.write([Self.consumer(#""type":"route_id","whitelist":["2"]"#)]) == [])
        #expect(try [Self.passes("/1", documents), Self.passes("/2", documents)] == [false, true])
    }

    @Test func `are told apart by their routes where these have all else of one service`() throws {
        var documents = WrittenDocuments()
        func service(_ port: Int, _ more: String = "") -> (APISIXKind, String, String?) {
            let upstream = #""upstream":{"nodes":{"127.0.0.1:\#(port)":1}\#(more)}"#
            return (.service, "s", #"{\#(upstream),"plugins":{"key-auth":{}}}"#)
        }
        let routes = ["1", "2", "3"].map { (APISIXKind.route, $0, #"{"uri":"/\#($0)","service_id":"s"}"# as String?) }
        #expect(
            try documents.write([service(1), Self.consumer(#""type":"route_id","whitelist":["2"]"#)] + routes) == [])
        func verdicts() throws -> [Bool] { try (1...3).map { try Self.passes("/\($0)", documents) } }
        #expect(try verdicts() == [false, true, false])
        // Written anew, of other servers alone, and of what routes take.
        for write in [service(2), service(2, #","timeout":{"connect":1,"send":1,"read":9}"#)] {
            #expect(try documents.write([write]) == [])
            #expect(try verdicts() == [false, true, false])
        }
    }

    @Test func `may be restricted by global rules, too, which know the route`() throws {
        func rule(_ restriction: String) -> (APISIXKind, String, String?) {
            (.globalRule, "r", #"{"id":"r","plugins":{"consumer-restriction":{\#(restriction)}}}"#)
        }
        var documents = try Self.documents([Self.consumer(""), rule(#""type":"route_id","blacklist":["2"]"#)])
        func verdicts() throws -> [Bool] { try (1...3).map { try Self.passes("/\($0)", documents) } }
        #expect(try verdicts() == [true, false, true])
        #expect(try documents.write([rule(#""type":"service_id","whitelist":["2"]"#)]) == [])
        #expect(try verdicts() == [false, true, false])
        // What no route takes has no id: nobody learns which routes there are.
        var client = TrialClient()
        #expect(try client.get("/nowhere", key: "jack", of: documents) == "authorization_denied")
    }

    @Test func `know the route in all their plugins, by its own name and that of its service`() throws {
        let rewrite = #""proxy-rewrite":{"uri":"/$route_id/${route_name ?? none}/${service_id ?? none}/$service_name"}"#
        let jack = #"{"username":"jack","plugins":{"key-auth":{"key":"jack"},\#(rewrite)}}"#
        var documents = try Self.documents([
            (.consumer, "jack", jack), Self.route("4", more: #","name":"four","service_id":"2""#),
        ])
        var client = TrialClient()
        func path(_ route: String) throws -> String { try client.get(route, key: "jack", of: documents) }
        #expect(try path("/4").contains("/4/four/2/s-2"))
        #expect(try path("/3").contains("/3/none/none/"))
        #expect(try path("/1").contains("/1/none/1/s-1"))
        #expect(try documents.write([Self.service("1", name: "-renamed")]) == [])
        #expect(try path("/1").contains("/1/none/1/s-1-renamed"))
        // So do global rules.
        #expect(
            try documents.write([Self.consumer(""), (.globalRule, "g", #"{"id":"g","plugins":{\#(rewrite)}}"#)]) == [])
        #expect(try path("/4").contains("/4/four/2/s-2"))
    }
}
