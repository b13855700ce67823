internal import Bytes
internal import GatewayModel

// The plugins beside `jwt-auth` that find out who a request is of.

extension APISIXPlugin {
    static let keyAuth = APISIXPlugin(
        name: "key-auth", priority: 2500, isAuthentication: true,
        schema: .object(
            .init([
                ("header", .string(.init(default: "apikey"))), ("query", .string(.init(default: "apikey"))),
                ("hide_credentials", .boolean(default: false)),
                ("realm", .string(.init(min: 1, max: 128, Patterns.realm, default: "key"))),
                ("anonymous_consumer", .string(.init(min: 1))),
            ])),
        consumerSchema: .object(.init([("key", .string(.init(min: 1)))], required: ["key"])),
        uniqueMember: "key", secretMembers: ["key"])

    static let basicAuth = APISIXPlugin(
        name: "basic-auth", priority: 2520, isAuthentication: true,
        schema: .object(
            .init(
                [
                    ("hide_credentials", .boolean(default: false)),
                    ("realm", .string(.init(min: 1, max: 128, Patterns.realm, default: "basic"))),
                    ("anonymous_consumer", .string(.init(min: 1))),
                ], title: "work with route or service object")),
        consumerSchema: .object(
            .init(
                [("username", .string()), ("password", .string())], required: ["username", "password"],
                title: "work with consumer object")),
        uniqueMember: "username", secretMembers: ["password"])

    static let multiAuth = APISIXPlugin(
        name: "multi-auth", priority: 2600, isAuthentication: true,
        schema: .object(
            .init(
                [("auth_plugins", .array(of: .object(.init([])), minItems: 2))], required: ["auth_plugins"])),
        check: { value in
            for (place, choice) in (value["auth_plugins"]?.array ?? []).enumerated() {
                // Nobody would be asked who he is.
                if choice.object?.entries.isEmpty ?? true {
                    return "property \"auth_plugins\" validation failed: failed to validate item \(place + 1): "
                        + "expect object to have at least 1 properties"
                }
                for (name, value) in choice.object?.entries ?? [] {
                    guard let plugin = APISIXPlugin.named(name), plugin.isAuthentication, plugin.name != "multi-auth"
                    else { return "\(name) plugin is not supported" }
                    if let problem = plugin.problem(value, onConsumer: false) {
                        return "plugin \(name) check schema failed: \(problem)"
                    }
                }
            }
            return nil
        })
}

extension APISIXDecoder {
    static func keyScheme(_ value: JSONTree) -> ConsumerScheme {
        ConsumerScheme(
            kind: .key,
            locations: [
                .header(name: value["header"]?.string ?? "apikey", prefix: ""),
                .queryParameter(name: value["query"]?.string ?? "apikey"),
            ], forwardsProof: value["hide_credentials"]?.boolean != true)
    }

    static func passwordScheme(_ value: JSONTree) -> ConsumerScheme {
        ConsumerScheme(
            kind: .password, locations: [.header(name: "authorization", prefix: "")],
            forwardsProof: value["hide_credentials"]?.boolean != true)
    }

    /// The scheme of one authentication plugin.
    static func scheme(_ name: String, _ value: JSONTree) -> ConsumerScheme? {
        switch name {
        case "jwt-auth": tokenScheme(value)
        case "key-auth": keyScheme(value)
        case "basic-auth": passwordScheme(value)
        case "hmac-auth": signatureScheme(value)
        default: nil
        }
    }

    /// What a consumer or credential says for one authentication plugin.
    static func proof(_ name: String, _ value: JSONTree) -> Credential.Proof? {
        switch name {
        case "jwt-auth": .token(tokenCredential(value))
        case "key-auth": .key(value["key"]?.string ?? "")
        case "basic-auth":
            .password(user: value["username"]?.string ?? "", password: value["password"]?.string ?? "")
        case "hmac-auth":
            .signingSecret(keyID: value["key_id"]?.string ?? "", secret: value["secret_key"]?.string ?? "")
        default: nil
        }
    }
}
