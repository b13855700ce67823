package import GatewayDialects
package import GatewayEngine
package import GatewayModel

/// Documents of the Admin API → snapshot.
package struct DocumentCompiler: Sendable {
    private let listen: ListenAddress
    private let process: ProcessSettings
    private let instance: GatewayInstance
    private let remote: RemoteKeySources
    private let secrets: SecretSource

    /// - Parameters:
    ///   - listen: where traffic is taken.
    ///   - remote: the keys that were fetched.
    ///   - secrets: where secrets are that documents refer to: they are read whenever documents are compiled.
    package init(
        listen: ListenAddress, process: ProcessSettings, environment: [String: String], remote: RemoteKeySources,
        secrets: SecretSource
    ) {
        self.secrets = secrets
        self.listen = listen
        self.process = process
        instance = GatewayInstance(environment: environment)
        self.remote = remote
    }

    package func compile(_ documents: [APISIXDocument]) -> CompiledDocuments {
        let (configuration, decoding) = APISIXDialect.decode(
            documents, listen: listen, process: process, secrets: { [secrets] in secrets.text(of: $0) })
        let (keys, loading) = KeyLoader.load(for: configuration, remote: remote)
        let (snapshot, compiling) = Compiler.compile(configuration, keys: keys, instance: instance)
        let diagnostics = decoding + loading + compiling
        return CompiledDocuments(
            snapshot: diagnostics.hasErrors ? nil : snapshot, diagnostics: diagnostics,
            configuration: configuration.namingKeys, keys: keys)
    }

    /// The documents are those that are served from now on: sources of keys that they do not name are forgotten.
    package func serve(_ documents: CompiledDocuments) {
        remote.keepOnly(documents.configuration)
    }

    /// What is served, with the keys that remote sources have now; nil where it is not valid.
    package func renewed(_ documents: CompiledDocuments) -> Snapshot? {
        guard let snapshot = documents.snapshot else { return nil }
        var keys = documents.keys
        KeyLoader.update(&keys, for: documents.configuration, remote: remote)
        return snapshot.renewed(keys)
    }
}

/// What documents came to.
package struct CompiledDocuments: Sendable {
    /// Nil where a diagnostic is an error.
    package let snapshot: Snapshot?
    package let diagnostics: [Diagnostic]
    /// As much as names sources of keys.
    fileprivate let configuration: GatewayConfiguration
    fileprivate let keys: KeyMaterial
}

extension GatewayConfiguration {
    /// What of it names sources of keys: the rest is several times what serves it.
    fileprivate var namingKeys: GatewayConfiguration {
        var copy = self
        copy.binds = []
        copy.upstreams = []
        copy.attachments.removeAll { $0.policy.tokenAuthentications.isEmpty }
        copy.consumers = consumers.filter { consumer in consumer.credentials.contains(where: \.hasRemoteKeys) }
        return copy
    }
}
