internal import GatewayAdmin
internal import GatewayControl
internal import GatewayDialects
internal import GatewayModel
internal import GatewayStore
internal import GatewayTransport
internal import KeyFetching
internal import Logging
internal import ServiceLifecycle

/// The Admin API of a process, put together: the documents of a store, and what they compile to, beside whatever else
/// the process serves.
struct AdminPlane {
    /// The keys that documents have fetched.
    let remote: RemoteKeySources
    let status = ConfigurationStatus(of: "admin", now: { WallClock.now() })
    private let store: any DocumentStore
    private let loaded: LoadedDocuments
    private let compiler: DocumentCompiler
    private let compiled: DocumentCompiler.Compiled
    private let groups: GatewayGroups
    private let logger: Logger

    /// Reads the documents of a store. Throws where they can't be read or served.
    ///
    /// - Parameter process: as the documents are compiled for.
    init(
        _ store: any DocumentStore, groups: GatewayGroups, remote: RemoteKeySources, secrets: SecretSource,
        process: ProcessSettings, environment: [String: String], logger: Logger
    ) async throws {
        self.store = store
        self.groups = groups
        self.remote = remote
        self.logger = logger
        loaded = try await LoadedDocuments(store)
        compiler = DocumentCompiler(process: process, environment: environment, remote: remote, secrets: secrets)
        try Self.check(groups, loaded, logger)
        let (compiled, diagnostics) = loaded.compiled(by: compiler, groups)
        for diagnostic in loaded.diagnostics + diagnostics { logger.warning("\(diagnostic.oneLine)") }
        Self.report(compiled, loaded, logger)
        guard let compiled else { throw Unservable() }
        self.compiled = compiled
    }

    private struct Unservable: Error, CustomStringConvertible {
        var description: String { "the stored documents are not valid; nothing is served" }
    }

    /// Serves the documents, and says where.
    ///
    /// - Returns: what is to run for as long.
    func serve(on server: GatewayServer, _ api: (ResourceSet) -> AdminServer) async throws -> [any Service] {
        let publisher = GroupPublisher(server, groups, status: status, logger: logger)
        for group in loaded.gatewayGroups { try await publisher.begin(group, compiled) }
        let resources = ResourceSet(
            loaded, compiled, store: store, compiler: compiler, gatewayGroups: groups, publisher: publisher,
            status: status, now: { WallClock.now() }, logger: logger)
        return [
            KeyRefresher(remote, fetcher: KeyClient(), consumer: resources, logger: logger), AddressWatch(resources),
            api(resources),
        ]
    }

    /// Two groups at one address are no start; a group that nobody has written yet may come.
    private static func check(_ groups: GatewayGroups, _ loaded: LoadedDocuments, _ logger: Logger) throws {
        if let (address, first, second) = groups.conflict(among: loaded.gatewayGroups) {
            throw Exit.usage("the gateway groups `\(first)` and `\(second)` can't both listen on \(address).")
        }
        for id in groups.unknown(among: loaded.gatewayGroups) {
            logger.warning(
                "addresses are named for the gateway group `\(id)`, which is not there yet; PUT /api/gateway_groups/\(id)"
            )
        }
    }

    private static func report(_ compiled: DocumentCompiler.Compiled?, _ loaded: LoadedDocuments, _ logger: Logger) {
        for id in loaded.gatewayGroups.map(\.id) {
            guard let isolated = compiled?.isolated(in: id).sorted(), !isolated.isEmpty else { continue }
            let place = id == GatewayGroup.standardID ? "" : " in the gateway group \(id)"
            let words =
                "\(isolated.count) documents of the store\(place) can't be served, and requests that depend on them "
            logger.error("\(words)are refused; write them anew: \(isolated.joined(separator: ", "))")
        }
    }
}
