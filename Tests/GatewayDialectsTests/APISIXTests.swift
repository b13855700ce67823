import Bytes
import Foundation
import GatewayDialects
import GatewayModel
import Testing

/// Golden pairs: `Fixtures/apisix/<case>/documents.json`, an object of documents by their keys in the order they were
/// written, with what they decode to beside it. `TOLLGATE_RECORD=1` writes what is there now.
@Suite struct `Documents of the APISIX dialect` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/apisix")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }()

    @Test(arguments: cases) func `decode to the recorded model and diagnostics`(_ name: String) throws {
        let place = Self.folder.appending(path: name)
        let bytes = Array(try Data(contentsOf: place.appending(path: "documents.json")))
        let (configuration, diagnostics) = APISIXDialect.decode(
            try Self.documents(bytes),
            group: GatewayGroup(id: "default", addresses: [ListenAddress(host: "127.0.0.1", port: 9080)]),
            process: .test,
            secrets: { reference in
                switch reference {
                case .file(["nowhere"]): .failure(SecretFailure("there is none"))
                default: .success("secret of \(reference)")
                }
            })
        let output = [
            "diagnostics.txt": diagnostics.map { "\($0.severity) \($0.oneLine)\n" }.joined(),
            "model.txt": ModelDump.text(of: configuration),
        ]
        for (file, text) in output {
            let url = place.appending(path: file)
            if GoldenCase.isRecording { try Data(text.utf8).write(to: url) }
            #expect(text == (try String(contentsOf: url, encoding: .utf8)))
        }
    }

    @Test func `have golden cases at all`() { #expect(Self.cases.count >= 3) }

    private static func documents(_ bytes: [UInt8]) throws -> [APISIXDocument] {
        let tree = try JSONTree(parsingLeniently: bytes, limits: .document)
        return try #require(tree.object).entries.map { key, value in
            let parts = key.split(separator: "/").map(String.init)
            let isCredential = parts[1] == "consumers" && parts.count > 3
            let kind = try #require(isCredential ? .credential : APISIXKind(collection: parts[1]))
            return APISIXDocument(kind: kind, id: parts[2...].joined(separator: "/"), value: value)
        }
    }
}

/// Messages that scripts compare, and those that say what is not offered.
@Suite struct `A document that is refused` {
    private static func openID(_ members: String) -> String {
        #"{"uri":"/a","plugins":{"openid-connect":{"client_id":"c","discovery":"https://a/.well-known/openid-configuration","#
            + members + "}}}"
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var kind: APISIXKind
        var body: String
        var message: String
        var testDescription: String { body }

        init(_ kind: APISIXKind, _ body: String, _ message: String) {
            self.kind = kind
            self.body = body
            self.message = message
        }
    }

    @Test(arguments: [
        Case(.route, #"{"upstream":{"nodes":{}}}"#, #"object matches none of the required: ["uri"] or ["uris"]"#),
        Case(.route, #"{"uri":"/a","host":"a","hosts":["b"],"plugins":{}}"#, "only one of host or hosts is allowed"),
        Case(.route, #"{"uri":"/a","host":"*a.com","plugins":{}}"#, "`*a.com` is not offered"),
        Case(
            .route, #"{"uri":"/a","plugins":{},"methods":["BREW"]}"#,
            "failed to validate item 1: matches none of the enum"),
        Case(
            .route, #"{"uri":"/a","plugins":{"jwt-auth":{"realm":""}}}"#, "string too short, expected at least 1, got 0"
        ),
        Case(.route, #"{"uri":"/a","plugins":{"jwt-auth":{"_meta":{"filter":[]}}}}"#, #""filter" is part of APISIX"#),
        Case(
            .route, #"{"uri":"/a","plugins":{"key-auth":{"header":"$ENV://TOLLGATE_SECRET_H"}}}"#,
            "no member here may be a reference to a secret"),
        Case(
            .consumer, #"{"username":"a","plugins":{"jwt-auth":{"key":"$secret://k","secret":"s"}}}"#,
            "`secret` may be a reference to a secret"),
        Case(
            .consumer, #"{"username":"a","plugins":{"key-auth":{"key":"$env://PATH"}}}"#,
            "does not begin with TOLLGATE_SECRET_"),
        Case(
            .consumer, #"{"username":"a","plugins":{"key-auth":{"key":"$secret://../a"}}}"#, "is not a path of names"),
        Case(
            .consumer, #"{"username":"a","plugins":{"key-auth":{"key":"$Secret:///etc/a"}}}"#, "is not a path of names"
        ),
        Case(.secret, #"{"uri":"/get","prefix":"a","token":"b"}"#, "validation failed: failed to match pattern"),
        Case(.upstream, #"{"nodes":{"a:1":1},"type":"chash"}"#, "missing key"),
        Case(.upstream, #"{"nodes":{"a:1":1},"type":"chash","key":"x"}"#, #"failed to match pattern "^((uri|"#),
        Case(.upstream, #"{"nodes":{"a:1":1},"type":"chash","key":"hostname"}"#, "`hostname` is not offered"),
        Case(
            .upstream, #"{"nodes":{"a:1":1},"type":"chash","hash_on":"vars_combinations","key":"$nothing"}"#,
            "a variable that is not offered"),
        Case(.upstream, #"{"nodes":{"a:1":1},"timeout":{"read":1}}"#, #"property "connect" is required"#),
        Case(.upstream, #"{"nodes":{"a:1":1},"tls":{"client_cert":"x"}}"#, #""client_cert" is part of APISIX"#),
        Case(.upstream, #"{"nodes":[{"host":"::1","port":1,"weight":1}]}"#, "must be enclosed with '[' and ']'"),
        Case(.upstream, #"{"nodes":{"a:1":1,"a:99999":1}}"#, "the port of the node `a:99999` is none from 1 to 65535"),
        Case(.route, #"{"uri":"/a","upstream":{"nodes":{"[::1]:0":1}}}"#, "the port of the node `[::1]:0`"),
        Case(.upstream, #"{"nodes":{"a:b":1}}"#, "the node `a:b` is not `host:port`"),
        Case(.upstream, #"{"nodes":{":80":1}}"#, "the node `:80` is not `host:port`"),
        Case(.upstream, #"{"nodes":{"http://a:80":1}}"#, "the node `http://a:80` is not `host:port`"),
        Case(.upstream, #"{"nodes":{"u:p@a:80":1}}"#, "a node has user information; write"),
        Case(
            .globalRule, #"{"id":"g","plugins":{"jwt-aut":{}}}"#, "unknown plugin [jwt-aut]; did you mean `jwt-auth`?"),
        Case(.upstream, #"{"nodes":{"a:1":-1}}"#, "object matches none of the required"),
        Case(
            .route, #"{"uri":"/a","plugins":{"multi-auth":{"auth_plugins":[{"key-auth":{}},{}]}}}"#,
            "failed to validate item 2: expect object to have at least 1 properties"),
        Case(.consumer, #"{"username":"a b"}"#, #"failed to match pattern "^[a-zA-Z0-9_\-]+$" with "a b""#),
        Case(.consumer, #"{"username":"a","plugins":{"openid-connect":{}}}"#, "of a consumer is part"),
        Case(.consumer, #"{"username":"a","plugins":{"key-auth":{"key":"k","_meta":{}}}}"#, "_meta"),
        Case(.credential, #"{"plugins":{"jwt-auth":{"key":"k"}}}"#, "is required when using HS based algorithms"),
        Case(.credential, #"{"plugins":{"jwt-auth":{"key":"k","secret":"?","base64_secret":true}}}"#, "not in base64"),
        Case(.credential, #"{"plugins":{"jwt-auth":{"key":"k","algorithm":"RS256"}}}"#, "matches none"),
        Case(
            .credential, #"{"plugins":{"consumer-restriction":{"blacklist":["b"]}}}"#, "only supports auth type plugins"
        ),
        Case(
            .consumerGroup, #"{"id":"g","plugins":{"openid-connect":{}}}"#,
            "plugin [openid-connect] of a consumer group"),
        Case(
            .consumerGroup, #"{"id":"g","plugins":{"limit-count":{"count":1}}}"#,
            "value should match only one schema, but matches none"),
        Case(.globalRule, #"{"id":"g","plugins":{"prometheus":{}}}"#, "plugin [prometheus] is part of APISIX"),
        Case(
            .credential, #"{"plugins":{"jwt-auth":{"key":"k","jwks_uri":"https://a","secret":"s"}}}"#,
            "only one of jwks_uri or secret is allowed"),
        Case(
            .credential, #"{"plugins":{"jwt-auth":{"key":"k","jwks":"{}","algorithm":"HS256"}}}"#,
            "HS256 needs a secret"),
        Case(
            .credential, #"{"plugins":{"jwt-auth":{"key":"k","jwks_uri":"ftp://a"}}}"#,
            #"property "jwks_uri" validation failed: it does not begin with https://"#),
        Case(
            .credential, #"{"plugins":{"jwt-auth":{"key":"k","discovery":"https://a/metadata"}}}"#,
            "does not say whose metadata it is"),
        Case(.route, openID(#""bearer_only":false"#), "`bearer_only` has to be true"),
        Case(.route, openID(#""bearer_only":true"#), "introspection of tokens is part of APISIX"),
        Case(
            .route, openID(#""bearer_only":true,"use_jwks":true,"introspection_endpoint":"https://a""#),
            #""introspection_endpoint" is part of APISIX"#),
        Case(
            .route, openID(#""bearer_only":true,"use_jwks":true,"token_signing_alg_values_expected":"HS256""#),
            "matches none of the enum values"),
        Case(.route, openID(#""bearer_only":true,"use_jwks":true,"ssl_verify":false"#), "always verified"),
        Case(.route, openID(#""bearer_only":true,"use_jwks":true,"dpop":{}"#), #""dpop" is part of APISIX"#),
        Case(.globalRule, #"{"id":"g"}"#, #"property "plugins" is required"#),
    ]) func `is refused in words`(_ refused: Case) throws {
        let value = try JSONTree(parsingLeniently: Array(refused.body.utf8), limits: .document)
        let problem = try #require(
            APISIXCheck.problem(APISIXDocument(kind: refused.kind, id: "1", value: value)), "it is taken")
        #expect(problem.contains(refused.message), "\(problem)")
    }
}

extension ProcessSettings {
    static let test = ProcessSettings(
        workerThreads: 1, control: .off, admin: .off, readiness: .off, accessLog: .off, logLevel: .info,
        logFormat: .text,
        drainTimeout: .seconds(1))
}
