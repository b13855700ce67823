import Foundation
import JOSE
import Testing

@Suite struct `Claims that a backend gets as headers` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try EchoUpstream()
        gateway = try RunningGateway(
            .init(jwtAuth: "claimsToHeaders:\n- {claim: sub, header: X-User}\n- {claim: n, header: X-Number}"),
            upstreamPort: upstream.port)
    }

    private static let forged = "X-User: root\r\nx_user: root\r\nX_NUMBER: 0\r\n"

    private func identity(_ answer: Answer) -> [String] {
        answer.body.text.components(separatedBy: "\r\n").filter {
            let line = $0.lowercased()
            return line.hasPrefix("x-user") || line.hasPrefix("x_") || line.hasPrefix("x-number")
        }
    }

    @Test func `are the token's, however often it comes, and nobody's without one`() throws {
        let token = try Tokens.key.token(claims: Tokens.claims(more: #","n":9007199254740993"#)).text
        for _ in 0..<3 {
            let answer = try gateway.get("/orders", Self.forged + "Authorization: Bearer \(token)\r\n")
            #expect(identity(answer) == ["X-User: alice", "X-Number: 9007199254740993"])
        }
        let open = try gateway.get("/open", Self.forged)
        #expect(open.status == 200)
        #expect(identity(open).isEmpty)
    }

    @Test func `do not come as trailers`() throws {
        let own = try Upstream()
        let gateway = try RunningGateway(
            .init(
                jwtAuth: "claimsToHeaders: [{claim: sub, header: X-User}]",
                routes: "- matches: [{path: {exact: /t}}]\n  backends: [{host: \"127.0.0.1:\(own.port)\"}]"),
            upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send(
            "POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
                + "0\r\nX_User: root\r\nX-Kept: yes\r\n\r\n")
        let connection = try own.accept()
        _ = try connection.readHead()
        #expect(try !connection.read(through: "X-Kept: yes\r\n\r\n").contains("root"))
    }
}
