internal import Bytes

/// What is wrong with one document in itself, in APISIX's words: nothing here looks at other documents.
package enum APISIXCheck {
    /// The message of the `400`, or nil.
    package static func problem(_ document: APISIXDocument) -> String? {
        let value = document.value
        if let problem = document.kind.schema.problem(value) {
            return "invalid configuration: \(problem)"
        }
        switch document.kind {
        case .route: return routeProblem(value) ?? upstreamProblem(value["upstream"]) ?? pluginsProblem(value)
        case .service: return hostsProblem(value) ?? upstreamProblem(value["upstream"]) ?? pluginsProblem(value)
        case .upstream: return upstreamProblem(value)
        case .consumer: return consumerProblem(value)
        case .credential: return credentialProblem(value)
        case .globalRule, .pluginConfig: return pluginsProblem(value)
        case .consumerGroup: return groupProblem(value)
        case .secret, .gatewayGroup: return nil
        }
    }

    /// Members of plugin objects that no one reads, as paths: APISIX keeps them and says nothing.
    static func unknownFields(_ document: APISIXDocument) -> [String] {
        return (document.value["plugins"]?.object?.entries ?? []).flatMap { name, value in
            (APISIXPlugin.named(name)?.unknownFields(value, onConsumer: document.isConsumers) ?? []).map {
                "plugins.\(name).\($0)"
            }
        }
    }

    private static func routeProblem(_ value: JSONTree) -> String? {
        if value["host"] != nil, value["hosts"] != nil { return "only one of host or hosts is allowed" }
        if let problem = hostsProblem(value) { return problem }
        let paths = ["uri", "uris", "paths"].filter { value[$0] != nil }
        if paths.count > 1 { return "only one of uri or uris is allowed" }
        guard !paths.isEmpty else {
            return "invalid configuration: object matches none of the required: [\"uri\"] or [\"uris\"]"
        }
        let targets = ["plugins", "upstream", "upstream_id", "service_id", "plugin_config_id"]
        guard targets.contains(where: { value[$0] != nil }) else {
            return "invalid configuration: object matches none of the required"
        }
        if value["remote_addr"] != nil, value["remote_addrs"] != nil {
            return "only one of remote_addr or remote_addrs is allowed"
        }
        return conditionProblem(value["vars"]).map { "failed to validate the 'vars' expression: \($0)" }
    }

    /// What is wrong with conditions; nil where nothing is, or there are none.
    static func conditionProblem(_ value: JSONTree?) -> String? {
        guard let value else { return nil }
        do throws(APISIXCondition.Problem) {
            _ = try APISIXCondition(value, APISIXVariables())
            return nil
        } catch {
            return error.message
        }
    }

    /// To APISIX `*a.com` is every name that ends so.
    private static func hostsProblem(_ value: JSONTree) -> String? {
        let hosts = value["hosts"]?.array?.compactMap(\.string) ?? [value["host"]?.string].compactMap(\.self)
        return hosts.first { $0.hasPrefix("*") && $0 != "*" && !$0.hasPrefix("*.") }.map { host in
            "invalid configuration: the host `\(host)` is not offered in this version; a `*` stands for whole labels: "
                + "`*.\(host.dropFirst())`"
        }
    }

    private static func pluginsProblem(_ value: JSONTree) -> String? {
        APISIXPlugin.problem(ofPlugins: value["plugins"], onConsumer: false)
    }

    static func upstreamProblem(_ value: JSONTree?) -> String? {
        guard let value else { return nil }
        if value["pass_host"]?.string == "rewrite", (value["upstream_host"]?.string ?? "").isEmpty {
            return "`upstream_host` can't be empty when `pass_host` is `rewrite`"
        }
        return hashProblem(value) ?? nodesProblem(value)
    }

    private static func hashProblem(_ value: JSONTree) -> String? {
        guard value["type"]?.string == "chash" else { return nil }
        let source = value["hash_on"]?.string ?? "vars"
        guard source != "consumer" else { return nil }
        guard let key = value["key"]?.string else { return "missing key" }
        let pattern: APISIXSchema.Pattern
        switch source {
        case "header", "cookie": pattern = Patterns.fieldName
        case "vars_combinations":
            return APISIXTemplate(key).isOffered
                ? nil : "invalid configuration: `key` names a variable that is not offered in this version"
        default: pattern = Patterns.hashVariable
        }
        guard pattern.matches(key) else {
            return "invalid configuration: failed to match pattern \"\(pattern.text)\" with \"\(key)\""
        }
        return source == "vars" && APISIXVariables().expression(key) == nil
            ? "invalid configuration: the variable `\(key)` is not offered in this version" : nil
    }

    private static func nodesProblem(_ value: JSONTree) -> String? {
        for node in value["nodes"]?.array ?? [] {
            if let host = node["host"]?.string, host.contains(":"), !host.hasPrefix("[") {
                return "invalid configuration: IPv6 address must be enclosed with '[' and ']'"
            }
        }
        return value["nodes"]?.object?.names.lazy.compactMap(nodeProblem).first.map { "invalid configuration: \($0)" }
    }

    /// APISIX takes any text and answers 502 by it later.
    private static func nodeProblem(_ address: String) -> String? {
        if address.contains("@") { return "a node has user information; write `host:port`" }
        let (host, port) = APISIXDecoder.split(address)
        if let port, !(1...65535).contains(port) { return "the port of the node `\(address)` is none from 1 to 65535" }
        let isNamed = !host.isEmpty && host.utf8.allSatisfy { $0 > ASCII.space && !"/?#".utf8.contains($0) }
        // Of an IPv6 address it is two at least.
        let hasOneColon = host.utf8.count { $0 == UInt8(ascii: ":") } == 1
        return isNamed && !hasOneColon ? nil : "the node `\(address)` is not `host:port`"
    }

    private static func consumerProblem(_ value: JSONTree) -> String? {
        (overlayProblem(value, of: "a consumer") ?? APISIXPlugin.problem(ofPlugins: value["plugins"], onConsumer: true))
            .map { "invalid plugins configuration: \($0)" }
    }

    private static func credentialProblem(_ value: JSONTree) -> String? {
        if let count = value["plugins"]?.object?.count, count > 1 {
            return "invalid configuration: property \"plugins\" validation failed: "
                + "expect object to have at most 1 properties"
        }
        if let problem = APISIXPlugin.problem(ofPlugins: value["plugins"], onConsumer: true) {
            return "invalid plugins configuration: \(problem)"
        }
        let isAuthentication =
            value["plugins"]?.object?.names.allSatisfy { APISIXPlugin.named($0)?.isAuthentication == true } ?? true
        return isAuthentication
            ? nil : "only supports auth type plugins in consumer credential"
    }

    private static func groupProblem(_ value: JSONTree) -> String? {
        overlayProblem(value, of: "a consumer group")
            ?? APISIXPlugin.problem(ofPlugins: value["plugins"], onConsumer: true)
    }

    /// What runs before it is known whose a request is can't be a consumer's.
    private static func overlayProblem(_ value: JSONTree, of place: String) -> String? {
        value["plugins"]?.object?.names.first { name in
            APISIXPlugin.named(name)?.isAuthentication == false && !APISIXPlugin.ofConsumers.contains(name)
        }.map { name in
            "plugin [\(name)] of \(place) is part of APISIX and not offered in this version; write it on the route"
        }
    }
}
