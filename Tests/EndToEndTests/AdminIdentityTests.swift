import Foundation
import JOSE
import Testing

/// Consumers of the Admin API whose keys an identity provider has.
@Suite struct `A credential with the keys of an identity provider` {
    private let upstream: EchoUpstream
    private let gateway: AdminGateway

    init() throws {
        upstream = try EchoUpstream()
        gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/consumers/jack", #"{"username":"jack"}"#)
        try route("1", "/hello", #""plugins":{"jwt-auth":{"key_claim_name":"azp"}}"#)
    }

    private func route(_ id: String, _ uri: String, _ more: String) throws {
        let body = #"{"uri":"\#(uri)","upstream":{"nodes":{"127.0.0.1:\#(upstream.port)":1}},\#(more)}"#
        let answer = try gateway.admin("PUT", "/routes/\(id)", body)
        #expect(answer.status < 300, "\(answer.body.text)")
    }

    private func credential(_ members: String) throws {
        let body = #"{"plugins":{"jwt-auth":{"key":"app",\#(members)}}}"#
        let answer = try gateway.admin("PUT", "/consumers/jack/credentials/idp", body)
        #expect(answer.status < 300, "\(answer.body.text)")
    }

    private static func token(
        _ key: SigningKey = Tokens.key, issuer: String = "https://idp.test", audience: String = "api"
    ) throws -> String {
        let expiry = Int(Date().timeIntervalSince1970) + 600
        let claims = #"{"iss":"\#(issuer)","aud":"\#(audience)","azp":"app","exp":\#(expiry)}"#
        return try key.token(claims: claims).text
    }

    private func status(_ token: String) throws -> Int {
        try gateway.get("/hello", "Authorization: Bearer \(token)\r\n").status
    }

    private func waitUntilServed(_ token: String) throws {
        try eventually("the key") { try status(token) == 200 }
    }

    @Test func `is verified by keys that stand in it, of one issuer and audience`() throws {
        let keys = Tokens.key.verificationJWKS.text
        try credential(#""jwks":\#(keys),"issuer":"https://idp.test","audiences":["api","other"]"#)
        let answer = try gateway.get("/hello", "Authorization: Bearer \(try Self.token())\r\n")
        #expect(answer.status == 200)
        let head = try #require(upstream.heads.last)
        #expect(head.contains("X-Consumer-Username: jack\r\n"))
        #expect(head.contains("X-Credential-Identifier: idp\r\n"))
        #expect(try status(try Self.token(issuer: "https://evil.test")) == 401)
        #expect(try status(try Self.token(audience: "their-api")) == 401)
        #expect(try status(try Self.token(try SigningKey.generate(.es256, kid: "one"))) == 401)
    }

    @Test func `is verified by keys that are fetched, and by new ones after a rotation and other writes`() throws {
        let server = try KeyServer(.document(Tokens.key.verificationJWKS.text))
        try credential(#""jwks_uri":"\#(server.url)/keys","issuer":"https://idp.test""#)
        let old = try Self.token()
        try waitUntilServed(old)
        let next = try SigningKey.generate(.es256, kid: "two")
        server.behave(.document(next.verificationJWKS.text))
        let new = try Self.token(next)
        // Its key is unknown, and fetched for its sake; at most every ten seconds.
        try eventually("the new key", within: 60) { try status(new) == 200 }
        #expect(try status(old) == 401)
        try route("2", "/other", #""name":"other""#)
        #expect(try status(new) == 200)
        #expect(try status(old) == 401)
        _ = try gateway.admin("PUT", "/consumers/jill", #"{"username":"jill"}"#)
        #expect(try status(new) == 200)
        #expect(try status(old) == 401)
    }

    @Test func `is verified by keys from where the issuer's metadata says`() throws {
        let server = try KeyServer(.documents([:]))
        let metadata = #"{"issuer":"\#(server.url)","jwks_uri":"\#(server.url)/keys"}"#
        server.behave(
            .documents([
                "/.well-known/openid-configuration": metadata, "/keys": Tokens.key.verificationJWKS.text,
            ]))
        try credential(#""discovery":"\#(server.url)/.well-known/openid-configuration""#)
        try waitUntilServed(try Self.token(issuer: server.url))
        #expect(try status(try Self.token()) == 401)
    }

    @Test func `serves with the keys it had when the gateway and not the provider comes back`() throws {
        let server = try KeyServer(.document(Tokens.key.verificationJWKS.text))
        try credential(#""jwks_uri":"\#(server.url)/keys""#)
        let token = try Self.token()
        try waitUntilServed(token)
        let kept = gateway.data.appending(path: "keys")
        try eventually("the keys on disk") {
            try FileManager.default.contentsOfDirectory(atPath: kept.path).contains { $0.hasSuffix(".json") }
        }
        gateway.kill(SIGKILL)
        server.stop()
        try gateway.start()
        #expect(try status(token) == 200)
    }

    @Test func `whose keys are of no use is stored, and disturbs nobody`() throws {
        try credential(#""jwks":{"keys":[{"kty":"EC","crv":"P-256"}]}"#)
        #expect(try status(try Self.token()) == 401)
        #expect(gateway.log.contains("no_usable_key"))
        try route("2", "/open", #""name":"open""#)
        #expect(try gateway.get("/open").status == 200)
    }
}

/// `openid-connect` as users of APISIX have it in front of services.
@Suite(.enabled(if: IdentityProvider.program != nil)) struct `openid-connect with an identity provider` {
    private let provider: IdentityProvider
    private let upstream: EchoUpstream
    private let gateway: AdminGateway

    init() throws {
        provider = try IdentityProvider()
        upstream = try EchoUpstream()
        gateway = try AdminGateway()
    }

    private func route(_ more: String) throws {
        let body = #"""
            {"uri":"/hello","upstream":{"nodes":{"127.0.0.1:\#(upstream.port)":1}},"plugins":{"openid-connect":{
            "client_id":"demo-client","client_secret":"demo-secret","bearer_only":true,"use_jwks":true,
            "discovery":"\#(provider.issuer)/.well-known/openid-configuration","realm":"here"\#(more)}}}
            """#
        let answer = try gateway.admin("PUT", "/routes/1", body)
        #expect(answer.status < 300, "\(answer.body.text)")
    }

    private func ask(_ lines: String) throws -> Answer { try gateway.get("/hello", lines) }

    @Test func `takes its tokens, and tells the upstream whose they are`() throws {
        try route("")
        let bearer = "Authorization: Bearer \(try provider.token())\r\n"
        try eventually("the keys", within: 60) { try ask(bearer).status == 200 }
        _ = try ask(bearer + "X-Userinfo: forged\r\nX-Access-Token: \r\n")
        let head = try #require(upstream.heads.last)
        #expect(head.contains("X-Access-Token: eyJ"))
        #expect(head.contains(bearer))
        #expect(!head.contains("forged"))
        let info = try #require(head.split(separator: "\r\n").first { $0.hasPrefix("X-Userinfo: ") })
        let claims = try #require(Data(base64Encoded: String(info.dropFirst("X-Userinfo: ".count))))
        let members = try #require(try JSONSerialization.jsonObject(with: claims) as? [String: Any])
        #expect(members["iss"] as? String == provider.issuer)
        let without = try ask("")
        #expect(without.status == 401)
        #expect(without.value("www-authenticate") == #"Bearer realm="here""#)
        #expect(try ask("Authorization: Bearer e30.e30.e30\r\n").status == 401)
    }

    @Test func `takes a token from X-Access-Token, and asks for scopes and audiences`() throws {
        try route(#","access_token_in_authorization_header":true,"set_userinfo_header":false"#)
        let token = try provider.token()
        try eventually("the keys", within: 60) { try ask("X-Access-Token: \(token)\r\n").status == 200 }
        let head = try #require(upstream.heads.last)
        #expect(head.contains("Authorization: Bearer \(token)\r\n"))
        #expect(!head.contains("X-Userinfo"))
        try route(#","required_scopes":["no-such-scope"]"#)
        #expect(try ask("Authorization: Bearer \(token)\r\n").status == 403)
        try route(#","claim_validator":{"audience":{"claim":"iss","match_with_client_id":true}}"#)
        #expect(try ask("Authorization: Bearer \(token)\r\n").refusal == "claim_mismatch")
    }
}
