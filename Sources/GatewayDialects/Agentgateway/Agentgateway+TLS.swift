import GatewayModel

extension AgentgatewayShapes {
    static let tls = ObjectShape(
        "a tls",
        [
            .optional(
                "cert", .string,
                "A PEM file with the server's certificate, followed by those that sign it. Read again when it changes."),
            .optional(
                "key", .string, "A PEM file with the certificate's private key. Read again when it changes."),
            .optional(
                "root", .string,
                "A PEM file with certificates: clients must show one that one of these has signed. What it says of them "
                    + "is there for expressions, as `source.subjectCn` and its like. Read again when it changes, which ends "
                    + "the connections that were verified by what it was. "
                    + "Default: clients are not asked."),
            .optional(
                "minTLSVersion", tlsVersions,
                "The oldest version spoken. Default: that of `frontendPolicies.tls`, else `TLS_V1_2`."),
            .optional(
                "maxTLSVersion", tlsVersions,
                "The newest version spoken. Default: that of `frontendPolicies.tls`, else `TLS_V1_3`."),
            .optional("minTlsVersion", tlsVersions, "Another spelling of `minTLSVersion`."),
            .optional("maxTlsVersion", tlsVersions, "Another spelling of `maxTLSVersion`."),
            .optional(
                "cipherSuites", .list(of: .choice(cipherSuites)),
                "The suites of TLS 1.2, by their names in the IANA registry, the preferred one first; a client that names "
                    + "ChaCha20 first gets it where it is among them. TLS 1.3 has its own three, always. "
                    + "Default: those of `frontendPolicies.tls`, else all that are offered."),
            .optional(
                "mode", .choice(["static"], notOffered: ["dynamicCa"]),
                "Where certificates come from. Only `static`, which is the default."),
        ],
        notOffered: ["spiffe", "keyExchangeGroups"])

    static let tlsVersions = FieldShape.Kind.choice(
        ["TLS_V1_2", "TLS_V1_3"], notOffered: ["TLS_V1_0", "TLS_V1_1"])

    /// Names of ALPN (RFC 7301), the preferred one first.
    static let applicationProtocols = ["h2", "http/1.1"]

    /// Forward secret and authenticated encryption; nothing else is offered.
    static let cipherSuites = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
}

/// Versions, suites and protocols.
struct SpokenTLS {
    var minimum = TLSVersion.tls12
    var maximum = TLSVersion.tls13
    var suites = AgentgatewayShapes.cipherSuites
    var protocols = AgentgatewayShapes.applicationProtocols
}

extension AgentgatewayDecoder {
    /// What is spoken below HTTP: `protocol` and `tls` of a listener together.
    func security(_ listener: MappingReader) -> ListenerSecurity {
        let named = listener.choice("protocol")
        guard let tls = listener.mapping("tls") else {
            guard named == "HTTPS" else { return .plain }
            findings.error(
                "field_missing", "a listener with `protocol: HTTPS` needs a certificate", at: listener.place,
                hint: "add `tls: {cert: server.pem, key: server-key.pem}`")
            return .tls(Self.unreadableTermination(at: listener.place))
        }
        if named == "HTTP", let node = listener.node("protocol") {
            findings.error(
                "field_conflict", "`protocol: HTTP` and `tls` exclude each other", at: node.provenance,
                hint: "write `protocol: HTTPS`, or leave it out")
        }
        return .tls(termination(tls) ?? Self.unreadableTermination(at: tls.place))
    }

    /// What a listener has whose `tls` could not be read: it is not plain text, and has nothing to show.
    private static func unreadableTermination(at place: Provenance) -> TLSTermination {
        TLSTermination(
            certificateFile: NamedFile("", at: place), keyFile: NamedFile("", at: place), clients: .notAsked,
            minimumVersion: .tls12, maximumVersion: .tls13,
            cipherSuites: AgentgatewayShapes.cipherSuites, protocols: AgentgatewayShapes.applicationProtocols,
            provenance: place)
    }

    private func termination(_ reader: MappingReader) -> TLSTermination? {
        _ = reader.choice("mode")
        let spoken = spoken(
            reader, spokenTLS, minimum: spelling(reader, "minTLSVersion", "minTlsVersion"),
            maximum: spelling(reader, "maxTLSVersion", "maxTlsVersion"))
        let roots = reader.file("root")
        let (certificate, key) = (reader.file("cert"), reader.file("key"))
        guard let certificate, let key else {
            // Other sources of certificates are not offered, which has been said.
            if reader.isSound {
                findings.error(
                    "field_missing", "a `tls` needs `cert` and `key`", at: reader.place,
                    hint: "write `tls: {cert: server.pem, key: server-key.pem}`")
            }
            return nil
        }
        return TLSTermination(
            certificateFile: certificate, keyFile: key,
            clients: roots.map { .required(rootsFile: $0) } ?? .notAsked, minimumVersion: spoken.minimum,
            maximumVersion: spoken.maximum, cipherSuites: spoken.suites, protocols: spoken.protocols,
            provenance: reader.place)
    }

    /// Which of two spellings of a field is written; one is enough.
    private func spelling(_ reader: MappingReader, _ name: String, _ other: String) -> String {
        guard let second = reader.entry(other) else { return name }
        guard reader.has(name) else { return other }
        findings.error(
            "field_conflict", "`\(name)` and `\(other)` mean the same", at: second.keyProvenance,
            hint: "keep one of them")
        return name
    }

    /// What ALPN offers: theirs are lists of bytes, ours may be words.
    func applicationProtocols(_ reader: MappingReader) -> [String]? {
        let names = reader.nonEmptyItems("alpn", hint: "remove it to offer HTTP/2 and HTTP/1.1")?.compactMap { item in
            guard case .sequence(let bytes) = item.content else {
                return item.choice(AgentgatewayShapes.applicationProtocols, findings)
            }
            let name = String(
                decoding: bytes.compactMap { $0.integer(in: 0...255, findings).map(UInt8.init) }, as: UTF8.self)
            guard !AgentgatewayShapes.applicationProtocols.contains(name) else { return name }
            findings.error(
                "value_unknown",
                "\(item.label) has to be `[104, 50]`, which is h2, or `[104, 116, 116, 112, 47, 49, 46, 49]`, http/1.1",
                at: item.provenance, hint: "the words `h2` and `http/1.1` are taken, too")
            return nil
        }
        return names
    }

    /// - Parameters:
    ///   - unsaid: what holds where the reader's object does not say.
    ///   - minimum: the name of the field, and so the next.
    func spoken(_ reader: MappingReader, _ unsaid: SpokenTLS, minimum: String, maximum: String) -> SpokenTLS {
        var spoken = unsaid
        if let name = reader.choice(minimum) { spoken.minimum = version(name) }
        if let name = reader.choice(maximum) { spoken.maximum = version(name) }
        if spoken.minimum > spoken.maximum, let node = reader.node(minimum) ?? reader.node(maximum) {
            findings.error(
                "field_conflict", "no version of TLS is left: the oldest is newer than the newest",
                at: node.provenance)
        }
        let suites = reader.nonEmptyItems("cipherSuites", hint: "remove it to take all that are offered")?
            .compactMap { $0.choice(AgentgatewayShapes.cipherSuites, findings) }
        if let suites { spoken.suites = suites }
        return spoken
    }

    private func version(_ name: String) -> TLSVersion { name == "TLS_V1_3" ? .tls13 : .tls12 }
}
