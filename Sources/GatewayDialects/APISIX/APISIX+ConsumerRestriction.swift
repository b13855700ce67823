internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let consumerRestriction = APISIXPlugin(
        name: "consumer-restriction", priority: 2400, isAuthentication: false,
        schema: .object(
            .init(
                [
                    ("type", .string(.init(choices: types, default: "consumer_name"))),
                    ("blacklist", .array(of: .string(), minItems: 1)),
                    ("whitelist", .array(of: .string(), minItems: 1)),
                    (
                        "allowed_by_methods",
                        .array(
                            of: .object(
                                .init([
                                    ("user", .string()),
                                    ("methods", .array(of: .string(.init(choices: APISIXShapes.methods)), minItems: 1)),
                                ])))
                    ), ("rejected_code", .integer(min: 200, max: 599, default: 403)), ("rejected_msg", .string()),
                ], anyOf: [["blacklist"], ["whitelist"], ["allowed_by_methods"]])))

    private static let types = ["consumer_name", "service_id", "route_id", "consumer_group_id"]
}

/// `consumer-restriction` as rules.
///
/// Who is on the black list is refused; then who is nobody, or not on the white list; without one, who is not allowed
/// the method.
struct ConsumerRestriction {
    private let value: JSONTree
    private let type: String
    /// What the lists are about, in CEL; nil: a request of this place has none.
    private let subject: String?
    /// Whether there is one, in CEL.
    private let isThere: String?
    private let place: Provenance

    /// - Parameters:
    ///   - service: of the route; nil where it has none.
    ///   - route: nil for a global rule, which runs before a route is chosen.
    init(_ value: JSONTree, service: String?, route: String?, at place: Provenance) {
        self.value = value
        self.place = place
        type = value["type"]?.string ?? "consumer_name"
        switch type {
        case "service_id": subject = service.map(\.celLiteral)
        case "route_id": subject = route.map(\.celLiteral)
        case "consumer_group_id": subject = "consumer.group"
        default: subject = "consumer.name"
        }
        isThere =
            switch type {
            case "service_id", "route_id": nil
            case "consumer_group_id": "consumer != null && has(consumer.group)"
            default: "consumer != null"
            }
    }

    var authorization: Authorization {
        guard let subject else { return Authorization(rules: [rule(.require, "false", missing)]) }
        var rules: [AuthorizationRule] = []
        if let names = value["blacklist"] {
            let guarded = isThere.map { "\($0) && " } ?? ""
            rules.append(rule(.deny, "\(guarded)\(subject) in \(names.text)", forbidden))
        }
        if let isThere { rules.append(rule(.require, isThere, missing)) }
        if let names = value["whitelist"] {
            rules.append(rule(.require, "\(subject) in \(names.text)", forbidden))
        } else {
            rules += methodRules(subject)
        }
        return Authorization(rules: rules)
    }

    /// Who is listed may use the methods that are listed beside him, and whoever is not may use all. Where there is a
    /// white list, it alone decides.
    private func methodRules(_ subject: String) -> [AuthorizationRule] {
        var users: Set<String> = []
        return (value["allowed_by_methods"]?.array ?? []).compactMap { entry in
            // Of several entries for one user the first counts.
            guard let user = entry["user"]?.string, users.insert(user).inserted else { return nil }
            let methods = (entry["methods"] ?? []).text
            return rule(.require, "\(subject) != \(user.celLiteral) || request.method in \(methods)", forbidden)
        }
    }

    private func rule(
        _ effect: AuthorizationRule.Effect, _ expression: String, _ answer: AuthorizationRule.Answer
    ) -> AuthorizationRule {
        AuthorizationRule(effect: effect, expression: expression, answer: answer, provenance: place)
    }

    private var missing: AuthorizationRule.Answer {
        AuthorizationRule.Answer(
            status: 401, message: "The request is rejected, please check the \(type) for this request")
    }

    private var forbidden: AuthorizationRule.Answer {
        AuthorizationRule.Answer(
            status: value["rejected_code"]?.integer ?? 403,
            message: value["rejected_msg"]?.string ?? "The \(type) is forbidden.")
    }
}
