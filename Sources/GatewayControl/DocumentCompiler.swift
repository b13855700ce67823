package import GatewayDialects
package import GatewayEngine
package import GatewayModel

/// Documents of the Admin API → snapshot.
package struct DocumentCompiler: Sendable {
    private let listen: ListenAddress
    private let process: ProcessSettings
    private let instance: GatewayInstance

    /// - Parameter listen: where traffic is taken.
    package init(listen: ListenAddress, process: ProcessSettings, environment: [String: String]) {
        self.listen = listen
        self.process = process
        instance = GatewayInstance(environment: environment)
    }

    /// The snapshot, or nil where a diagnostic is an error.
    package func compile(_ documents: [APISIXDocument]) -> (snapshot: Snapshot?, diagnostics: [Diagnostic]) {
        let (configuration, decoding) = APISIXDialect.decode(documents, listen: listen, process: process)
        let (keys, loading) = KeyLoader.load(for: configuration, remote: nil)
        let (snapshot, compiling) = Compiler.compile(configuration, keys: keys, instance: instance)
        let diagnostics = decoding + loading + compiling
        return (diagnostics.hasErrors ? nil : snapshot, diagnostics)
    }
}
