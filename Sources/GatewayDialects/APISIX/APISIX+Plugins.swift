internal import Bytes
internal import GatewayModel

extension APISIXDecoder {
    /// Where plugins run.
    struct PluginPlace {
        var scope: Attachment.Scope
        var phase: Attachment.Phase
        var variables: APISIXVariables
        var provenance: Provenance
    }

    /// One plugin of a place: of each name there is one.
    struct HeldPlugin {
        var value: JSONTree
        /// The document that it stands in.
        var owner: APISIXDocument
    }

    /// Attaches what the plugins of a route mean: of each name the most specific one holds, whole.
    ///
    /// - Parameter authority: the Host that the upstream says it wants; nil: it does not mind.
    /// - Returns: whether one of them answers every request.
    mutating func attachPlugins(
        of route: APISIXDocument, service: APISIXDocument?, authority: URLChange.Authority?, at place: PluginPlace
    ) -> Bool {
        let shared = document(.pluginConfig, route.value["plugin_config_id"])
        let plugins = Self.held([service, shared, route].compactMap(\.self))
        attachGuards(plugins, at: place)
        attachTraffic(plugins, behind: globalPlugins, authority: authority, at: place)
        return plugins["mocking"] != nil
    }

    /// Attaches the plugins of global rules: those that say who may pass before a route is chosen, the others for all
    /// routes, a route's own after them.
    mutating func globalRules(for listener: ListenerID) {
        let rules = (documents[.globalRule] ?? []).filter { !isolated.contains($0.key) }
        guard let last = rules.last else { return }
        globalPlugins = Self.held(rules)
        var place = PluginPlace(
            scope: .listener(listener), phase: .gateway, variables: APISIXVariables(), provenance: last.provenance)
        attachGuards(globalPlugins, at: place)
        place.phase = .route
        attachTraffic(globalPlugins, behind: [:], authority: nil, at: place)
    }

    /// The plugins that are on, of later documents before those of earlier ones.
    private static func held(_ owners: [APISIXDocument]) -> [String: HeldPlugin] {
        var held: [String: HeldPlugin] = [:]
        for owner in owners {
            for (name, value) in owner.value["plugins"]?.object?.entries ?? [] {
                held[name] = HeldPlugin(value: value, owner: owner)
            }
        }
        return held.filter { $0.value.value["_meta"]?["disable"]?.boolean != true }
    }

    /// Who a request is of, and who may pass.
    private mutating func attachGuards(_ plugins: [String: HeldPlugin], at place: PluginPlace) {
        if let plugin = plugins["openid-connect"], let policy = openIDConnect(plugin.value, at: place.provenance) {
            attach(.jwtAuthentication(policy), at: place)
        }
        let steps = APISIXPlugin.all.filter(\.isAuthentication).compactMap { plugin in
            plugins[plugin.name].flatMap { step(plugin, $0.value, at: place.provenance) }
        }
        if !steps.isEmpty { attach(.consumerAuthentication(ConsumerAuthentication(steps: steps)), at: place) }
        if let plugin = plugins["ip-restriction"] {
            attach(.authorization(Self.ipRestriction(plugin.value, at: place.provenance)), at: place)
        }
        if let plugin = plugins["consumer-restriction"] {
            let restriction = ConsumerRestriction(plugin.value, at: place.provenance)
            var place = place
            // A global rule about routes holds once there is one.
            if restriction.asksForRoute { place.phase = .route }
            attach(.authorization(restriction.authorization), at: place)
        }
    }

    /// What becomes of requests that may pass, and of their answers.
    ///
    /// - Parameter outer: plugins that run before these; what they do is done here, too, where these do the like.
    private mutating func attachTraffic(
        _ plugins: [String: HeldPlugin], behind outer: [String: HeldPlugin], authority: URLChange.Authority?,
        at place: PluginPlace
    ) {
        if let plugin = plugins["request-id"] {
            let policy = Self.requestID(plugin, behind: outer["request-id"], at: place.provenance)
            attach(.requestID(policy), at: place)
        }
        let limits = [outer["limit-count"], plugins["limit-count"]].compactMap(\.self)
        if plugins["limit-count"] != nil {
            let counts = limits.map { LimitCount($0.value, of: $0.owner, place.variables, at: place.provenance) }
            let policy = LocalRateLimit(
                limits: counts.flatMap(\.limits), isFirstMatch: false, required: counts.compactMap(\.required))
            attach(.rateLimit(policy), at: place)
        }
        if let plugin = plugins["cors"] { attach(.cors(Self.cors(plugin.value)), at: place) }
        if outer["redirect"] == nil, let plugin = plugins["redirect"],
            let redirect = Self.redirect(plugin.value, place.variables, at: place.provenance)
        {
            attach(.requestRedirect(redirect), at: place)
        }
        let responses = [outer["response-rewrite"], plugins["response-rewrite"]].compactMap(\.self).compactMap {
            ResponseRewrite.change($0.value, place.variables, at: place.provenance)
        }
        if outer["mocking"] == nil, let plugin = plugins["mocking"] {
            let mocking = Mocking(value: plugin.value, variables: place.variables, place: place.provenance)
            if let delay = mocking.delay { attach(.delay(delay), at: place) }
            attach(.directResponse(mocking.response), at: place)
            attachChanges(request: [], response: plugins["response-rewrite"] == nil ? [] : responses, at: place)
            return
        }
        let rewrites = [outer["proxy-rewrite"], plugins["proxy-rewrite"]].compactMap(\.self).map {
            ProxyRewrite($0.value, place.variables, at: place.provenance)
        }
        attach(rewrites, isOwn: plugins["proxy-rewrite"] != nil, authority: authority, at: place)
        // Both plugins' headers are one policy, and a route's hides that of global rules.
        guard plugins["proxy-rewrite"] != nil || plugins["response-rewrite"] != nil else { return }
        // A consumer's takes the place of that part of a route's alone.
        let isOverlay = if case .overlay = place.scope { true } else { false }
        attachChanges(
            request: isOverlay && plugins["proxy-rewrite"] == nil ? [] : rewrites.compactMap(\.fields),
            response: isOverlay && plugins["response-rewrite"] == nil ? [] : responses, at: place)
    }

    private mutating func attachChanges(
        request: [Transformation.Change], response: [Transformation.Change], at place: PluginPlace
    ) {
        if request.isEmpty, response.isEmpty { return }
        let choice = Transformation.Choice(
            condition: nil, request: Self.joined(request), response: response)
        attach(.transformation(Transformation(choices: [choice])), at: place)
    }

    private static func joined(_ changes: [Transformation.Change]) -> Transformation.Change? {
        changes.reduce(nil) { $0?.followed(by: $1) ?? $1 }
    }

    private mutating func attach(
        _ rewrites: [ProxyRewrite], isOwn: Bool, authority: URLChange.Authority?, at place: PluginPlace
    ) {
        guard isOwn || authority != nil else { return }
        let change = URLChange(
            authority: authority ?? rewrites.compactMap(\.host).last.map { .full($0) } ?? .asReceived,
            path: rewrites.compactMap(\.path).last ?? .asReceived)
        if change != URLChange(authority: .asReceived, path: .asReceived) { attach(.urlRewrite(change), at: place) }
    }

    mutating func attach(_ policy: Policy, at place: PluginPlace) {
        attachments.append(
            Attachment(scope: place.scope, phase: place.phase, policy: policy, provenance: place.provenance))
    }

    private mutating func step(_ plugin: APISIXPlugin, _ value: JSONTree, at place: Provenance) -> ConsumerStep? {
        let choices: [(name: String, value: JSONTree)] =
            plugin.name == "multi-auth"
            ? value["auth_plugins"]?.array?.flatMap { $0.object?.entries ?? [] } ?? [] : [(plugin.name, value)]
        for choice in choices where choice.name == "hmac-auth" { warn(ofUncovered: choice.value, at: place) }
        let schemes = choices.compactMap { Self.scheme($0.name, $0.value) }
        guard !schemes.isEmpty else { return nil }
        // Of several that of the last, whose challenge a refused client gets.
        let realm = choices.last.flatMap { $0.value["realm"]?.string ?? Self.realms[$0.name] } ?? "jwt"
        return ConsumerStep(
            schemes: schemes, anonymousConsumer: choices.compactMap { $0.value["anonymous_consumer"]?.string }.first,
            realm: realm, provenance: place)
    }

    private static let realms = ["jwt-auth": "jwt", "key-auth": "key", "basic-auth": "basic", "hmac-auth": "hmac"]

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
        let group = document.value["group_id"]
        return Consumer(
            name: document.id, customID: document.value["labels"]?["custom_id"]?.string, group: group?.identifier,
            lacksGroup: group != nil && self.document(.consumerGroup, group) == nil, credentials: own + others,
            overlay: overlay(of: document), provenance: document.provenance)
    }

    /// The plugins of a consumer and its group that do something for its requests; nil where there are none.
    private mutating func overlay(of consumer: APISIXDocument) -> OverlayID? {
        let group = document(.consumerGroup, consumer.value["group_id"])
        let plugins = Self.held([group, consumer].compactMap(\.self)).filter {
            APISIXPlugin.named($0.key)?.isAuthentication == false
        }
        guard !plugins.isEmpty else { return nil }
        // Consumers without plugins of their own share those of their group.
        let isOwn = plugins.values.contains { $0.owner.key == consumer.key }
        let owner = isOwn ? consumer : group ?? consumer
        let id = OverlayID(owner.key)
        guard overlays.insert(id).inserted else { return id }
        let place = PluginPlace(
            scope: .overlay(id), phase: .route, variables: APISIXVariables(), provenance: owner.provenance)
        attachGuards(plugins, at: place)
        attachTraffic(plugins, behind: globalPlugins, authority: nil, at: place)
        return id
    }

    private mutating func credentials(_ value: JSONTree, id: String?, at place: Provenance) -> [Credential] {
        var found: [Credential] = []
        for (name, value) in value["plugins"]?.object?.entries ?? [] {
            guard let known = resolved(name, value, at: place), let proof = Self.proof(name, known) else { continue }
            found.append(Credential(id: id, proof: proof, provenance: place))
        }
        return found
    }

    /// A consumer's form of a plugin with secrets in the place of references to them; nil, and a warning, where one
    /// leads to none: whoever would prove who it is by it does not.
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

extension Transformation.Change {
    /// All of these changes, and then those.
    fileprivate func followed(by next: Transformation.Change) -> Transformation.Change {
        Transformation.Change(
            add: add + next.add, set: set.filter { field in !next.set.contains { $0.name == field.name } } + next.set,
            remove: remove + next.remove, replace: nil, body: next.body ?? body, metadata: [])
    }
}
