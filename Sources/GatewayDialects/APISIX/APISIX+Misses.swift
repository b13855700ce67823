extension APISIXDialect {
    /// Cases of APISIX's own tests that fail here, each with its reason: `Scripts/test-apisix` holds that there are no
    /// others.
    static let misses: [(file: String, cases: String, reason: String)] = [
        ("t/admin/api.t", "1", "`Server` would have to say that this is APISIX"),
        ("t/admin/api.t", "6", "no answer of the Admin API allows another origin"),
        (
            "t/admin/plugins.t", "3, 5, 15",
            "schemas of `limit-req`, `prometheus` and `http-logger`, which are not offered: 404"
        ),
        ("t/admin/routes3.t", "17, 18", "`filter_func` is Lua"),
        ("t/admin/routes_request_body.t", "2", "a node by a name that only their test's resolver knows"),
        ("t/admin/routes_request_body.t", "5", "bodies of `multipart/form-data` are not read by `vars`"),
        ("t/admin/upstream.t", "19, 20, 21", "certificates that upstreams are shown, and `ssls`"),
        (
            "t/admin/upstream5.t", "6, 9, 12, 15, 18, 21, 23",
            "`traffic-split`, whose upstreams would be in use; it is not offered"
        ),
        ("t/node/credential-plugin-jwt-auth.t", "5", "what it builds on is skipped, as it compares ciphertexts"),
        ("t/node/merge-route.t", "16", "`Connection` of the client ends here and is not said to the upstream"),
        ("t/node/route-domain.t", "7", "a node by a name that only their test's resolver knows"),
        (
            "t/plugin/jwt-auth.t", "26",
            "an RSA key of 512 bits, which anyone can break: its tokens are refused, and the log says so"
        ),
        ("t/router/radixtree-uri-host.t", "12, 14", "`filter_func` is Lua"),
        (
            "t/router/radixtree-uri-with-parameter-encoded-slash.t", "7, 8, 9, 14",
            "an encoded slash is refused, as two readers may take it for different paths (Docs/CanonicalRequest.md)"
        ),
        (
            "t/router/radixtree-uri-with-parameter2.t", "2",
            "a parameter (`:name`) in a path is taken as it is written; theirs needs another router"
        ),
    ]

    static var missPage: String {
        let rows = misses.map { "| `\($0.file)` | \($0.cases) | \($0.reason) |" }.joined(separator: "\n")
        return """
            ## APISIX's own tests

            `make test-apisix` runs published cases of APISIX's tests, those of plugins that are offered. It fails where a case
            fails that is not explained here.

            | file | cases | why |
            |---|---|---|
            \(rows)
            """
    }
}
