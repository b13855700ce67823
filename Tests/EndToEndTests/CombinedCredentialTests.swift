import Foundation
import JOSE
import Testing

/// "A token or an API key", through the gateway.
@Suite struct `Combined credentials through the gateway` {
    private static let policies = """
        authentication:
          anyOf:
          - jwtAuth:
              issuer: https://issuer.test
              audiences: [api]
              jwks: '\(Tokens.key.verificationJWKS.text)'
          - apiKey:
              location: {header: {name: x-api-key}}
              keys: [{key: sk-alice, metadata: {group: eng}}]
          - basicAuth:
              htpasswd: "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
        """

    @Test func `one of them lets a client in, and none goes further`() throws {
        let gateway = try GuardedGateway(Self.policies)
        let token = try Tokens.token()
        for lines in [
            "Authorization: Bearer \(token)\r\n", "X-Api-Key: sk-alice\r\n",
            "Authorization: Basic Ym9iOnNlY3JldA==\r\n", "Authorization: Bearer x.y.z\r\nX-Api-Key: sk-alice\r\n",
            "Authorization: Bearer \(token)\r\nX-Api-Key: wrong\r\n",
        ] {
            let passed = try gateway.get(lines)
            #expect(passed.status == 200, "\(lines)")
            let received = passed.body.text.lowercased()
            #expect(!received.contains("authorization") && !received.contains("x-api-key"), "\(lines)")
        }
    }

    @Test func `none of them is told with every challenge, and why each was refused`() throws {
        let gateway = try GuardedGateway(Self.policies)
        let stranger = try gateway.get("")
        #expect(stranger.status == 401)
        #expect(stranger.refusal == "credentials_missing")
        #expect(
            stranger.values("www-authenticate") == [
                #"Bearer realm="tollgate""#, #"ApiKey realm="tollgate""#, #"Basic realm="Restricted""#,
            ])
        let expired = try Tokens.token(expiresIn: -600)
        let late = try gateway.get("Authorization: Bearer \(expired)\r\n")
        #expect(late.refusal == "token_expired")
        #expect(late.values("www-authenticate").count == 3)
        #expect(late.values("www-authenticate").first?.contains(#"error="invalid_token""#) == true)
        #expect(
            late.body.text
                == "authentication failure: the token has expired (token: the token has expired; API key: no API Key "
                + "found; password: no basic auth credentials found)")
        let both = try gateway.get("Authorization: Bearer \(expired)\r\nX-Api-Key: wrong\r\n")
        #expect(both.status == 401)
        #expect(both.refusal == "credentials_invalid")
        #expect(!both.body.text.contains("wrong"))
    }
}
