internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let limitCount = APISIXPlugin(
        name: "limit-count", priority: 1002, isAuthentication: false,
        schema: .object(
            .init([
                ("count", amount), ("time_window", amount),
                (
                    "window_type",
                    .string(.init(choices: ["fixed", "sliding"], offered: ["fixed"], default: "fixed"))
                ),
                (
                    "rules",
                    .array(
                        of: .object(
                            .init(
                                [
                                    ("count", amount), ("time_window", amount), ("key", .string()),
                                    ("header_prefix", .string(.init(Patterns.fieldName))),
                                ], required: ["count", "time_window", "key"])))
                ), ("group", .string()), ("key", .string(.init(default: "remote_addr"))),
                (
                    "key_type",
                    .string(.init(choices: ["var", "var_combination", "constant"], default: "var"))
                ), ("rejected_code", .integer(min: 200, max: 599, default: 503)),
                ("rejected_msg", .string(.init(min: 1))),
                (
                    "policy",
                    .string(
                        .init(
                            choices: ["local", "redis", "redis-cluster", "redis-sentinel"], offered: ["local"],
                            default: "local"))
                ), ("allow_degradation", .boolean(default: false)),
                ("show_limit_quota_header", .boolean(default: true)),
            ])),
        check: LimitCount.problem)

    private static let amount = APISIXSchema.one([.integer(min: 1), .string()])
}

/// `limit-count` at one place.
struct LimitCount {
    private let value: JSONTree
    private let variables: APISIXVariables
    private let place: Provenance
    /// What counts together where no group is named.
    private let owner: String

    init(_ value: JSONTree, of owner: APISIXDocument, _ variables: APISIXVariables, at place: Provenance) {
        self.value = value
        self.variables = variables
        self.place = place
        self.owner = owner.key
    }

    /// A number that is written down; nil for variables.
    private static func amount(_ value: JSONTree?) -> Int? {
        (value?.integer ?? value?.string.flatMap { Int($0) }).flatMap { $0 > 0 ? $0 : nil }
    }

    // MARK: - What the schema can't say

    static func problem(_ value: JSONTree) -> String? {
        let hasAmounts = value["count"] != nil || value["time_window"] != nil
        guard let rules = value["rules"]?.array else {
            guard value["count"] != nil, value["time_window"] != nil else {
                return "value should match only one schema, but matches none"
            }
            return amountProblem(value)
        }
        if hasAmounts { return "count/time_window and rules cannot be specified at the same time" }
        if value["group"] != nil { return "group and rules cannot be specified at the same time" }
        var (keys, prefixes): (Set<String>, Set<String>) = ([], [])
        for (index, rule) in rules.enumerated() {
            if let problem = amountProblem(rule) {
                return "property \"rules\" validation failed: failed to validate item \(index + 1): \(problem)"
            }
            let key = rule["key"]?.string ?? ""
            if !keys.insert(key).inserted { return "duplicate key '\(key)' in rules" }
            let prefix = quotaPrefix(rule, index)
            if !prefixes.insert(prefix.lowercased()).inserted {
                return "duplicate header_prefix '\(prefix)' in rules: an answer would tell two quotas by one name "
                    + "(a rule without header_prefix has its number)"
            }
        }
        return nil
    }

    private static func quotaPrefix(_ rule: JSONTree, _ index: Int) -> String {
        rule["header_prefix"]?.string ?? "\(index + 1)"
    }

    private static func amountProblem(_ value: JSONTree) -> String? {
        for name in ["count", "time_window"] {
            let failed = "property \"\(name)\" validation failed: "
            guard let amount = amount(value[name]) else {
                let text = value[name]?.string ?? ""
                if !APISIXTemplate(text).isConstant { continue }
                return "\(failed)\(JSONTree.string(text).text) is no number above zero, nor a variable"
            }
            if amount > RateLimit.maxAmount {
                return "\(failed)expected \(amount) to be at most \(RateLimit.maxAmount)"
            }
        }
        return nil
    }

    // MARK: - What it means

    var limits: [RateLimit] {
        guard let rules = value["rules"]?.array else { return [limit(value, key: key)] }
        return rules.enumerated().map { index, rule in
            let key = APISIXTemplate(rule["key"]?.string ?? "")
            var limit = limit(rule, key: key.expression(variables))
            limit.condition = Expression(key.presence(variables), at: place)
            limit.quotaPrefix = Self.quotaPrefix(rule, index)
            return limit
        }
    }

    /// Of rules, one has to be about the request.
    var required: Expression? {
        guard let rules = value["rules"]?.array, !isLenient else { return nil }
        let tests = rules.map { "(\(APISIXTemplate($0["key"]?.string ?? "").presence(variables)))" }
        return Expression(tests.isEmpty ? "false" : tests.joined(separator: " || "), at: place)
    }

    private var isLenient: Bool { value["allow_degradation"]?.boolean == true }

    private func limit(_ amounts: JSONTree, key: String?) -> RateLimit {
        let (count, seconds) = (Self.amount(amounts["count"]), Self.amount(amounts["time_window"]))
        let stated = RateLimit.Stated(
            maxTokens: count == nil ? stated(amounts["count"]) : nil,
            seconds: seconds == nil ? stated(amounts["time_window"]) : nil, isOptional: isLenient)
        return RateLimit(
            maxTokens: count ?? 1, tokensPerFill: count ?? 1, fillInterval: .seconds(seconds ?? 1),
            key: key.map { Expression($0, at: place) }, maxKeys: RateLimit.defaultMaxKeys, condition: nil,
            measure: .window,
            group: value["group"]?.string.map { "group \($0)" } ?? owner,
            quota: value["show_limit_quota_header"]?.boolean == false ? .never : .always,
            stated: count == nil || seconds == nil ? stated : nil,
            answer: AuthorizationRule.Answer(
                status: value["rejected_code"]?.integer ?? 503, message: value["rejected_msg"]?.string))
    }

    private func stated(_ value: JSONTree?) -> Expression {
        Expression("int(\(APISIXTemplate(value?.string ?? "").expression(variables)))", at: place)
    }

    /// A request that has none of the variables is told apart by its address; nil: all requests count together.
    private var key: String? {
        let text = value["key"]?.string ?? "remote_addr"
        switch value["key_type"]?.string {
        case "constant": return nil
        case "var_combination":
            let template = APISIXTemplate(text)
            let whole = template.expression(variables)
            return "(\(template.presence(variables))) ? \(whole) : source.address"
        default: return variables.expression(text).map { "default(\($0), source.address)" } ?? "source.address"
        }
    }
}

extension APISIXDecoder {
    /// Limits of one group have to be alike, whether anything uses them or not.
    mutating func checkLimitGroups() {
        var known: [String: JSONTree] = [:]
        for kind in APISIXKind.allCases {
            for document in documents[kind] ?? [] where !isolated.contains(document.key) {
                guard let group = document.limitGroup, let limit = document.value["plugins"]?["limit-count"] else {
                    continue
                }
                if known.updateValue(known[group] ?? limit, forKey: group).map({ $0 != limit }) ?? false {
                    diagnostics.append(
                        Diagnostic(
                            .error, "limit_group_mismatched",
                            "\(APISIXPlugin.failedCheck) limit-count err: group conf mismatched",
                            at: document.provenance))
                }
            }
        }
    }
}

extension APISIXDocument {
    /// The group that its limit counts in; nil where it has none.
    var limitGroup: String? { value["plugins"]?["limit-count"]?["group"]?.string }
}
