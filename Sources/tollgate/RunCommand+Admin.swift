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
            let store = try admin.storeKey.sealing(SQLiteStore(folder: folder), folder: folder)
            let loaded = try await LoadedDocuments(store)
            let remote = try remoteKeySources()
            let compiler = DocumentCompiler(
                listen: admin.listen.address, process: process, environment: environment, remote: remote,
                secrets: SecretSource(environment: environment, folder: admin.secretsDir))
            let (compiled, diagnostics) = compiler.compile(isolating: loaded.change)
            for diagnostic in loaded.diagnostics + diagnostics { logger.warning("\(diagnostic.oneLine)") }
            if let isolated = compiled?.isolated.sorted(), !isolated.isEmpty {
                let words =
                    "\(isolated.count) documents of the store can't be served, and requests that depend on them are "
                logger.error("\(words)refused; write them anew: \(isolated.joined(separator: ", "))")
            }
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
            let publisher = SourcePublisher(server: server, source: .gatewayGroup("default"))
            try await server.start()
            try await publisher.publish(compiled.snapshot)
            logger.info("listening on \(admin.listen.address.description)")
            let resources = ResourceSet(
                loaded, compiled, store: store, compiler: compiler, publisher: publisher, status: status,
                now: { WallClock.now() }, logger: logger)
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

    static let adminProcess = ProcessSettings(
        workerThreads: nil, control: .on(.network(host: "127.0.0.1", port: 15020), isRequired: false),
        admin: .off, readiness: .off,
        accessLog: .text, logLevel: .info, logFormat: .text, drainTimeout: .seconds(30))
}
