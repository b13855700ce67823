internal import Bytes
internal import GatewayModel

// `hmac-auth`: requests that are signed with a secret of the consumer.

extension APISIXPlugin {
    static let hmacAlgorithms = ["hmac-sha1", "hmac-sha256", "hmac-sha512"]

    static let hmacAuth = APISIXPlugin(
        name: "hmac-auth", priority: 2530, isAuthentication: true,
        schema: .object(
            .init(
                [
                    (
                        "allowed_algorithms",
                        .array(
                            of: .string(.init(choices: hmacAlgorithms)), minItems: 1,
                            default: .array(hmacAlgorithms.map { .string($0) }))
                    ),
                    ("clock_skew", .integer(min: 1, default: Int(APISIXDecoder.HMAC.clockSkewSeconds))),
                    (
                        "signed_headers",
                        .array(
                            of: .string(.init(min: 1, max: 50, Patterns.signedHeader)),
                            default: .array(APISIXDecoder.HMAC.signedHeaders.map { .string($0) }))
                    ),
                    ("validate_request_body", .boolean(default: false)),
                    ("max_req_body_size", .integer(min: 1, default: APISIXDecoder.HMAC.maxBodyBytes)),
                    ("hide_credentials", .boolean(default: false)),
                    ("realm", .string(.init(min: 1, max: 128, Patterns.realm, default: "hmac"))),
                    ("anonymous_consumer", .string(.init(min: 1))),
                ], title: "work with route or service object")),
        consumerSchema: .object(
            .init(
                [("key_id", .string(.init(min: 1, max: 256))), ("secret_key", .string(.init(min: 1, max: 256)))],
                required: ["key_id", "secret_key"], title: "work with consumer object")),
        uniqueMember: "key_id", secretMembers: ["secret_key"])
}

extension APISIXDecoder {
    /// What holds where a route does not say it.
    enum HMAC {
        static let clockSkewSeconds: Int64 = 300
        static let signedHeaders = ["date"]
        static let maxBodyBytes = 64 << 20
    }

    static func signatureScheme(_ value: JSONTree) -> ConsumerScheme {
        let algorithms = value["allowed_algorithms"]?.array?.compactMap(\.string)
        return ConsumerScheme(
            kind: .signature(
                RequestSignature(
                    algorithms: algorithms ?? APISIXPlugin.hmacAlgorithms,
                    clockSkewSeconds: value["clock_skew"]?.integer.map { Int64($0) } ?? HMAC.clockSkewSeconds,
                    coveredFields: signedHeaders(value), verifiesBody: value["validate_request_body"]?.boolean == true,
                    maxBodyBytes: value["max_req_body_size"]?.integer ?? HMAC.maxBodyBytes)),
            locations: [.header(name: "authorization", prefix: "")],
            forwardsProof: value["hide_credentials"]?.boolean != true)
    }

    private static func signedHeaders(_ value: JSONTree) -> [String] {
        guard let written = value["signed_headers"] else { return HMAC.signedHeaders }
        // To Lua an empty object is an empty list.
        return (written.array ?? []).compactMap { $0.string?.lowercased() }
    }

    /// Says where signatures protect less than they seem to.
    mutating func warn(ofUncovered value: JSONTree, at place: Provenance) {
        let covered = Self.signedHeaders(value)
        if !covered.contains("date") {
            diagnostics.append(
                Diagnostic(
                    .warning, "hmac_date_unsigned",
                    "`hmac-auth` takes signatures that do not cover `Date`: one that is seen once can be sent for ever",
                    at: place, hint: "add `date` to `signed_headers`"))
        }
        if value["validate_request_body"]?.boolean == true, !covered.contains("digest") {
            diagnostics.append(
                Diagnostic(
                    .warning, "hmac_digest_unsigned",
                    "`hmac-auth` takes signatures that do not cover `Digest`: who changes the body can change that, too",
                    at: place, hint: "add `digest` to `signed_headers`"))
        }
    }
}
