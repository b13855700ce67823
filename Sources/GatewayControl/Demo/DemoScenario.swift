internal import Bytes
internal import JOSE

/// A key, a configuration and tokens that show what the gateway does, made anew for each demo.
package struct DemoScenario: Sendable {
    /// One request to try, and what it shows.
    package struct Attempt: Sendable {
        package let title: String
        package let path: String
        /// Name and text of the token; nil for a request without one.
        package let token: (variable: String, text: String)?
        /// What the gateway answers, in words.
        package let expectation: String
        package let status: Int
    }

    /// The configuration in agentgateway's dialect.
    package let configuration: String
    package let attempts: [Attempt]
    /// The key of the Admin API.
    package let adminKey: String
    /// What the consumer that `calls` write shares with the gateway.
    private let consumerSecret: String
    /// A token of that consumer.
    package let consumerToken: String

    /// A call of the Admin API.
    package struct Call: Sendable {
        package let title: String
        /// Below `/apisix/admin`.
        package let path: String
        package let body: String
        package let status: Int
    }

    private static let issuer = "https://issuer.example"
    private static let audience = "demo"

    /// - Parameters:
    ///   - port: where the gateway listens.
    ///   - upstreamPort: where the echo service listens.
    ///   - now: Unix seconds.
    package static func make(port: Int, upstreamPort: Int, now: Int64) throws -> DemoScenario {
        let key = try SigningKey.generate(.es256, kid: "demo-key")
        let jwks = String(decoding: key.verificationJWKS, as: UTF8.self)
        let secret = RandomSecret.text()
        let claims = #"{"key":"jacks-key","iat":\#(now),"exp":\#(now + 3600)}"#
        return DemoScenario(
            configuration: configuration(port: port, upstreamPort: upstreamPort, jwks: jwks),
            attempts: try attempts(key, now: now), adminKey: RandomSecret.text(), consumerSecret: secret,
            consumerToken: String(
                decoding: try SigningKey(secret: Array(secret.utf8), algorithm: .hs256).token(claims: claims),
                as: UTF8.self))
    }

    /// What makes a consumer and a route that asks for its token.
    package func calls(upstreamPort: Int) -> [Call] {
        [
            Call(
                title: "a route that asks for a token", path: "/routes/hello",
                body:
                    #"{"uri":"/hello","plugins":{"jwt-auth":{"hide_credentials":true}},"upstream":{"nodes":{"127.0.0.1:\#(upstreamPort)":1}}}"#,
                status: 201),
            Call(title: "a consumer", path: "/consumers", body: #"{"username":"jack"}"#, status: 201),
            Call(
                title: "what it signs its tokens with", path: "/consumers/jack/credentials/jwt",
                body: #"{"plugins":{"jwt-auth":{"key":"jacks-key","secret":"\#(consumerSecret)"}}}"#, status: 201),
        ]
    }

    private static func configuration(port: Int, upstreamPort: Int, jwks: String) -> String {
        """
        binds:
        - port: \(port)
          listeners:
          - routes:
            - name: hello
              policies:
                jwtAuth:
                  mode: strict
                  issuer: \(issuer)
                  audiences: [\(audience)]
                  jwks: '\(jwks)'
                authorization:
                  rules:
                  - allow: 'request.path == "/admin" && "admins" in jwt.groups'
                  - allow: 'request.path == "/hello"'
              backends:
              - host: 127.0.0.1:\(upstreamPort)

        """
    }

    private static func attempts(_ key: SigningKey, now: Int64) throws -> [Attempt] {
        let good = try token(key, groups: #"["admins", "dev"]"#, issuedAt: now, expiresAt: now + 3600)
        let expired = try token(key, groups: #"["admins"]"#, issuedAt: now - 7200, expiresAt: now - 3600)
        let guest = try token(key, groups: #"["dev"]"#, issuedAt: now, expiresAt: now + 3600)
        return [
            Attempt(
                title: "a good token", path: "/hello", token: ("GOOD", good),
                expectation: "200 and what the service behind it saw: no Authorization header", status: 200),
            Attempt(
                title: "no token", path: "/hello", token: nil,
                expectation: "401 token_missing", status: 401),
            Attempt(
                title: "an expired token", path: "/hello", token: ("EXPIRED", expired),
                expectation: "401 token_expired", status: 401),
            Attempt(
                title: "a good token, but not in the group that /admin asks for", path: "/admin",
                token: ("GUEST", guest), expectation: "403 authorization_denied", status: 403),
            Attempt(
                title: "a good token of that group", path: "/admin", token: ("GOOD", good), expectation: "200",
                status: 200),
        ]
    }

    private static func token(
        _ key: SigningKey, groups: String, issuedAt: Int64, expiresAt: Int64
    ) throws -> String {
        let claims = """
            {"iss":"\(issuer)","aud":"\(audience)","sub":"alice","groups":\(groups),\
            "iat":\(issuedAt),"exp":\(expiresAt)}
            """
        return String(decoding: try key.token(claims: claims), as: UTF8.self)
    }
}
