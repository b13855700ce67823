internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let ipRestriction = APISIXPlugin(
        name: "ip-restriction", priority: 3000, isAuthentication: false,
        schema: .object(
            .init(
                [
                    ("message", .string(.init(min: 1, max: 1024, default: "Your IP address is not allowed"))),
                    ("response_code", .integer(min: 403, max: 404, default: 403)),
                    ("whitelist", .array(of: APISIXShapes.address, minItems: 1)),
                    ("blacklist", .array(of: APISIXShapes.address, minItems: 1)),
                ], oneOf: ["whitelist", "blacklist"])))
}

extension APISIXDecoder {
    /// A peer without an address is on no white list, and on every black one.
    static func ipRestriction(_ value: JSONTree, at place: Provenance) -> Authorization {
        let answer = AuthorizationRule.Answer(
            status: value["response_code"]?.integer ?? 403,
            message: value["message"]?.string ?? "Your IP address is not allowed")
        func rule(_ effect: AuthorizationRule.Effect, _ list: String) -> AuthorizationRule? {
            value.strings(list).map { networks in
                AuthorizationRule(
                    effect: effect, expression: APISIXAddresses.condition("source.address", isAmong: networks),
                    answer: answer, provenance: place)
            }
        }
        return Authorization(rules: [rule(.deny, "blacklist"), rule(.require, "whitelist")].compactMap(\.self))
    }
}
