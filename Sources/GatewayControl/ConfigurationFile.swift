internal import Bytes
internal import GatewayDialects
package import GatewayEngine
package import GatewayModel

/// A configuration file as it was read at one moment, and what it came to.
package struct ConfigurationFile: Sendable {
    package let path: String
    /// The text, for excerpts in diagnostics; nil where the file could not be read.
    package let text: String?
    package let configuration: GatewayConfiguration?
    /// Nil where a diagnostic is an error.
    package let snapshot: Snapshot?
    package let diagnostics: [Diagnostic]

    /// Reads, decodes and compiles the file and what it names.
    package static func load(path: String, environment: [String: String]) -> ConfigurationFile {
        let text: String
        switch TextFile.read(path, maxBytes: maxBytes) {
        case .success(let content): text = content
        case .failure(let error):
            let diagnostic = Diagnostic(
                .error, "file_unreadable", "cannot read the configuration: \(error)", at: Provenance(document: path))
            return ConfigurationFile(
                path: path, text: nil, configuration: nil, snapshot: nil, diagnostics: [diagnostic])
        }
        return compile(text, path: path, environment: environment)
    }

    /// Decodes and compiles a text that stands, or could stand, in a file of that path.
    ///
    /// - Parameter host: listen there instead of where the dialect says (agentgateway: everywhere).
    package static func compile(
        _ text: String, path: String, environment: [String: String], host: String? = nil
    ) -> ConfigurationFile {
        let (decoded, decoding) = AgentgatewayDialect.decode(
            text: text, documentName: path, environment: environment)
        guard var configuration = decoded, !decoding.hasErrors else {
            return ConfigurationFile(
                path: path, text: text, configuration: nil, snapshot: nil, diagnostics: decoding)
        }
        if let host {
            for index in configuration.binds.indices { configuration.binds[index].address.host = host }
        }
        let (keys, loading) = KeyLoader.load(for: configuration)
        let (snapshot, compiling) = Compiler.compile(configuration, keys: keys)
        let diagnostics = decoding + loading + compiling
        return ConfigurationFile(
            path: path, text: text, configuration: configuration,
            snapshot: diagnostics.hasErrors ? nil : snapshot, diagnostics: diagnostics)
    }

    /// Far more than anyone writes by hand.
    private static let maxBytes = 32 << 20

    /// All diagnostics as people read them, errors last; what they quote cannot steer a terminal.
    package func renderedDiagnostics() -> String {
        let rendered = diagnostics.sorted { ($0.severity, $1.provenance.line) < ($1.severity, $0.provenance.line) }
            .map { $0.rendered(source: $0.provenance.document == path ? text : nil) }
            .joined()
        return TerminalText.lines(rendered)
    }
}
