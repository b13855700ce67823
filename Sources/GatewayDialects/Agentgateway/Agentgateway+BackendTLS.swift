import GatewayModel

extension AgentgatewayShapes {
    static let backendTLS = ObjectShape(
        "a backendTLS",
        [
            .optional(
                "root", .string,
                "A PEM file with the authorities that the backend's certificate must lead to. Read again when it "
                    + "changes. Default: those of the system."),
            .optional(
                "cert", .string,
                "A PEM file with the certificate that is shown to the backend, followed by those that sign it. Read "
                    + "again when it changes. Default: none is shown."),
            .optional("key", .string, "A PEM file with its private key. Read again when it changes."),
            .optional(
                "hostname", .string,
                "The name, or IP address, that the backend is asked for and that its certificate must be for. "
                    + "Default: the backend's `host`."),
            .optional(
                "insecure", .boolean,
                "Takes any certificate: whoever answers is taken for the backend. Default: false."),
            .optional("insecureHost", .boolean, "Takes a certificate for any name. Default: false."),
            .optional(
                "alpn", .list(of: .choice(applicationProtocols)),
                "What may be spoken with the backend (ALPN): `h2` alone is HTTP/2 for all requests but WebSockets, `http/1.1` "
                    + "alone is HTTP/1.1. Of both, calls of gRPC go by HTTP/2 and other requests by HTTP/1.1, which is the "
                    + "default; a connection offers the one it is for. `http.version` of the backend chooses among them."
            ),
        ],
        notOffered: ["subjectAltNames", "keyExchangeGroups", "spiffe"])
}

extension AgentgatewayDecoder {
    func backendTLS(_ reader: MappingReader) -> BackendTLS {
        let takesAny = reader.boolean("insecure") ?? false
        let takesAnyName = reader.boolean("insecureHost") ?? false
        if takesAny || takesAnyName, let node = reader.node(takesAny ? "insecure" : "insecureHost") {
            findings.warning(
                "backend_unverified",
                takesAny
                    ? "whoever answers is taken for the backend, and is sent what requests hold"
                    : "a certificate for any name is taken: every server of the authority passes for the backend",
                at: node.provenance,
                hint: takesAny ? "name the backend's authority in `root`" : "name the backend in `hostname`")
        }
        return BackendTLS(
            rootsFile: reader.file("root"), identity: clientIdentity(reader), serverName: serverName(reader),
            verification: takesAny ? .nothing : takesAnyName ? .anyName : .full, offered: offeredVersion(reader),
            provenance: reader.place)
    }

    private func offeredVersion(_ reader: MappingReader) -> BackendVersion? {
        let items = reader.nonEmptyItems("alpn", hint: "remove it to offer what requests need") ?? []
        let names = Set(items.compactMap { $0.choice(AgentgatewayShapes.applicationProtocols, findings) })
        return names.isEmpty ? nil : names.count > 1 ? .byRequest : names == ["h2"] ? .http2 : .http1
    }

    private func clientIdentity(_ reader: MappingReader) -> BackendTLS.Identity? {
        let (certificate, key) = (reader.file("cert"), reader.file("key"))
        if let certificate, let key { return .init(certificateFile: certificate, keyFile: key) }
        if certificate != nil || key != nil {
            findings.error(
                "field_missing", "a certificate needs `cert` and `key`", at: reader.place,
                hint: "write both, or neither to show none")
        }
        return nil
    }

    private func serverName(_ reader: MappingReader) -> String? {
        guard let node = reader.node("hostname"), let text = node.text(findings) else { return nil }
        do {
            return try HostSyntax.endpointHost(text.contains("::") ? "[\(text)]" : text[...])
        } catch {
            findings.error(
                "host_invalid", "`hostname` has to be a name or an IP address, found `\(text)`", at: node.provenance,
                hint: "write it without a scheme, port or brackets")
            return nil
        }
    }
}
