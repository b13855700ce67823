internal import GatewayModel

extension AgentgatewayShapes {
    static let adminAPI = ObjectShape(
        "the Admin API",
        [
            .ours(
                "listen", .string,
                "Where the API is: `ip:port` or `localhost:port`. Default: `127.0.0.1:7443`, with `plain` "
                    + "`127.0.0.1:9180`."),
            .ours("plain", .boolean, "Serve it without TLS, as Apache APISIX does. Default: false."),
            .ours(
                "data", .string,
                "The folder its documents are stored in, with its key and certificate. A relative path starts at the "
                    + "folder the process runs in. Default: that of `--data`."),
            .ours(
                "keyFile", .string,
                "The file of its keys: a key, or lines of `name admin|viewer key [gateway group]`. Default: the variable "
                    + "`TOLLGATE_ADMIN_KEY`, or a key that is made and kept in `data`."),
            .ours("secretsDir", .string, "The folder of the secrets that documents refer to as `$secret://path`."),
            .ours(
                "storeKeyFile", .string,
                "The file of the key that stored documents are encrypted by, outside `data`: 32 bytes or more."),
            .ours(
                "maskSecrets", .boolean,
                "Hide secrets in answers from admins, too; viewers never see any. Default: false."),
            .ours(
                "gatewayGroups", .list(of: .object(adminGroup)),
                "Where gateway groups take their traffic, beside what their documents say. Default: `default` at "
                    + "`127.0.0.1:9080`."),
            .ours(
                "keepHistory", .integer(1...1_000_000_000),
                "How many of the latest revisions the store remembers the changes of."),
            .ours(
                "keepHistoryDays", .integer(1...36500),
                "For how many days it does. Default: however old they are."),
        ])

    static let adminGroup = ObjectShape(
        "a gateway group",
        [
            .ours("id", .string, "As `gateway_group_id` has it. Default: `default`."),
            .ours(
                "listen", .list(of: .string),
                "Its addresses: `ip:port` or `localhost:port`. The file has no listener there."),
        ])
}

extension AgentgatewayDecoder {
    mutating func adminAPI(_ config: MappingReader?) -> AdminSettings? {
        guard let reader = config?.mapping("admin") else { return nil }
        let isPlain = reader.boolean("plain") ?? false
        let standard = AdminSettings.standardAddress(isPlain: isPlain)
        return AdminSettings(
            address: reader.node("listen").map { ownAddress($0) ?? standard } ?? own(standard, at: reader.place),
            isPlain: isPlain, folder: path("data", reader), keyFile: path("keyFile", reader),
            secretsFolder: path("secretsDir", reader), storeKeyFile: path("storeKeyFile", reader),
            masksSecrets: reader.boolean("maskSecrets") ?? false, listen: groupListeners(reader),
            keptRevisions: reader.integer("keepHistory").map(Int64.init),
            keptDays: reader.integer("keepHistoryDays").map(Int64.init),
            place: .init(reader.place, address: reader.node("listen")?.provenance ?? reader.place))
    }

    private func path(_ name: String, _ reader: MappingReader) -> NamedPath? {
        reader.node(name).flatMap { node in node.name(findings).map { NamedPath($0, at: node.provenance) } }
    }

    private mutating func groupListeners(_ reader: MappingReader) -> [String: [ListenAddress]] {
        guard let groups = reader.nonEmptyItems("gatewayGroups") else {
            return [GatewayGroup.standardID: [own(AdminSettings.standardListen, at: reader.place)]]
        }
        var listen: [String: [ListenAddress]] = [:]
        var first: [String: Provenance] = [:]
        for node in groups {
            guard let group = MappingReader(node, AgentgatewayShapes.adminGroup, findings: findings) else { continue }
            let id = group.name("id") ?? GatewayGroup.standardID
            if let place = first.updateValue(node.provenance, forKey: id) {
                findings.error(
                    "name_taken", "the gateway group `\(id)` is there already, at line \(place.line)",
                    at: node.provenance, hint: "write all of its addresses in one `listen`")
            }
            for address in group.nonEmptyItems("listen") ?? [] {
                if let address = ownAddress(address) { listen[id, default: []].append(address) }
            }
        }
        return listen
    }

    /// An address that the process listens on besides those of gateways and binds.
    private mutating func ownAddress(_ node: DocumentNode) -> ListenAddress? {
        guard let text = node.text(findings) else { return nil }
        guard let address = listenAddress(text),
            HostSyntax.isIPv4(address.host) || HostSyntax.isIPv6(address.host)
        else {
            findings.error(
                "address_invalid", "\(node.label) has to be `ip:port` or `localhost:port`, found `\(text)`",
                at: node.provenance, hint: "write `127.0.0.1:9080`")
            return nil
        }
        return own(address, at: node.provenance)
    }

    private mutating func own(_ address: ListenAddress, at place: Provenance) -> ListenAddress {
        ownAddresses.append((address, place))
        return address
    }
}
