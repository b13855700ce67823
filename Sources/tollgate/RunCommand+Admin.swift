internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayControl
internal import GatewayModel
internal import GatewayStore
internal import GatewayTransport
internal import KeyFetching
internal import Logging
internal import ServiceLifecycle

// A gateway without a file: what it serves is written through its Admin API.

extension RunCommand {
    func startAdmin(folder: String) async throws -> [any Service] {
        let environment = Environment.variables
        let process = Self.adminProcess
        let logger = Lifecycle.logger(process)
        do {
            let store = try admin.storeKey.sealing(
                SQLiteStore(folder: folder, retention: admin.history.retention), folder: folder)
            let loaded = try await LoadedDocuments(store)
            let remote = try remoteKeySources()
            let compiler = DocumentCompiler(
                process: process, environment: environment, remote: remote,
                secrets: SecretSource(environment: environment, folder: admin.secretsDir))
            let groups = admin.gatewayGroups
            try check(groups, loaded, logger)
            let (compiled, diagnostics) = loaded.compiled(by: compiler, groups)
            for diagnostic in loaded.diagnostics + diagnostics { logger.warning("\(diagnostic.oneLine)") }
            report(compiled, loaded, logger)
            guard let compiled else {
                StandardError.print("the documents in \(folder) are not valid; nothing is served.")
                throw ExitCode(1)
            }
            let keys = try admin.keys(folder: folder, environment: environment, logger: logger)
            let security = try admin.security(folder: folder)
            Environment.raiseDescriptorLimit()
            let server = server(process, logger)
            let readiness = ControlServer.Readiness()
            var services: [any Service] = []
            let status = ConfigurationStatus(now: { WallClock.now() })
            services += try await controls(
                process, server, readiness, .init(status, remote: remote, local: LocalKeySources()), logger)
            try await server.start()
            for group in loaded.gatewayGroups.map(groups.group) {
                guard let snapshot = compiled.snapshot(of: group.id) else { continue }
                try await server.publish(snapshot, of: .gatewayGroup(group.id))
                let words = group.id == GatewayGroup.standardID ? "" : " for the gateway group \(group.id)"
                for address in group.addresses { logger.info("listening on \(address.description)\(words)") }
            }
            let resources = ResourceSet(
                loaded, compiled, store: store, compiler: compiler, gatewayGroups: groups, publisher: server,
                status: status, now: { WallClock.now() }, logger: logger)
            services.append(KeyRefresher(remote, fetcher: KeyClient(), consumer: resources, logger: logger))
            services.append(
                AdminServer(
                    resources, address: admin.address, security: security, keys: keys,
                    masksSecrets: admin.maskSecrets, now: { WallClock.now() }, logger: logger))
            services.append(
                GatewayService(
                    server: server, readiness: readiness, drainTimeout: process.drainTimeout, logger: logger))
            return services
        } catch let exit as ExitCode {
            throw exit
        } catch let error as ValidationError {
            throw error
        } catch {
            StandardError.print("error: \(error)")
            throw ExitCode(1)
        }
    }

    /// Two groups at one address are no start; a group that nobody has written yet may come.
    private func check(_ groups: GatewayGroups, _ loaded: LoadedDocuments, _ logger: Logger) throws {
        if let (address, first, second) = groups.conflict(among: loaded.gatewayGroups) {
            throw Exit.usage("the gateway groups `\(first)` and `\(second)` can't both listen on \(address).")
        }
        for id in groups.unknown(among: loaded.gatewayGroups) {
            logger.warning(
                "--listen names the gateway group `\(id)`, which is not there yet; PUT /api/gateway_groups/\(id)")
        }
    }

    private func report(_ compiled: DocumentCompiler.Compiled?, _ loaded: LoadedDocuments, _ logger: Logger) {
        for id in loaded.gatewayGroups.map(\.id) {
            guard let isolated = compiled?.isolated(in: id).sorted(), !isolated.isEmpty else { continue }
            let place = id == GatewayGroup.standardID ? "" : " in the gateway group \(id)"
            let words =
                "\(isolated.count) documents of the store\(place) can't be served, and requests that depend on them "
            logger.error("\(words)are refused; write them anew: \(isolated.joined(separator: ", "))")
        }
    }

    static let adminProcess = ProcessSettings(
        workerThreads: nil, control: .on(.network(host: "127.0.0.1", port: 15020), isRequired: false),
        admin: .off, readiness: .off,
        accessLog: .text, logLevel: .info, logFormat: .text, drainTimeout: .seconds(30))
}
