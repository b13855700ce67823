import GatewayControl
import GatewayDialects
import GatewayModel
import Testing

/// What a start and `tollgate validate` print, and what a reload logs, for texts that hold literal secrets.
@Suite struct `Secrets in diagnostics` {
    struct Case: CustomTestStringConvertible {
        var name: String
        var text: String
        /// Parts of the excerpt that have to be there.
        var shown: [String]
        var testDescription: String { name }

        init(_ name: String, _ text: String, shows shown: String...) {
            self.name = name
            self.text = text
            self.shown = shown
        }
    }

    static let secret = "hunter2hunter2hunter2"

    private static func route(_ policies: String) -> String {
        """
        gateways: {default: {port: 3000}}
        routes:
        - backends: [{host: "127.0.0.1:80"}]
          policies:

        """ + policies.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
    }

    static let cases = [
        Case(
            "a key beside a typing error on its line", route("apiKey: {keys: [{key: \(secret), metdata: {}}]}"),
            shows: "apiKey: {keys: [{key: …, metdata: {}}]}"),
        Case(
            "a key that is a number", route("apiKey: {mode: strict, keys: [{key: 4711471147114711}]}"),
            shows: "{key: …}"),
        Case(
            "a key under a mistyped name", route("apiKey:\n  mode: strict\n  keys:\n  - kye: \(secret)"),
            shows: "- kye: …", "did you mean `key`"),
        Case("a key a level too high", route("apiKey:\n  mode: strict\n  key: \(secret)"), shows: "  key: …"),
        Case(
            "a key with a comment", route("apiKey:\n  mode: strict\n  keys:\n  - kye: $KEY # was \(secret)"),
            shows: "- kye: $KEY …"),
        Case("a text where a mapping is due", route("apiKey: \(secret)"), shows: "apiKey: …"),
        Case(
            "users in a block", route("basicAuth:\n  mode: strict\n  htpasswd: |\n    alice:\(secret)\n"),
            shows: "htpasswd: |"),
        Case(
            "users of a shape that is none", route("basicAuth:\n  mode: strict\n  htpasswd: [\(secret)]\n"),
            shows: "htpasswd: […]"),
        Case(
            "a header's expression in a block",
            route(
                "transformations:\n  request:\n    set:\n      authorization: |\n        \"Bearer \(secret)\" + nope\n")
        ),
        Case(
            "a header's expression in a folded block",
            route(
                "transformations:\n  request:\n    set:\n      x-auth-token: >\n        \"\(secret)\"\n        + nope\n"
            )),
        Case(
            "a header's expression that an alias repeats",
            route(
                "transformations:\n  request:\n    set: {x-a: &a '\"x\" + nope', x-session-id: '\"\(secret)\" + nope'}")
        ),
        Case("a backend's key", route("backendAuth: {key: {vaule: \(secret)}}"), shows: "{key: {vaule: …}}"),
        Case(
            "a signing key in quotes over several lines",
            route("backendAuth:\n  jwtSign:\n    signingKey: \"-----BEGIN\n      \(secret)\"\n    alg: none"),
            shows: "alg: none"),
        Case(
            "a JWK on one line of JSON",
            #"{"gateways": {"default": {"port": 3000}}, "routes": [{"policies": {"jwtAuth": {"mode": "strict", "issuer": "a", "jwks": "{\"k\":\"\#(secret)\"}", "audience": ["b"]}}}]}"#,
            shows: #""jwks": …, "audience""#),
        Case(
            "a JWK as a mapping",
            route("jwtAuth:\n  mode: strict\n  issuer: a\n  jwks: {keys: [{kty: oct, k: \(secret)}]}"), shows: "k: …"),
        Case(
            "a header that is set", route("requestHeaderModifier:\n  set: {Authorization: \"Bearer \(secret)\\n\"}"),
            shows: "Authorization"),
        Case(
            "a key behind a colon without a blank", route("apiKey: {mode: strict, keys: [{key:\(secret)}]}"),
            shows: "put a blank behind the colon: `key: …`"),
        Case(
            "a key with a comma", route("apiKey: {mode: strict, keys: [{key: a,\(secret)}]}"),
            shows: "no field of the name that stands here"),
        Case(
            "a header behind a colon without a blank",
            route("requestHeaderModifier: {set: {Authorization:\"Bearer \(secret)\"}}"),
            shows: "`Authorization…` has to be a string, found nothing"),
        Case(
            "a header by expression",
            route("transformations:\n  request:\n    set: {authorization: \"'Bearer \(secret)' +\"}"),
            shows: "authorization"),
        Case(
            "a header of a request for keys",
            route(
                "jwtAuth:\n  mode: strict\n  issuer: a\n  jwks:\n    url: https://a.example/keys\n    headers: [{name: x, value: \(secret), vlaue: b}]"
            ), shows: "{name: x, value: …, vlaue: …}"),
        Case(
            "a URL with user and password",
            route(
                "jwtAuth:\n  mode: strict\n  issuer: a\n  jwks: {url: \"ftp://u:\(secret)@a.example/keys?t=\(secret)\", cach: 1}"
            ), shows: "ftp://…@a.example/keys?…"),
        Case(
            "a text with a dollar sign", route("apiKey: {mode: strict, keys: [{key: \"${\(secret)\"}]}"),
            shows: "{key: …}"),
        Case("a tag", route("apiKey: {mode: strict, keys: [{key: !\(secret) a}]}"), shows: "{key: …"),
        Case("an alias", route("apiKey: {mode: strict, keys: [{key: *\(secret)}]}"), shows: "{key: …"),
        Case("a text that no token may begin with", route("apiKey:\n  keys:\n  - key: @\(secret)"), shows: "- key: …"),
        Case("a colon in a text", route("apiKey:\n  keys:\n  - key: a: \(secret)"), shows: "- key: …"),
        Case("a text behind quotes", route("apiKey:\n  keys:\n  - key: \"a\" \(secret)"), shows: "- key: …"),
        Case("quotes that are not closed", route("apiKey:\n  mode: \"strict\n  keys:\n  - key: \(secret)")),
        Case(
            "a bracket that is not closed", route("apiKey:\n  keys: [{key: \(secret)\n  mode: strict"), shows: "…: …"),
        Case("a tab before a key", route("apiKey:\n  keys:\n\t- key: \(secret)"), shows: "- key: …"),
        Case("an anchor", "x: &a {key: \(secret)}\n" + route("apiKey: {mode: strict, keys: [*a]}"), shows: "x: …"),
        Case(
            "another program's field",
            "database: {url: postgres://\(secret)}\nconfig: {database: {url: \"postgres://\(secret)\"}}\n",
            shows: "config: {database: {url: …}}"),
    ]

    @Test(arguments: cases)
    func `are not shown where something is wrong beside them`(_ example: Case) {
        let loaded = ConfigurationFile.compile(example.text, path: "a.yaml", environment: ["KEY": "x"])
        let printed = loaded.renderedDiagnostics()
        #expect(!loaded.diagnostics.isEmpty)
        for text in [printed] + loaded.diagnostics.map(\.oneLine) {
            #expect(!text.contains("hunter2") && !text.contains("4711"), "\(text)")
        }
        for part in example.shown { #expect(printed.contains(part), "\(printed)") }
    }

    @Test func `are not shown of a host with a password, which has no business there`() {
        for host in [
            "user:\(Self.secret)@127.0.0.1", "user:\(Self.secret)@shop.test:80", "\(Self.secret)@shop.test:80",
        ] {
            let text = "gateways: {default: {port: 3000}}\nroutes:\n- backends: [{host: \"\(host)\"}]\n"
            let loaded = ConfigurationFile.compile(text, path: "a.yaml", environment: [:])
            let messages = loaded.diagnostics.map(\.oneLine).joined()
            #expect(messages.contains("`host` has user information, which is not allowed there"), "\(messages)")
            #expect(!messages.contains("hunter2") && !messages.contains("IPv6"), "\(messages)")
            if host.contains("user:") { #expect(!loaded.renderedDiagnostics().contains("hunter2")) }
        }
    }

    struct Variable: CustomTestStringConvertible {
        var policies = ""
        var backend = "127.0.0.1:80"
        var hostname = "a.test"
        var value: String
        var message: String
        var testDescription: String { message }
    }

    @Test(arguments: [
        Variable(backend: "$VAR", value: "Hunter2_hunter2!:80", message: "has the invalid host name \"…\""),
        Variable(backend: "$VAR", value: "hunter2", message: "write `…:8080`, with the port it listens on"),
        Variable(backend: "$VAR", value: "db", message: "write `…:8080`, with the port it listens on"),
        Variable(backend: "db:$VAR", value: "hunter2", message: "has the invalid port \"…\""),
        Variable(backend: "$VAR", value: "hunter2://a:80", message: "write it without `…`, as host:port"),
        Variable(backend: "$VAR", value: "hunter2:::80", message: "write `[…]:port`"),
        Variable(hostname: "$VAR", value: "Hunter2/hunter2", message: "has the invalid host name \"…\""),
        Variable(policies: "cors: {allowOrigins: [$VAR]}", value: "hunter2", message: "`…` is not an origin"),
        Variable(policies: "cors: {allowOrigins: [\"$VAR\"]}", value: "x", message: "`…` is not an origin"),
        Variable(
            policies: "authorization: {rules: ['$VAR']}", value: "hunter2 == 1", message: "unknown variable '…'"),
        Variable(
            policies: "requestHeaderModifier: {set: {x-a: \"$VAR\"}}", value: "hunter2 ", message: "the value of `x-a`"),
        Variable(
            policies: "jwtAuth: {mode: strict, issuer: a, jwks: {file: $VAR}}", value: "/none/hunter2.json",
            message: "cannot read"),
        Variable(
            policies: "urlRewrite: {path: {full: $VAR}}", value: "hunter2", message: "write `/…`"),
    ])
    func `are not shown of variables, whatever is wrong with what they hold`(_ example: Variable) {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - hostnames: [\(example.hostname)]
              policies: {\(example.policies)}
              backends: [{host: "\(example.backend)"}]

            """
        let loaded = ConfigurationFile.compile(text, path: "a.yaml", environment: ["VAR": example.value])
        let printed = loaded.renderedDiagnostics() + loaded.diagnostics.map(\.oneLine).joined()
        #expect(loaded.diagnostics.hasErrors)
        #expect(!printed.lowercased().contains("hunter2"), "\(printed)")
        #expect(printed.contains(example.message), "\(printed)")
    }

    @Test func `are told from what the document says itself`() {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "$VAR"}]
              policies: {cors: {allowOrigins: [localhost]}, jwtAuth: {mode: strcit, issuer: a, jwks: '{"keys":[]}'}}

            """
        let loaded = ConfigurationFile.compile(text, path: "a.yaml", environment: ["VAR": "localhost:http"])
        let printed = loaded.diagnostics.map(\.oneLine).joined(separator: "\n")
        #expect(printed.contains("`host` has the invalid port \"…\""), "\(printed)")
        #expect(printed.contains("`localhost` is not an origin"), "\(printed)")
        #expect(printed.contains("did you mean `strict`?"), "\(printed)")
    }

    /// Whatever is wrong with a document: what is known of its fields decides. Of a header the name does, which a
    /// damage makes another one.
    @Test(arguments: cases.filter { !$0.text.contains("://") && !$0.text.contains("transformations") })
    func `are not shown of texts that are damaged anywhere`(_ example: Case) {
        var state = UInt64(example.text.utf8.count)
        func random(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let damage = Array("\n\t :-?[]{},&*!|>'\"%@`#~0a".utf8)
        for _ in 0..<80 {
            var bytes = Array(example.text.utf8)
            for _ in 0..<2 { bytes[random(below: bytes.count)] = damage[random(below: damage.count)] }
            let text = String(decoding: bytes, as: UTF8.self)
            let loaded = ConfigurationFile.compile(text, path: "a.yaml", environment: ["KEY": "x"])
            let printed = loaded.renderedDiagnostics() + loaded.diagnostics.map(\.oneLine).joined()
            #expect(!printed.contains("hunter2"), "\(text)\n\(printed)")
        }
    }
}
