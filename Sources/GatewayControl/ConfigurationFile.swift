internal import Bytes
internal import GatewayDialects
package import GatewayEngine
package import GatewayModel
internal import JOSE

/// A configuration file as it was read at one moment, and what it came to.
package struct ConfigurationFile: Sendable {
    package let path: String
    /// The text, for excerpts in diagnostics; nil where the file could not be read.
    package private(set) var text: String?
    package private(set) var configuration: GatewayConfiguration?
    /// Nil where a diagnostic is an error.
    package private(set) var snapshot: Snapshot?
    package private(set) var diagnostics: [Diagnostic] = []
    /// What it is made of; nil where it could not be decoded.
    private(set) var outline: ConfigurationOutline?
    private var isStrict = false
    private var keys = KeyMaterial()
    /// The file itself and the key files it names.
    private(set) var paths: [String]
    /// The state of those files, taken before each was read: a change in between shows as a change.
    private(set) var fingerprint: FileFingerprint

    private init(path: String) {
        self.path = path
        paths = [path]
        fingerprint = FileFingerprint.of([path])
    }

    /// Reads, decodes and compiles the file and what it names.
    ///
    /// - Parameters:
    ///   - tls: tells whether certificates and keys can be served.
    ///   - remote: the keys that were fetched; nil: none are, and tokens that need them fail.
    ///   - strictly: what the dialect's original does not have is an error.
    ///   - previous: what is served so far.
    ///   - checkStart: what is wrong with what a start alone reads; nothing where none is meant.
    package static func load(
        path: String, environment: [String: String], tls: any TLSChecking, remote: RemoteKeySources? = nil,
        strictly: Bool = false, previous: Snapshot? = nil, checkStart: (ProcessSettings) -> [Diagnostic] = { _ in [] }
    ) -> ConfigurationFile {
        var file = ConfigurationFile(path: path)
        file.isStrict = strictly
        switch TextFile.read(path, maxBytes: maxBytes) {
        case .success(let text):
            file.compile(
                text, environment: environment, host: nil, tls: tls, remote: remote, previous: previous, checkStart)
        case .failure(let error):
            file.diagnostics = [
                Diagnostic(
                    .error, "file_unreadable", "cannot read the configuration: \(error)",
                    at: Provenance(document: path))
            ]
        }
        return file
    }

    /// Decodes and compiles a text that stands, or could stand, in a file of that path.
    ///
    /// - Parameter host: listen there instead of where the dialect says (agentgateway: everywhere).
    package static func compile(
        _ text: String, path: String, environment: [String: String], host: String? = nil
    ) -> ConfigurationFile {
        var file = ConfigurationFile(path: path)
        file.compile(text, environment: environment, host: host, tls: nil, remote: nil, previous: nil) { _ in [] }
        return file
    }

    private mutating func compile(
        _ text: String, environment: [String: String], host: String?, tls: (any TLSChecking)?,
        remote: RemoteKeySources?, previous: Snapshot?, _ checkStart: (ProcessSettings) -> [Diagnostic]
    ) {
        self.text = text
        let (decoded, decoding) = AgentgatewayDialect.decode(
            text: text, documentName: path, environment: environment, strictly: isStrict)
        diagnostics = decoding
        defer {
            diagnostics = AgentgatewayDialect.presented(
                diagnostics, text: text, documentName: path, environment: environment
            ).inOrderOfPlace(beginningWith: path)
        }
        guard var configuration = decoded else { return }
        if let host {
            for index in configuration.binds.indices { configuration.binds[index].address.host = host }
        }
        if !decoding.hasErrors {
            self.configuration = configuration
            outline = ConfigurationOutline(configuration)
        }
        let compiling = compile(
            configuration, environment: environment, tls: tls, remote: remote, previous: previous)
        diagnostics += checkStart(configuration.process) + compiling
        if diagnostics.hasErrors { snapshot = nil }
    }

    /// Reads what the model names and compiles it. Of a document with errors what is left of it, for what else is
    /// wrong with it: warnings about how its parts fit together say nothing then.
    private mutating func compile(
        _ configuration: GatewayConfiguration, environment: [String: String], tls: (any TLSChecking)?,
        remote: RemoteKeySources?, previous: Snapshot?
    ) -> [Diagnostic] {
        var seen = Set(paths)
        let keyFiles =
            (configuration.keyFiles + configuration.tlsFiles.map(\.path) + configuration.textFiles.map(\.path))
            .filter { seen.insert($0).inserted }
        paths += keyFiles
        fingerprint.add(keyFiles)
        fingerprints = Dictionary(zip(paths, fingerprint.entries)) { first, _ in first }
        let loading: [Diagnostic]
        (keys, loading) = KeyLoader.load(for: configuration, remote: remote, strictly: isStrict)
        let (files, reading) = CertificateLoader.load(for: configuration)
        keys.tlsFiles = files
        let (textFiles, readingTexts) = TextSourceLoader.load(for: configuration)
        keys.textFiles = textFiles
        let compiling: [Diagnostic]
        (snapshot, compiling) = Compiler.compile(
            configuration, keys: keys, instance: GatewayInstance(environment: environment), tls: tls,
            keepingTo: isStrict ? .agentgateway : nil, previous: previous)
        let isWhole = !diagnostics.hasErrors
        return loading + reading + readingTexts + compiling.filter { isWhole || $0.severity == .error }
    }

    /// A snapshot of this configuration with the keys that remote sources have now; nil where it is not valid.
    func snapshot(remote: RemoteKeySources) -> Snapshot? {
        guard let snapshot, let configuration else { return nil }
        var keys = keys
        KeyLoader.update(&keys, for: configuration, remote: remote)
        return snapshot.renewed(keys)
    }

    /// The state of each file that was read, also where others are watched besides.
    private(set) var fingerprints: [String: FileFingerprint.Entry] = [:]

    /// Where keys are fetched from once the configuration is served, each once, without queries.
    package var remoteKeyPlaces: [String] {
        var places: [String] = []
        configuration?.forEachKeySource { source, _ in
            guard case .remote(let keys) = source.origin, !places.contains(keys.place.url.withoutQuery) else { return }
            places.append(keys.place.url.withoutQuery)
        }
        return places
    }

    /// The keys that stand in it or in a file that it names, each set once for the same issuers.
    var localKeySources: [LocalKeySource] {
        struct Seen: Hashable {
            var place: LocalKeySource.Place
            var issuers: [String]
        }
        var seen: Set<Seen> = []
        var sources: [LocalKeySource] = []
        configuration?.forEachKeySource { source, issuer in
            let place: LocalKeySource.Place
            switch source.origin {
            case .inline: place = .inline("\(source.provenance)")
            case .file(let path): place = .file(path)
            case .remote: return
            }
            guard seen.insert(Seen(place: place, issuers: issuer.names)).inserted else { return }
            sources.append(
                LocalKeySource(place: place, issuers: issuer.names, keys: keys.keySets[source]?.keys ?? []))
        }
        return sources
    }

    /// This configuration, watching the files of another that failed too: mending one of them has to be noticed.
    func watching(_ failed: ConfigurationFile) -> ConfigurationFile {
        var copy = self
        copy.paths = failed.paths + paths.filter { !failed.paths.contains($0) }
        copy.fingerprint = FileFingerprint.of(copy.paths)
        return copy
    }

    /// What is kept of a configuration that is served: of a hundred thousand routes the text and the model are
    /// several times what serves them, and nobody asks for them again. Policies stay, as they name key sources.
    var served: ConfigurationFile {
        var copy = self
        copy.text = nil
        copy.configuration?.binds = []
        copy.configuration?.upstreams = []
        return copy
    }

    /// Far more than anyone writes by hand.
    private static let maxBytes = 32 << 20

    /// All diagnostics as people read them; what they quote cannot steer a terminal.
    package func renderedDiagnostics() -> String {
        guard let text else { return TerminalText.lines(diagnostics.map { $0.rendered(excerpt: nil) }.joined()) }
        return TerminalText.lines(
            AgentgatewayDialect.rendered(diagnostics, text: text, documentName: path).joined())
    }
}

extension GatewayConfiguration {
    /// The files that its issuers' keys are read from, or are fetched by the authorities in, each once.
    fileprivate var keyFiles: [String] {
        var files: [String] = []
        forEachKeySource { source, _ in
            let path: String?
            switch source.origin {
            case .inline: path = nil
            case .file(let file): path = file
            case .remote(let keys): path = keys.request.caFile
            }
            if let path, !files.contains(path) { files.append(path) }
        }
        return files
    }
}
