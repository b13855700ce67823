import JOSE
import Testing

@Suite struct `A route that leads to a group` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway
    private let admin = Ports.next()

    init() throws {
        upstream = try EchoUpstream()
        let top = """
            routeGroups:
            - name: shop
              routes:
              - name: carts
                matches: [{path: {pathPrefix: /shop/carts}}]
                policies:
                  urlRewrite: {path: {prefix: /v2}}
                backends: [{host: "127.0.0.1:\(upstream.port)"}]
              - name: special
                matches: [{path: {exact: /shop/carts/special}, method: POST}]
                policies:
                  requestHeaderModifier: {set: {x-from: special}}
                backends: [{host: "127.0.0.1:\(upstream.port)"}]
              - name: members
                matches: [{path: {pathPrefix: /shop/members}}]
                policies:
                  authorization: {rules: [require: "jwt.sub == 'nobody'"]}
                backends: [{host: "127.0.0.1:\(upstream.port)"}]
              - name: regex
                hostnames: [inner.test]
                matches: [{path: {regex: "/shop/[0-9]+"}}]
                backends: [{routeGroup: inner}]
            - name: inner
              routes:
              - name: inner
                policies:
                  directResponse: {status: 200, bodyExpression: "request.headers['x-from'] + ' ' + request.path"}
            """
        let routes = """
            - name: catalogue
              matches: [{path: {pathPrefix: /shop/carts/catalogue}}]
              policies: {directResponse: {status: 200, body: catalogue}}
            - name: shop
              matches: [{path: {pathPrefix: /shop}}]
              policies:
                requestHeaderModifier: {set: {x-from: shop}}
                localRateLimit: [{maxTokens: 3, tokensPerFill: 1, fillInterval: 1h}]
              backends: [{routeGroup: shop}]
            - name: limitless
              matches: [{path: {pathPrefix: /shop}, headers: [{name: x-limitless, value: {exact: "yes"}}]}]
              policies:
                requestHeaderModifier: {set: {x-from: limitless}}
                jwtAuth:
                  mode: optional
                  issuer: https://issuer.test
                  audiences: [api]
                  jwks: '\(Tokens.key.verificationJWKS.text)'
              backends: [{routeGroup: shop}]
            """
        gateway = try RunningGateway(
            .init(top: top, config: "adminAddr: \"127.0.0.1:\(admin)\"", accessLog: "text", routes: routes),
            upstreamPort: upstream.port)
    }

    private static let limitless = "X-Limitless: yes\r\n"

    @Test func `has the group's best route take a request, with the policies of both`() throws {
        let answer = try gateway.get("/shop/carts/a?b", Self.limitless).body.text
        #expect(answer.hasPrefix("GET /v2/a?b HTTP/1.1\r\n"))
        #expect(answer.lowercased().contains("x-from: limitless\r\n"))
        let client = try gateway.client()
        try client.send(
            "POST /shop/carts/special HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX-Limitless: yes\r\n\r\n")
        let special = try client.readAnswer().body.text
        #expect(special.hasPrefix("POST /shop/carts/special HTTP/1.1\r\n"))
        #expect(special.lowercased().contains("x-from: special\r\n"))
        let lines = try gateway.accessLog(lines: 2)
        #expect(lines[0].contains(" route=carts ") && lines[1].contains(" route=special "))
    }

    @Test func `leads on through further groups, by host and the rest`() throws {
        let client = try gateway.client()
        try client.send("GET /shop/12 HTTP/1.1\r\nHost: inner.test\r\nX-Limitless: yes\r\n\r\n")
        #expect(try client.readAnswer().body.text == "limitless /shop/12")
        #expect(try gateway.get("/shop/12", Self.limitless).refusal == "route_not_found")
    }

    @Test func `is in the dump with the routes that it leads to`() throws {
        let text = try gateway.get("/config_dump", port: admin).body.text
        #expect(text.contains(#""matches":[{"path":{"pathPrefix":"/shop"},"leadsToGroup":true}]"#), "\(text)")
        #expect(text.contains(#""hostnames":["inner.test"],"matches":[{"path":{"regex":"#), "\(text)")
    }

    @Test func `stands where its own match does, and leaves nothing to others`() throws {
        #expect(try gateway.get("/shop/carts/catalogue", Self.limitless).body.text == "catalogue")
        // The guarded route takes every path.
        let nowhere = try gateway.get("/shop/elsewhere", Self.limitless)
        #expect(nowhere.status == 404 && nowhere.refusal == "route_not_found")
        #expect(try gateway.get("/shopping", Self.limitless).status == 401)
    }

    @Test func `has rules of both asked, and shares its limit out among the group's routes`() throws {
        let token = try Tokens.token()
        let answer = try gateway.get(
            "/shop/members", Self.limitless + "Authorization: Bearer \(token)\r\n")
        #expect(answer.refusal == "authorization_denied")
        #expect(try gateway.get("/shop/carts/a").status == 200)
        #expect(try gateway.get("/shop/members").status == 403)
        #expect(try gateway.get("/shop/carts/b").status == 200)
        #expect(try gateway.get("/shop/carts/c").status == 200)
        let limited = try gateway.get("/shop/carts/d")
        #expect(limited.status == 429)
    }
}
