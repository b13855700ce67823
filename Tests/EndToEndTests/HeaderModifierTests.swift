import Foundation
import Testing

@Suite struct `Header modifiers` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream(lines: "Server: secret/1.0\r\nX-Powered-By: magic\r\nX-Kept: yes\r\n") }

    private func gateway() throws -> RunningGateway {
        let routes = """
            - matches: [{path: {exact: /edited}}]
              policies:
                requestHeaderModifier: {set: {x-route: "1", x-both: route}, remove: [x-internal]}
                responseHeaderModifier: {set: {x-route: "1", x-both: route}, remove: [server]}
              backends:
              - host: 127.0.0.1:\(upstream.port)
                policies:
                  requestHeaderModifier: {set: {x-backend: "2", x-both: backend}}
                  responseHeaderModifier: {set: {x-backend: "2", x-both: backend}, remove: [x-powered-by]}
            - matches: [{path: {exact: /refused}}]
              policies:
                responseHeaderModifier: {set: {x-route: "1"}}
            """
        return try RunningGateway(.init(routes: routes), upstreamPort: upstream.port)
    }

    @Test func `change what goes to a backend and what comes back, the route's first`() throws {
        let gateway = try gateway()
        for _ in 0..<2 {
            let answer = try gateway.get("/edited", "X-Internal: forged\r\nX_Both: forged\r\n")
            #expect(answer.status == 200)
            let received = answer.body.text.lowercased()
            for line in ["x-route: 1", "x-backend: 2", "x-both: backend"] { #expect(received.contains(line + "\r\n")) }
            #expect(!received.contains("forged") && !received.contains("x-both: route"))
            #expect(answer.value("x-route") == "1")
            #expect(answer.value("x-backend") == "2")
            #expect(answer.fields.filter { $0.name == "x-both" }.map(\.value) == ["backend"])
            #expect(answer.value("x-kept") == "yes")
            #expect(answer.value("server") == nil)
            #expect(answer.value("x-powered-by") == nil)
        }
    }

    @Test func `of the route are there in refusals, too`() throws {
        let answer = try gateway().get("/refused")
        #expect(answer.refusal == "no_backend")
        #expect(answer.value("x-route") == "1")
        #expect(!answer.body.isEmpty)
    }

    @Test func `leave other routes alone`() throws {
        let answer = try gateway().get("/open")
        #expect(answer.value("server") == "secret/1.0")
        #expect(answer.value("x-route") == nil)
    }

    @Test func `leave a body alone that comes after its head`() throws {
        let own = try Upstream()
        let routes = """
            - policies: {requestHeaderModifier: {set: {x-route: "1"}}}
              backends: [{host: "127.0.0.1:\(own.port)"}]
            """
        let gateway = try RunningGateway(.init(routes: routes), upstreamPort: own.port)
        let client = try gateway.client()
        for _ in 0..<2 {
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX-Long: header\r\n\r\n")
            let connection = try own.accept()
            #expect(try connection.readHead().contains("x-route: 1"))
            try client.send("x")
            #expect(try connection.read(count: 1) == [UInt8(ascii: "x")])
            try connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            #expect(try client.readAnswer().status == 204)
        }
    }

    @Test func `keep names of theirs out of trailers`() throws {
        let own = try Upstream()
        let routes = """
            - policies:
                requestHeaderModifier: {set: {x-user: gateway}}
              backends: [{host: "127.0.0.1:\(own.port)"}]
            """
        let gateway = try RunningGateway(.init(routes: routes), upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send(
            "POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n"
                + "1\r\na\r\n0\r\nX_User: forged\r\nX-Kept: yes\r\n\r\n")
        let connection = try own.accept()
        let head = try connection.readHead()
        #expect(head.contains("x-user: gateway\r\n"))
        let body = try connection.read(through: "X-Kept: yes\r\n\r\n")
        #expect(!body.contains("forged"))
    }
}
