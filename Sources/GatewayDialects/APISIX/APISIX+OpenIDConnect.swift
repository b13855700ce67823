internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    /// The form that verifies bearer tokens with the keys of an identity provider; browsers are sent nowhere.
    static let openIDConnect = APISIXPlugin(
        name: "openid-connect", priority: 2599, isAuthentication: false,
        schema: .object(
            .init(openIDVerification + openIDHeaders + openIDUnused + openIDNotOffered, required: openIDRequired)),
        check: openIDProblem)

    private static let openIDRequired = ["client_id", "discovery"]

    private static let openIDVerification: [(String, APISIXSchema)] = [
        ("client_id", .string()), ("discovery", .string()), ("bearer_only", .boolean(default: false)),
        ("use_jwks", .boolean(default: false)), ("public_key", .string()),
        ("token_signing_alg_values_expected", .string(.init(choices: signatures))),
        ("required_scopes", .array(of: .string())),
        ("claim_validator", .object(.init([("issuer", validIssuers), ("audience", validAudience)]))),
        ("realm", .string(.init(Patterns.realm, default: "apisix"))),
        ("unauth_action", .string(.init(choices: ["auth", "deny", "pass"], default: "auth"))),
        ("timeout", .integer(min: 1, default: 3)), ("ssl_verify", .boolean(default: true)),
        ("iat_slack", .integer(min: 0, max: 3600, default: 120)), ("jwk_expires_in", .integer(min: 1)),
    ]

    private static let signatures = algorithms.filter { !$0.hasPrefix("HS") }

    private static let validIssuers = APISIXSchema.object(.init([("valid_issuers", .array(of: .string()))]))

    private static let validAudience = APISIXSchema.object(
        .init([
            ("claim", .string(.init(min: 1, default: "aud"))), ("required", .boolean(default: false)),
            ("match_with_client_id", .boolean(default: false)),
        ]))

    private static let openIDHeaders: [(String, APISIXSchema)] = [
        ("set_access_token_header", .boolean(default: true)),
        ("access_token_in_authorization_header", .boolean(default: false)),
        ("set_userinfo_header", .boolean(default: true)),
    ]

    /// About the flows with a browser, and kept: nothing of it says anything about a bearer token.
    private static let openIDUnused: [(String, APISIXSchema)] = [
        ("client_secret", .string()), ("scope", .string(.init(default: "openid"))), ("redirect_uri", .string()),
        ("logout_path", .string()), ("post_logout_redirect_uri", .string()), ("session", .object(.init([]))),
        ("token_endpoint_auth_method", .string()), ("introspection_endpoint_auth_method", .string()),
        ("set_id_token_header", .boolean(default: true)), ("set_raw_id_token_header", .boolean(default: false)),
        ("set_refresh_token_header", .boolean(default: false)), ("use_nonce", .boolean(default: false)),
        ("use_pkce", .boolean(default: false)), ("accept_none_alg", .boolean(default: false)),
        ("accept_unsupported_alg", .boolean(default: true)), ("renew_access_token_on_expiry", .boolean(default: true)),
        ("access_token_expires_in", .integer()), ("access_token_expires_leeway", .integer(default: 0)),
        ("refresh_session_interval", .integer()), ("force_reauthorize", .boolean(default: false)),
        ("revoke_tokens_on_logout", .boolean(default: false)), ("cache_segment", .string()),
        ("jwt_verification_cache_ignore", .boolean(default: false)), ("introspection_interval", .integer(default: 0)),
    ]

    private static let openIDNotOffered: [(String, APISIXSchema)] =
        [
            "introspection_endpoint", "introspection_expiry_claim", "introspection_addon_headers",
        ].map { ($0, .notOffered("tokens are verified by keys: write `use_jwks: true` or a `public_key`")) }
        + [
            "par", "dpop", "authorization_params", "client_rsa_private_key", "client_rsa_private_key_id",
            "client_jwt_assertion_expires_in", "client_jwt_assertion_alg", "client_jwt_assertion_audience",
        ].map { ($0, .notOffered("the gateway asks no identity provider for tokens")) }
        + [
            ("proxy_opts", .notOffered("keys are fetched without a proxy")),
            ("claim_schema", .notOffered("ask for claims with `claim_validator` or `required_scopes`")),
        ]

    private static func openIDProblem(_ value: JSONTree) -> String? {
        guard value["bearer_only"]?.boolean == true else {
            return "`bearer_only` has to be true: the flows with a browser are part of APISIX and not offered in this "
                + "version"
        }
        guard value["public_key"] != nil || value["use_jwks"]?.boolean == true else {
            return "the introspection of tokens is part of APISIX and not offered in this version; write "
                + "`use_jwks: true` or a `public_key`"
        }
        if value["ssl_verify"]?.boolean == false {
            return "property \"ssl_verify\" validation failed: certificates of identity providers are always verified"
        }
        if value["accept_none_alg"]?.boolean == true {
            return "property \"accept_none_alg\" validation failed: a token without a signature proves nothing"
        }
        do throws(APISIXKeyPlace.Problem) {
            _ = try APISIXDecoder.metadata(value)
        } catch {
            return "property \"discovery\" validation failed: it \(error.message)"
        }
        return nil
    }
}

extension APISIXDecoder {
    /// The metadata of the identity provider, and how it is asked for.
    fileprivate static func metadata(_ value: JSONTree) throws(APISIXKeyPlace.Problem) -> APISIXKeyPlace {
        var place = try APISIXKeyPlace(
            metadata: value["discovery"]?.string ?? "",
            issuer: value["claim_validator"]?["issuer"]?["valid_issuers"]?.array?.first?.string)
        place.keys.request.timeout = .seconds(min(value["timeout"]?.integer ?? 3, 60))
        if let seconds = value["jwk_expires_in"]?.integer {
            let usual = Duration.seconds(min(max(seconds, 60), 7 * 86400))
            place.keys.refresh.usual = usual
            place.keys.refresh.longest = max(usual, place.keys.refresh.longest)
        }
        return place
    }

    /// `openid-connect` in its `bearer_only` form; nil where its document was refused.
    mutating func openIDConnect(_ value: JSONTree, at provenance: Provenance) -> JWTAuthentication? {
        guard let place = try? Self.metadata(value) else { return nil }
        let source: KeySource
        if let text = value["public_key"]?.string {
            source = KeySource(origin: .inline(text), provenance: provenance)
        } else {
            source = KeySource(origin: .remote(place.keys), provenance: provenance)
            warn(ofHTTP: place.keys, at: provenance)
        }
        let presence: Presence = value["unauth_action"]?.string == "pass" ? .permissive : .strict
        var policy = JWTAuthentication(
            presence: presence,
            locations: [
                .header(name: "authorization", prefix: "Bearer "), .header(name: Self.accessTokenHeader, prefix: ""),
            ],
            issuers: [Self.issuer(value, place, source, at: provenance)], forwardsToken: true,
            forwardsUnverifiedToken: false, realm: value["realm"]?.string ?? "apisix", maxTokenBytes: 16384)
        if value["set_access_token_header"]?.boolean != false {
            policy.tokenHeader =
                value["access_token_in_authorization_header"]?.boolean == true
                ? TokenHeader(name: "Authorization", prefix: "Bearer ")
                : TokenHeader(name: Self.accessTokenHeader, prefix: "")
        }
        return policy
    }

    private static let accessTokenHeader = "X-Access-Token"

    private static func issuer(
        _ value: JSONTree, _ place: APISIXKeyPlace, _ source: KeySource, at provenance: Provenance
    ) -> Issuer {
        let validator = value["claim_validator"]
        let client = value["client_id"]?.string ?? ""
        let claim = validator?["audience"]?["claim"]?.string ?? "aud"
        var required = ["exp"]
        if validator?["audience"]?["required"]?.boolean == true { required.append(claim) }
        let matchesClient = validator?["audience"]?["match_with_client_id"]?.boolean == true
        let conditions =
            matchesClient && claim != "aud"
            ? [ClaimCondition(path: [claim], test: .isOrContains(.string(client)))] : []
        let userInfo = ClaimHeader(
            name: "X-Userinfo", path: [], listFormat: .json, encoding: .base64, provenance: provenance)
        let names = validator?["issuer"]?["valid_issuers"]?.array?.compactMap(\.string) ?? []
        return Issuer(
            names: names.isEmpty ? [place.issuer].compactMap(\.self) : names,
            audiences: matchesClient && claim == "aud" ? [client] : [], keySources: [source],
            algorithms: value["token_signing_alg_values_expected"]?.string.map { [$0] }, requiredClaims: required,
            clockSkewSeconds: Int64(value["iat_slack"]?.integer ?? 120), allowsWeakKeys: false,
            requirements: TokenRequirements(
                type: .ordinary, maxLifetimeSeconds: nil, refusesFutureIssuedAt: false, subjects: [],
                scopes: value["required_scopes"]?.array?.compactMap(\.string) ?? [], claims: conditions),
            claimHeaders: value["set_userinfo_header"]?.boolean == false ? [] : [userInfo], provenance: provenance)
    }
}
