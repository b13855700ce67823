import Foundation
import JOSE
import Testing

/// Policies that only log, and what clients are told about resources.
@Suite struct `Trials and resources through the gateway` {
    private static let issuer = """
          issuer: https://issuer.test
          audiences: [api]
          jwks: '\(Tokens.key.verificationJWKS.text)'
        """

    @Test func `a policy that only logs refuses nobody, trusts nobody and forwards no token that failed`() throws {
        let gateway = try GuardedGateway(
            """
            jwtAuth:
              mode: strict
              logOnly: true
              claimsToHeaders: [{claim: sub, header: X-User}]
            \(Self.issuer)
            authorization: {logOnly: true, rules: ['jwt.sub == "bob"']}
            """, accessLog: "text")
        let good = try Tokens.token()
        let late = try Tokens.token(expiresIn: -600)
        for (lines, refusals) in [
            ("", "token_missing,authorization_denied"), ("Authorization: Bearer \(late)\r\n", "token_expired,"),
            ("Authorization: Bearer x.y.z\r\n", "token_malformed,"),
            ("Authorization: Bearer \(good)\r\n", "authorization_denied"),
        ] {
            let answer = try gateway.get(lines + "X-User: root\r\n", target: "/\(refusals.prefix(9))")
            #expect(answer.status == 200)
            let received = answer.body.text.lowercased()
            #expect(received.contains("x-user: alice") == lines.contains(good))
            #expect(!received.contains("root") && !received.contains("authorization:"))
            try eventually("the line of \(refusals)") {
                gateway.gateway.log.contains("would_refuse=\(refusals)")
            }
        }
        #expect(gateway.gateway.log.contains("[log_only]"))
        #expect(gateway.gateway.log.contains("would_rule="))
        #expect(!gateway.gateway.log.contains(late))
    }

    @Test func `passwords and combinations refuse nobody either, and are checked all the same`() throws {
        let users = #"htpasswd: "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=""#
        for policy in [
            "basicAuth: {mode: strict, logOnly: true, \(users)}",
            "authentication: {logOnly: true, anyOf: [{basicAuth: {\(users)}}]}",
        ] {
            let gateway = try GuardedGateway(
                "\(policy)\ntransformations: {request: {set: {x-user: basicAuth.username}}}", accessLog: "text")
            for (credentials, refusal) in [
                ("Ym9iOnNlY3JldA==", nil), ("Ym9iOndyb25n", "basic_invalid"), (nil, "basic_missing"),
            ] as [(String?, String?)] {
                let answer = try gateway.get(credentials.map { "Authorization: Basic \($0)\r\n" } ?? "")
                #expect(answer.status == 200)
                let received = answer.body.text.lowercased()
                #expect(received.contains("x-user: bob") == (refusal == nil) && !received.contains("authorization"))
                if let refusal {
                    try eventually("the line of \(refusal)") {
                        gateway.gateway.log.contains("would_refuse=\(refusal)")
                    }
                } else {
                    #expect(!gateway.gateway.log.contains("would_refuse="))
                }
            }
            #expect(gateway.gateway.log.contains("[log_only]"))
        }
    }

    @Test func `a credential of another scheme stays where a token is missing`() throws {
        let gateway = try GuardedGateway("jwtAuth:\n  mode: strict\n  logOnly: true\n\(Self.issuer)")
        let answer = try gateway.get("Authorization: Basic YTpi\r\n")
        #expect(answer.status == 200)
        #expect(answer.body.text.contains("Basic YTpi"))
    }

    @Test func `the challenge says where the document about the resource is, and there it is for everybody`() throws {
        let gateway = try GuardedGateway(
            """
            jwtAuth:
              mode: strict
              resourceMetadata: {resource: https://api.example/v1, scopesSupported: [read]}
            \(Self.issuer)
            """)
        let url = "https://api.example/.well-known/oauth-protected-resource/v1"
        let stranger = try gateway.get("")
        #expect(stranger.status == 401)
        #expect(stranger.value("www-authenticate") == #"Bearer realm="tollgate", resource_metadata="\#(url)""#)
        let bad = try gateway.get("Authorization: Bearer x.y.z\r\n")
        #expect(bad.value("www-authenticate")?.hasSuffix(#", resource_metadata="\#(url)""#) == true)
        let document = try gateway.get("", target: "/.well-known/oauth-protected-resource/v1")
        #expect(document.status == 200)
        #expect(document.value("content-type") == "application/json")
        #expect(
            document.body.text
                == #"{"resource":"https://api.example/v1","authorization_servers":["https://issuer.test"],"#
                + #""scopes_supported":["read"],"bearer_methods_supported":["header"]}"#)
        for target in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/v1/a"] {
            #expect(try gateway.get("", target: target).status == 401)
        }
    }
}
