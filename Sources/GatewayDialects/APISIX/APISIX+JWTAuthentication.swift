internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let jwtAuth = APISIXPlugin(
        name: "jwt-auth", priority: 2510, isAuthentication: true,
        schema: .object(
            .init([
                ("header", .string(.init(default: "authorization"))), ("query", .string(.init(default: "jwt"))),
                ("cookie", .string(.init(default: "jwt"))), ("hide_credentials", .boolean(default: false)),
                ("key_claim_name", .string(.init(min: 1, default: "key"))), ("store_in_ctx", .boolean(default: false)),
                ("realm", .string(.init(min: 1, max: 128, Patterns.realm, default: "jwt"))),
                ("anonymous_consumer", .string(.init(min: 1))),
                ("claims_to_verify", .array(of: .string(.init(choices: ["exp", "nbf"])), isUnique: true)),
            ])),
        consumerSchema: .object(
            .init(
                [
                    ("key", .string(.init(min: 1))), ("secret", .string(.init(min: 1))),
                    ("algorithm", .string(.init(choices: algorithms, default: "HS256"))),
                    ("exp", .integer(min: 1, default: 86400)), ("base64_secret", .boolean(default: false)),
                    ("lifetime_grace_period", .integer(min: 0, default: 0)), ("public_key", .string(.init(min: 1))),
                ], required: ["key"])),
        uniqueMember: "key", secretMembers: ["secret"],
        consumerCheck: { value in
            let algorithm = value["algorithm"]?.string ?? "HS256"
            guard algorithm.hasPrefix("HS") else {
                guard value["public_key"] == nil else { return nil }
                return "failed to validate dependent schema for \"algorithm\": "
                    + "value should match only one schema, but matches none"
            }
            guard let secret = value["secret"]?.string else {
                return "property \"secret\" is required when using HS based algorithms"
            }
            if value["base64_secret"]?.boolean == true, base64(secret) == nil {
                return "base64_secret required but the secret is not in base64 format"
            }
            return nil
        })

    private static let algorithms = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512",
        "EdDSA",
    ]
}

extension APISIXDecoder {
    /// `jwt-auth` on a route: header, query and cookie in that order, the first that is there.
    static func tokenScheme(_ value: JSONTree) -> ConsumerScheme {
        let listed = value["claims_to_verify"]?.array?.compactMap(\.string) ?? []
        let dates: CheckedDates =
            listed.isEmpty
            ? .thoseThatAreThere
            : .only(expiration: listed.contains("exp"), notBefore: listed.contains("nbf"))
        return ConsumerScheme(
            kind: .token(claim: value["key_claim_name"]?.string ?? "key", dates: dates),
            locations: [
                .header(name: value["header"]?.string ?? "authorization", prefix: "Bearer "),
                .queryParameter(name: value["query"]?.string ?? "jwt"),
                .cookie(name: value["cookie"]?.string ?? "jwt"),
            ], forwardsProof: value["hide_credentials"]?.boolean != true)
    }

    /// `jwt-auth` on a consumer or credential. Whoever comes from APISIX has weak keys: they are used, and warned
    /// about.
    static func tokenCredential(_ value: JSONTree) -> TokenCredential {
        let algorithm = value["algorithm"]?.string ?? "HS256"
        let secret = value["secret"]?.string ?? ""
        let bytes = value["base64_secret"]?.boolean == true ? base64(secret) ?? [] : Array(secret.utf8)
        return TokenCredential(
            name: value["key"]?.string ?? "", algorithm: algorithm,
            key: algorithm.hasPrefix("HS") ? .secret(bytes) : .publicKey(value["public_key"]?.string ?? ""),
            clockSkewSeconds: Int64(value["lifetime_grace_period"]?.integer ?? 0), allowsWeakKeys: true)
    }
}

/// Of text that is padded, as APISIX wants it.
private func base64(_ text: String) -> [UInt8]? {
    guard text.utf8.count % 4 == 0 else { return nil }
    return Base64Text.decode(Array(text.utf8).span)
}
