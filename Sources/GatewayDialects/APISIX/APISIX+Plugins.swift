internal import Bytes
internal import GatewayModel

extension APISIXDecoder {
    /// Where plugins run.
    struct PluginPlace {
        var scope: Attachment.Scope
        var phase: Attachment.Phase
        /// Nil for a global rule.
        var route: String?
        var service: String?
        var provenance: Provenance
    }

    /// Attaches what the plugins of a route mean: of each name the most specific one holds, whole.
    mutating func plugins(of route: JSONTree, service: APISIXDocument?, route id: RouteID, at provenance: Provenance) {
        var merged: [String: JSONTree] = [:]
        let shared = document(.pluginConfig, route["plugin_config_id"])?.value
        for owner in [service?.value, shared, route].compactMap(\.self) {
            for (name, value) in owner["plugins"]?.object?.entries ?? [] { merged[name] = value }
        }
        attach(
            merged,
            at: PluginPlace(
                scope: .route(id), phase: .route, route: id.name, service: service?.id, provenance: provenance))
    }

    /// Attaches the plugins of a global rule, which run for every request before its route is chosen.
    mutating func globalRules(for listener: ListenerID) {
        var merged: [String: JSONTree] = [:]
        var place: Provenance?
        for rule in documents[.globalRule] ?? [] where !isolated.contains(rule.key) {
            for (name, value) in rule.value["plugins"]?.object?.entries ?? [] {
                merged[name] = value
                place = rule.provenance
            }
        }
        guard let place else { return }
        attach(
            merged,
            at: PluginPlace(scope: .listener(listener), phase: .gateway, route: nil, service: nil, provenance: place))
    }

    private mutating func attach(_ plugins: [String: JSONTree], at place: PluginPlace) {
        let plugins = plugins.filter { $0.value["_meta"]?["disable"]?.boolean != true }
        if let value = plugins["openid-connect"], let policy = openIDConnect(value, at: place.provenance) {
            attach(.jwtAuthentication(policy), at: place)
        }
        let steps = APISIXPlugin.all.filter(\.isAuthentication).compactMap { plugin in
            plugins[plugin.name].flatMap { step(plugin, $0, at: place.provenance) }
        }
        if !steps.isEmpty { attach(.consumerAuthentication(ConsumerAuthentication(steps: steps)), at: place) }
        if let value = plugins["consumer-restriction"] {
            let restriction = ConsumerRestriction(
                value, service: place.service, route: place.route, at: place.provenance)
            attach(.authorization(restriction.authorization), at: place)
        }
    }

    mutating func attach(_ policy: Policy, at place: PluginPlace) {
        attachments.append(
            Attachment(scope: place.scope, phase: place.phase, policy: policy, provenance: place.provenance))
    }

    private func step(_ plugin: APISIXPlugin, _ value: JSONTree, at place: Provenance) -> ConsumerStep? {
        let choices: [(name: String, value: JSONTree)] =
            plugin.name == "multi-auth"
            ? value["auth_plugins"]?.array?.flatMap { $0.object?.entries ?? [] } ?? [] : [(plugin.name, value)]
        let schemes = choices.compactMap { Self.scheme($0.name, $0.value) }
        guard !schemes.isEmpty else { return nil }
        let realm = value["realm"]?.string ?? Self.realms[plugin.name] ?? "jwt"
        return ConsumerStep(
            schemes: schemes, anonymousConsumer: choices.compactMap { $0.value["anonymous_consumer"]?.string }.first,
            realm: realm, provenance: place)
    }

    private static let realms = ["jwt-auth": "jwt", "key-auth": "key", "basic-auth": "basic"]

    // MARK: - Consumers

    mutating func consumer(_ document: APISIXDocument) -> Consumer {
        let prefix = "\(document.id)/credentials/"
        let own = credentials(document.value, id: nil, at: document.provenance)
        var others: [Credential] = []
        for credential in credentials[document.id] ?? [] where !isolated.contains(credential.key) {
            others += credentials(
                credential.value, id: String(credential.id.dropFirst(prefix.count)), at: credential.provenance)
        }
        for credential in own + others {
            if case .token(let token) = credential.proof, case .remote(let keys) = token.key {
                warn(ofHTTP: keys, at: credential.provenance)
            }
        }
        return Consumer(
            name: document.id, customID: document.value["labels"]?["custom_id"]?.string,
            group: document.value["group_id"]?.identifier, credentials: own + others, provenance: document.provenance)
    }

    private mutating func credentials(_ value: JSONTree, id: String?, at place: Provenance) -> [Credential] {
        var found: [Credential] = []
        for (name, value) in value["plugins"]?.object?.entries ?? [] {
            guard let known = resolved(name, value, at: place), let proof = Self.proof(name, known) else { continue }
            found.append(Credential(id: id, proof: proof, provenance: place))
        }
        return found
    }

    /// A consumer's form of a plugin with secrets in the place of references to them; nil, and a warning, where one leads
    /// to none: whoever would prove who it is by it does not.
    private mutating func resolved(_ name: String, _ value: JSONTree, at place: Provenance) -> JSONTree? {
        guard let plugin = APISIXPlugin.named(name), var members = value.object else { return value }
        var hasReference = false
        for member in plugin.secretMembers {
            // What is no reference was refused when it was written.
            guard let text = members[member]?.string, let written = try? SecretReference(text) else { continue }
            switch secrets(written) {
            case .success(let secret):
                members[member] = .string(secret)
                hasReference = true
            case .failure(let failure):
                diagnostics.append(
                    Diagnostic(
                        .warning, "secret_unresolved",
                        "`plugins.\(name).\(member)` leads to no secret, and nobody proves who it is by it: "
                            + failure.message, at: place))
                return nil
            }
        }
        guard hasReference else { return value }
        guard let problem = plugin.problem(.object(members), onConsumer: true) else { return .object(members) }
        diagnostics.append(
            Diagnostic(
                .warning, "secret_unresolved", "a secret of `plugins.\(name)` is none that it can have: \(problem)",
                at: place))
        return nil
    }
}
