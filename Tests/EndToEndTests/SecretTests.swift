import Foundation
import JOSE
import Testing

/// What only the gateway may know, in all that it says of itself.
@Suite struct `No secret of a configuration` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    /// One of every kind, as long as the rules for keys ask.
    private struct Secrets {
        var apiKey = "sk-api-key-of-nobody"
        var consumerKey = "sk-key-that-stands-in-a-query"
        var password = "correct horse"
        /// Of `password`, as `htpasswd -s` writes it.
        var passwordHash = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A="
        var backendKey = "backend-key-of-nobody"
        var header = "set-in-a-header-of-nobody"
        var rule = "hush-in-a-rule"
        var alternative = "sk-one-of-several-ways"
        var body = "said-to-few-in-a-body"
        let signer: SigningKey

        init() throws { signer = try SigningKey.generate(.es256, kid: "signer") }

        /// The private part of the key that signs.
        var privatePart: String {
            let document = try? JSONSerialization.jsonObject(with: Data(signer.privateJWK.text.utf8)) as? [String: Any]
            return document?["d"] as? String ?? ""
        }

        var all: [String] {
            [apiKey, consumerKey, password, passwordHash, backendKey, header, rule, alternative, body, privatePart]
        }

        /// With a route for each of them.
        func routes(_ port: Int) -> String {
            """
            - name: api
              matches: [{path: {exact: /api}}]
              policies: {apiKey: {mode: strict, keys: [{key: \(apiKey)}]}}
              backends: [{host: "127.0.0.1:\(port)"}]
            - name: query
              matches: [{path: {exact: /query}}]
              policies: {apiKey: {mode: strict, location: {queryParameter: {name: key}}, keys: [{key: \(consumerKey)}]}}
              backends: [{host: "127.0.0.1:\(port)"}]
            - name: basic
              matches: [{path: {exact: /basic}}]
              policies: {basicAuth: {mode: strict, htpasswd: "alice:\(passwordHash)"}}
              backends: [{host: "127.0.0.1:\(port)"}]
            - name: token
              matches: [{path: {exact: /token}}]
              policies:
                jwtAuth:
                  mode: strict
                  issuer: https://issuer.test
                  audiences: [api]
                  jwks: '\(Tokens.key.verificationJWKS.text)'
                authorization: {rules: ['request.headers["x-word"] != "\(rule)"']}
              backends: [{host: "127.0.0.1:\(port)"}]
            - name: several
              matches: [{path: {exact: /several}}]
              policies:
                authentication:
                  anyOf:
                  - jwtAuth: {issuer: https://issuer.test, jwks: '\(Tokens.key.verificationJWKS.text)'}
                  - allOf:
                    - apiKey: {location: {header: {name: x-key}}, keys: [{key: \(alternative)}]}
                    - basicAuth: {htpasswd: "alice:\(passwordHash)"}
                transformations: {request: {set: {x-hush: "'\(header)' + request.path"}}}
                directResponse: {status: 200, body: \(body)}
              backends: [{host: "127.0.0.1:\(port)"}]
            - name: key
              matches: [{path: {exact: /key}}]
              policies:
                requestHeaderModifier: {set: {x-set: \(header)}}
                backendAuth: {key: \(backendKey)}
              backends: [{host: "127.0.0.1:\(port)"}]
            - name: signed
              matches: [{path: {exact: /signed}}]
              policies:
                backendAuth:
                  jwtSign: {signingKey: '\(signer.privateJWK.text)', alg: ES256, kid: signer, claims: {iss: gateway}}
              backends: [{host: "127.0.0.1:\(port)"}]
            """
        }
    }

    @Test func `is in what it says of itself: pages, metrics and logs`() throws {
        let secrets = try Secrets()
        #expect(secrets.privatePart.count > 40)
        let admin = Ports.next()
        var setup = RunningGateway.Setup(
            config: "adminAddr: \"127.0.0.1:\(admin)\"\nlogging: {level: debug}", accessLog: "json",
            routes: secrets.routes(upstream.port))
        let gateway = try RunningGateway(setup, upstreamPort: upstream.port)
        let password = Data("alice:\(secrets.password)".utf8).base64EncodedString()
        let token = try Tokens.token()
        let requests = [
            ("/api", "Authorization: Bearer \(secrets.apiKey)\r\n", 200),
            ("/api", "Authorization: Bearer \(secrets.apiKey)x\r\n", 401),
            ("/query?key=\(secrets.consumerKey)", "", 200), ("/query?key=\(secrets.consumerKey)x", "", 401),
            ("/basic", "Authorization: Basic \(password)\r\n", 200),
            ("/token", "Authorization: Bearer \(token)\r\nX-Word: \(secrets.rule)\r\n", 403),
            ("/key", "", 200), ("/signed", "", 200),
            ("/several", "Authorization: Basic \(password)\r\nX-Key: \(secrets.alternative)\r\n", 200),
            ("/several", "X-Key: \(secrets.alternative)\r\n", 401),
        ]
        for (path, line, status) in requests { #expect(try gateway.get(path, line).status == status, "\(path)") }
        // They have been used: the upstream has seen what is made for it.
        #expect(upstream.heads.contains { $0.contains(secrets.backendKey) && $0.contains(secrets.header) })
        setup.routes += """

            - name: fresh
              matches: [{path: {exact: /fresh}}]
              policies: {timeout: {requestTimeout: 5s}, cors: {allowOrigins: ["https://a.test"]}, retry: {codes: [503]}}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        try gateway.write(configuration: gateway.configuration(setup))
        try eventually("the new route") {
            try gateway.get("/config_dump", port: admin).body.text.contains(#""name":"fresh""#)
        }
        let said = [
            "config_dump": try gateway.get("/config_dump", port: admin).body.text,
            "keys": try gateway.control("/keys").body.text, "metrics": try gateway.control("/metrics").body.text,
            "access log": try gateway.accessLog(lines: requests.count).joined(separator: "\n"), "log": gateway.errors,
        ]
        // It is there all the same, without what is secret of it.
        let dump = said["config_dump"] ?? ""
        for part in [
            #""cors":{"allowOrigins":["https://a.test"]"#, #""requestMilliseconds":5000"#, #""codes":[503]"#,
            #""anyOf":[{"jwtAuth":"#, #""allOf":[{"apiKey":{"mode":"strict","logOnly":false,"#,
            #""changedHeaders":["x-hush"]"#, #""directResponse":[{"status":200"#,
        ] {
            #expect(dump.contains(part), "\(part) in \(dump)")
        }
        #expect(dump.contains(#""credentials":true"#) && dump.contains(#""changedRequestHeaders":["x-set"]"#))
        for (place, text) in said {
            #expect(!text.isEmpty, "\(place)")
            for secret in secrets.all + [password, token, "BEGIN"] {
                #expect(!text.contains(secret), "\(secret) in \(place)")
            }
        }
    }
}
