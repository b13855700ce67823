internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let limitCount = APISIXPlugin(
        name: "limit-count", priority: 1002, isAuthentication: false,
        schema: .object(
            .init(
                [
                    ("count", amount), ("time_window", amount),
                    ("rules", .notOffered("a place has one limit: write `count` and `time_window`")),
                    ("group", .string()), ("key", .string(.init(default: "remote_addr"))),
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
                ], required: ["count", "time_window"])),
        check: { value in
            for name in ["count", "time_window"] {
                guard let amount = LimitCount.amount(value[name]) else {
                    return
                        "property \"\(name)\" validation failed: variables in it are part of APISIX and not offered in "
                        + "this version; write a number"
                }
                if amount > LimitCount.maxAmount {
                    return "property \"\(name)\" validation failed: expected \(amount) to be at most "
                        + "\(LimitCount.maxAmount)"
                }
            }
            return nil
        })

    private static let amount = APISIXSchema.one([.integer(min: 1), .string()])
}

/// `limit-count` at one place.
struct LimitCount {
    private let value: JSONTree
    private let variables: APISIXVariables
    private let place: Provenance
    /// What counts together where no group is named.
    private let owner: String

    /// What a counter holds.
    static let maxAmount = 1 << 24 - 1

    init(_ value: JSONTree, of owner: APISIXDocument, _ variables: APISIXVariables, at place: Provenance) {
        self.value = value
        self.variables = variables
        self.place = place
        self.owner = owner.key
    }

    /// Nil for what is no number above zero.
    static func amount(_ value: JSONTree?) -> Int? {
        (value?.integer ?? value?.string.flatMap { Int($0) }).flatMap { $0 > 0 ? $0 : nil }
    }

    var limit: RateLimit {
        let count = Self.amount(value["count"]) ?? 1
        return RateLimit(
            maxTokens: count, tokensPerFill: count, fillInterval: .seconds(Self.amount(value["time_window"]) ?? 1),
            key: key.map { Expression($0, at: place) }, maxKeys: 8192, condition: nil, measure: .window,
            group: value["group"]?.string.map { "group \($0)" } ?? owner,
            quota: value["show_limit_quota_header"]?.boolean == false ? .never : .always,
            answer: AuthorizationRule.Answer(
                status: value["rejected_code"]?.integer ?? 503, message: value["rejected_msg"]?.string))
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
