import JOSE
import Testing

@Suite struct `consumers that are restricted to routes and services` {
    private let plugged: PluggedGateway
    private let gateway: AdminGateway

    init() throws {
        plugged = try PluggedGateway()
        gateway = plugged.gateway
    }

    private func put(_ path: String, _ body: String) throws {
        let answer = try gateway.admin("PUT", path, body)
        #expect((200...201).contains(answer.status), "\(String(decoding: answer.body, as: UTF8.self))")
    }

    private func restrict(_ restriction: String, _ credential: String = #""key-auth":{"key":"jacks"}"#) throws {
        let plugins = #"{\#(credential),"consumer-restriction":{\#(restriction)}}"#
        try put("/consumers", #"{"username":"jack","plugins":\#(plugins)}"#)
    }

    private func route(_ id: String, _ more: String = "", plugins: String = #""key-auth":{}"#) throws {
        let upstream = #"{"type":"roundrobin","nodes":{"127.0.0.1:\#(plugged.upstream.port)":1}}"#
        try put(
            "/routes/\(id)", #"{"uri":"/\#(id)","upstream":\#(upstream),"plugins":{\#(plugins)}\#(more)}"#)
    }

    private func answer(_ path: String, _ credential: String = "apikey: jacks") throws -> String {
        let answer = try gateway.get(path, credential + "\r\n")
        return answer.status == 200 ? "200" : "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
    }

    @Test func `pass by the routes of a service alone, as APISIX's page shows it`() throws {
        for id in 1...2 {
            try put("/services/\(id)", #"{"upstream":{"type":"roundrobin","nodes":{"127.0.0.1:1":1}},"desc":"\#(id)"}"#)
        }
        try restrict(#""type":"service_id","whitelist":["1"],"rejected_code":403"#)
        try route("1", #","service_id":1"#)
        #expect(try answer("/1") == "200")
        try route("1", #","service_id":2"#)
        #expect(try answer("/1") == #"403 {"message":"The service_id is forbidden."}"# + "\n")
        try route("1")
        #expect(
            try answer("/1")
                == #"401 {"message":"The request is rejected, please check the service_id for this request"}"# + "\n")
        #expect(try answer("/1", "apikey: nobodys").contains("Invalid API key in request"))
    }

    @Test func `pass by the routes that are listed, with a token that was seen on them`() throws {
        let secret = "the-secret-that-jack-alone-has-got"
        try restrict(
            #""type":"route_id","whitelist":["1"]"#, #""jwt-auth":{"key":"k","secret":"\#(secret)"}"#)
        for id in ["1", "2"] { try route(id, plugins: #""jwt-auth":{}"#) }
        let token = try SigningKey(secret: Array(secret.utf8), algorithm: .hs256, kid: nil)
            .token(claims: #"{"key":"k"}"#).text
        for _ in 0..<3 {
            #expect(try answer("/1", "Authorization: Bearer \(token)") == "200")
            #expect(
                try answer("/2", "Authorization: Bearer \(token)")
                    == #"403 {"message":"The route_id is forbidden."}"# + "\n")
        }
    }

    @Test func `read what their list says to them, by methods, too`() throws {
        for id in ["1", "2"] { try route(id) }
        try restrict(#""type":"route_id","blacklist":["1"],"rejected_code":401,"rejected_msg":"not here""#)
        #expect(try [answer("/1"), answer("/2")] == [#"401 {"message":"not here"}"# + "\n", "200"])
        try restrict(#""type":"route_id","allowed_by_methods":[{"user":"1","methods":["POST"]}]"#)
        #expect(try [answer("/1").prefix(3), answer("/2").prefix(3)] == ["403", "200"])
        #expect(try plugged.send("/1", "apikey: jacks\r\nContent-Length: 0\r\n", method: "POST").status == 200)
        // A group's list holds for those that have none.
        try put("/consumer_groups/g", #"{"plugins":{"consumer-restriction":{"type":"route_id","whitelist":["2"]}}}"#)
        try put("/consumers", #"{"username":"jack","group_id":"g","plugins":{"key-auth":{"key":"jacks"}}}"#)
        #expect(try [answer("/1").prefix(3), answer("/2").prefix(3)] == ["403", "200"])
    }
}
