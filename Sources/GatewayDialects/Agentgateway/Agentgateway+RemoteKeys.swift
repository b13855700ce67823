import GatewayModel

extension AgentgatewayShapes {
    /// What goes with `url` and `discovery`.
    static let remoteKeys: [FieldShape] = [
        .ours(
            "allowHTTP", .boolean,
            "Whether keys may be fetched over `http`, where anyone on the way can replace them. Default: false."),
        .ours(
            "caFile", .string,
            "A PEM file of the authorities that the server's certificate must lead to. "
                + "Default: those the system trusts."),
        .ours(
            "headers", .list(of: .object(keyRequestHeader)),
            "Headers of the request. They go to the server named here, not to one that it leads to."),
        .ours("timeout", .duration, "How long a fetch may take, 100ms to 60s. Default: 10s."),
        .ours("maxBytes", .integer(1024...4_194_304), "Longer documents are refused. Default: 1048576."),
        .ours(
            "maxRedirects", .integer(0...10),
            "How many redirects are followed; never from `https` to `http` or back. Default: 3."),
        .ours(
            "refusePrivateAddresses", .boolean,
            "Whether a server is refused whose address is private, local or otherwise not of the public Internet. "
                + "Default: false."),
        .ours("refresh", .object(keyRefresh), "How long fetched keys are fresh."),
        .ours(
            "minRefetchInterval", .duration,
            "Tokens with unknown keys cause at most one fetch in this time, 100ms to 1h. Default: 10s."),
        .ours(
            "staleLimit", .duration,
            "How long keys that are no longer fresh are used while they can't be fetched, up to 30 days. "
                + "Default: 24h."),
    ]

    static let keyRequestHeader = ObjectShape(
        "a header",
        [
            .required("name", .string, "The header's name."),
            .required("value", .secret, "Its value; `$NAME` takes it from the environment."),
        ])

    static let keyRefresh = ObjectShape(
        "a refresh",
        [
            .ours("min", .duration, "The least time, whatever the server says, 100ms to 24h. Default: 60s."),
            .ours("max", .duration, "The most time, whatever the server says, up to 7 days. Default: 24h."),
            .ours("default", .duration, "The time where the server does not say. Default: 15m."),
        ])
}

extension AgentgatewayDecoder {
    func requestSettings(_ reader: MappingReader) -> RemoteRequestSettings {
        RemoteRequestSettings(
            caFile: reader.text("caFile"),
            headers: (reader.items("headers") ?? []).compactMap(keyRequestHeader),
            timeout: time("timeout", reader, .milliseconds(100)...(.seconds(60)), "100ms and 60s") ?? .seconds(10),
            maxBytes: reader.integer("maxBytes") ?? 1 << 20,
            maxRedirects: reader.integer("maxRedirects") ?? 3,
            allowsHTTP: reader.boolean("allowHTTP") ?? false,
            refusesPrivateAddresses: reader.boolean("refusePrivateAddresses") ?? false)
    }

    func refreshSettings(_ reader: MappingReader) -> RefreshSettings {
        let refresh = reader.mapping("refresh")
        let day = Duration.seconds(86400)
        var settings = RefreshSettings(
            shortest: .seconds(60), longest: day, usual: .seconds(900),
            minRefetchInterval: time(
                "minRefetchInterval", reader, .milliseconds(100)...(.seconds(3600)), "100ms and 1h")
                ?? .seconds(10),
            staleLimit: time("staleLimit", reader, .zero...(day * 30), "0s and 720h") ?? day)
        guard let refresh else { return settings }
        if let time = time("min", refresh, .milliseconds(100)...day, "100ms and 24h") { settings.shortest = time }
        if let time = time("max", refresh, .milliseconds(100)...(day * 7), "100ms and 168h") { settings.longest = time }
        if let time = time("default", refresh, .milliseconds(100)...(day * 7), "100ms and 168h") {
            settings.usual = time
        }
        guard settings.shortest <= settings.longest else {
            findings.error(
                "out_of_range", "`min` of `refresh` is longer than its `max`", at: refresh.place,
                hint: "`min` is 60s and `max` is 24h unless they are written")
            return settings
        }
        settings.usual = min(max(settings.usual, settings.shortest), settings.longest)
        return settings
    }

    private func time(
        _ name: String, _ reader: MappingReader, _ range: ClosedRange<Duration>, _ bounds: String
    ) -> Duration? {
        guard let node = reader.node(name), let time = node.duration(findings) else { return nil }
        guard range.contains(time) else {
            findings.error("out_of_range", "`\(name)` has to be between \(bounds)", at: node.provenance)
            return nil
        }
        return time
    }

    /// What the gateway itself writes, or what would change how the request is framed, is nobody else's to set.
    private static var reservedHeaders: Set<String> {
        ["host", "connection", "content-length", "transfer-encoding", "if-none-match", "te", "upgrade", "trailer"]
    }

    private func keyRequestHeader(_ node: DocumentNode) -> RemoteRequestSettings.Header? {
        guard let reader = MappingReader(node, AgentgatewayShapes.keyRequestHeader, findings: findings),
            let name = reader.text("name"), let value = reader.text("value")
        else { return nil }
        let isToken = name.utf8.allSatisfy { byte in
            (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        guard isToken, !Self.reservedHeaders.contains(name.lowercased()) else {
            findings.error("header_invalid", "`\(name)` is not a header to set here", at: reader.place)
            return nil
        }
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            findings.error("header_invalid", "the value of `\(name)` holds a control character", at: reader.place)
            return nil
        }
        return .init(name: name, value: value)
    }
}

extension AgentgatewayDecoder {
    func url(_ text: String, _ node: DocumentNode) -> HTTPURL? {
        do {
            return try HTTPURL(text)
        } catch {
            findings.error("url_invalid", "\(node.label) \(error.message)", at: node.provenance, hint: Self.hint(text))
            return nil
        }
    }

    private static func hint(_ text: String) -> String? {
        guard let separator = text.firstRange(of: "://"),
            text[separator.upperBound...].prefix(while: { $0 != "/" }).contains("@")
        else { return nil }
        return "credentials go into `headers`"
    }

    func discovery(_ text: String, _ node: DocumentNode, issuers: [String]) -> RemoteKeys.Place? {
        if issuers.count > 1 {
            findings.error(
                "several_issuers", "metadata is of one issuer, and there are several", at: node.provenance,
                hint: "give each of them a provider of its own")
            return nil
        }
        let issuer = issuers.first
        if text.contains("://") {
            guard let url = url(text, node), let issuer else { return nil }
            return .metadata(url, issuer: issuer)
        }
        guard let form = node.choice(["oidc", "oauth"], findings), let issuer else { return nil }
        do throws(HTTPURL.Problem) {
            let url = try HTTPURL(issuer)
            guard !url.target.contains("?") else { throw HTTPURL.Problem.query }
            let path = url.target.hasSuffix("/") ? String(url.target.dropLast()) : url.target
            let target =
                form == "oidc"
                ? "\(path)/.well-known/openid-configuration" : "/.well-known/oauth-authorization-server\(path)"
            return .metadata(try url.resolving(target), issuer: issuer)
        } catch {
            findings.error(
                "url_invalid", "the issuer `\(issuer)` \(error.message), so its metadata can't be found",
                at: node.provenance, hint: "write the URL of the metadata: discovery: https://...")
            return nil
        }
    }

    func checkScheme(_ url: HTTPURL, _ request: RemoteRequestSettings, _ node: DocumentNode) {
        guard url.scheme == .http else { return }
        if request.allowsHTTP {
            findings.warning(
                "insecure_url", "keys fetched over http can be replaced by anyone on the way", at: node.provenance,
                hint: "use https, with `caFile` where the authority is your own")
        } else {
            findings.error(
                "insecure_url", "keys are fetched over https only", at: node.provenance,
                hint: "use https, with `caFile` where the authority is your own; "
                    + "`allowHTTP: true` takes http all the same")
        }
    }

    /// Fields that say nothing about a file.
    func reportRemoteFields(_ reader: MappingReader) {
        for field in AgentgatewayShapes.remoteKeys {
            guard let entry = reader.entry(field.name) else { continue }
            findings.error(
                "field_unused", "`\(field.name)` goes with `url` or `discovery`, not with `file`",
                at: entry.keyProvenance)
        }
    }

    /// Shared secrets come from a document somebody wrote or a file, never from the network.
    func checkAlgorithms(_ sources: [KeySource], _ algorithms: [String]?, at place: Provenance) {
        let areFetched = sources.allSatisfy { if case .remote = $0.origin { true } else { false } }
        guard !sources.isEmpty, areFetched, let secret = algorithms?.first(where: { $0.hasPrefix("HS") }) else {
            return
        }
        findings.error(
            "secret_from_remote", "`\(secret)` needs a shared secret, and those are never fetched", at: place,
            hint: "remove it from `algorithms`, or keep the secret in a `file`")
    }
}
