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
                    ("jwks", .ours(.either([.string(.init(min: 1)), .object(.init([], others: .ignored))]))),
                    ("jwks_uri", .ours(.string(.init(min: 1)))), ("discovery", .ours(.string(.init(min: 1)))),
                    ("issuer", .ours(.string(.init(min: 1)))),
                    ("audiences", .ours(.array(of: .string(.init(min: 1)), minItems: 1, isUnique: true))),
                ], required: ["key"])),
        uniqueMember: "key", secretMembers: ["secret"],
        consumerCheck: { value in
            if value.namesKeySet { return keySetProblem(value) }
            let algorithm = value["algorithm"]?.string ?? "HS256"
            guard algorithm.hasPrefix("HS") else {
                guard value["public_key"] == nil else { return nil }
                return "failed to validate dependent schema for \"algorithm\": "
                    + "value should match only one schema, but matches none"
            }
            guard let secret = value["secret"]?.string else {
                return "property \"secret\" is required when using HS based algorithms"
            }
            if value["base64_secret"]?.boolean == true, !SecretReference.isWritten(secret), base64(secret) == nil {
                return "base64_secret required but the secret is not in base64 format"
            }
            return nil
        })

    /// Of a credential with a set of keys, which is an extension.
    private static func keySetProblem(_ value: JSONTree) -> String? {
        let places = (keySetMembers + ["secret", "public_key"]).filter { value[$0] != nil }
        guard places.count == 1 else { return "only one of \(places.joined(separator: " or ")) is allowed" }
        if let algorithm = value["algorithm"]?.string, algorithm.hasPrefix("HS") {
            return "property \"algorithm\" validation failed: \(algorithm) needs a secret, and `\(places[0])` holds "
                + "public keys"
        }
        do throws(APISIXKeyPlace.Problem) {
            _ = try APISIXDecoder.keyPlace(value)
        } catch {
            return "property \"\(places[0])\" validation failed: it \(error.message)"
        }
        return nil
    }

    fileprivate static let keySetMembers = ["jwks", "jwks_uri", "discovery"]

    static let algorithms = [
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
    /// about. Sets of keys are ours, and those of identity providers.
    static func tokenCredential(_ value: JSONTree) -> TokenCredential {
        let isSet = value.namesKeySet
        let algorithm = value["algorithm"]?.string ?? (isSet ? nil : "HS256")
        // Checked when it was written.
        let place = try? keyPlace(value)
        let issuer = value["issuer"]?.string ?? place?.issuer
        return TokenCredential(
            name: value["key"]?.string ?? "", algorithm: algorithm,
            key: place.map { .remote($0.keys) } ?? key(value, algorithm),
            issuers: issuer.map { [$0] } ?? [], audiences: value["audiences"]?.array?.compactMap(\.string) ?? [],
            clockSkewSeconds: Int64(value["lifetime_grace_period"]?.integer ?? 0), allowsWeakKeys: !isSet,
            admitsAnyType: !isSet)
    }

    /// Where the keys of a credential are fetched from; nil where they are not.
    fileprivate static func keyPlace(_ value: JSONTree) throws(APISIXKeyPlace.Problem) -> APISIXKeyPlace? {
        if let url = value["jwks_uri"]?.string { return try APISIXKeyPlace(keySet: url) }
        if let url = value["discovery"]?.string {
            return try APISIXKeyPlace(metadata: url, issuer: value["issuer"]?.string)
        }
        return nil
    }

    private static func key(_ value: JSONTree, _ algorithm: String?) -> TokenCredential.Key {
        if let set = value["jwks"] { return .publicKey(set.string ?? set.text) }
        guard algorithm?.hasPrefix("HS") == true else {
            // A copy: kept in memory among the documents' trees, the texts of very many keys would be all that stays of
            // pages that could be given back.
            let bytes = Array((value["public_key"]?.string ?? "").utf8)
            return .publicKey(String(decoding: bytes, as: UTF8.self))
        }
        let secret = value["secret"]?.string ?? ""
        return .secret(value["base64_secret"]?.boolean == true ? base64(secret) ?? [] : Array(secret.utf8))
    }
}

extension JSONTree {
    /// Whether a credential's keys are a set, and not one key.
    fileprivate var namesKeySet: Bool { APISIXPlugin.keySetMembers.contains { self[$0] != nil } }
}

/// Of text that is padded, as APISIX wants it.
private func base64(_ text: String) -> [UInt8]? {
    guard text.utf8.count % 4 == 0 else { return nil }
    return Base64Text.decode(Array(text.utf8).span)
}
