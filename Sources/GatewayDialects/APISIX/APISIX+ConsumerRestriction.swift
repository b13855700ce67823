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
    /// What the lists are about, in CEL.
    private let subject: String
    /// Whether a request has it, in CEL.
    private let isThere: String
    private let place: Provenance

    init(_ value: JSONTree, at place: Provenance) {
        self.value = value
        self.place = place
        type = value["type"]?.string ?? "consumer_name"
        (subject, isThere) =
            switch type {
            case "service_id": ("service.id", "has(service.id)")
            case "route_id": ("route.id", "has(route.id)")
            case "consumer_group_id": ("consumer.group", "consumer != null && has(consumer.group)")
            default: ("consumer.name", "consumer != null")
            }
    }

    /// Whether the route has to be chosen before.
    var asksForRoute: Bool { type == "service_id" || type == "route_id" }

    var authorization: Authorization {
        var rules: [AuthorizationRule] = []
        if let names = value["blacklist"] {
            rules.append(rule(.deny, "\(isThere) && \(subject) in \(names.text)", forbidden))
        }
        rules.append(rule(.require, isThere, missing))
        if let names = value["whitelist"] {
            rules.append(rule(.require, "\(subject) in \(names.text)", forbidden))
        } else {
            rules += methodRules
        }
        return Authorization(rules: rules)
    }

    /// Who is listed may use the methods that are listed beside him, and whoever is not may use all. Where there is a
    /// white list, it alone decides.
    private var methodRules: [AuthorizationRule] {
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
