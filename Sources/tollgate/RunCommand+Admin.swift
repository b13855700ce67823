internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayControl
internal import GatewayModel
internal import GatewayStore
internal import GatewayTransport
internal import Logging
internal import ServiceLifecycle

// What is written through the Admin API, alone or beside a file.

extension RunCommand {
    /// A gateway without a file.
    func startAdmin(folder: String) async throws -> [any Service] {
        let process = Self.process(control: controlListen ?? .standard)
        let logger = Lifecycle.logger(process)
        let settings = admin.settings(folder: folder)
        let files = try Exit.unlessMisused(AdminFiles(settings, data: nil))
        return try await Self.reporting {
            let plane = try await plane(settings, files, process, logger)
            let api = try api(settings, files, logger)
            Environment.raiseDescriptorLimit()
            let server = server(process, logger)
            let readiness = ControlServer.Readiness { [status = plane.status] in status.hasItsAddresses }
            var services: [any Service] = []
            services += try await controls(
                process, server, readiness, .init([plane.status], remote: [plane.remote], local: LocalKeySources()),
                logger)
            try await server.start()
            services += try await plane.serve(on: server, api)
            services.append(
                GatewayService(
                    server: server, readiness: readiness, drainTimeout: process.drainTimeout, logger: logger))
            return services
        }
    }

    /// The documents in a folder.
    func plane(
        _ settings: AdminSettings, _ files: AdminFiles, _ process: ProcessSettings, _ logger: Logger
    ) async throws -> AdminPlane {
        let environment = Environment.variables
        let retention = HistoryRetention(revisions: settings.keptRevisions, days: settings.keptDays)
        let store = try SealedStore(
            SQLiteStore(folder: files.folder, retention: retention), secret: files.storeSecret)
        return try await AdminPlane(
            store, groups: GatewayGroups(listen: settings.listen), remote: remoteKeySources(files.folder),
            secrets: SecretSource(environment: environment, folder: settings.secretsFolder?.path), process: process,
            environment: environment, logger: logger)
    }

    /// The API for documents, once they are served.
    func api(
        _ settings: AdminSettings, _ files: AdminFiles, _ logger: Logger
    ) throws -> (ResourceSet) -> AdminServer {
        let keys = try AdminSettings.keys(
            admin.adminKey, files, environment: Environment.variables, logger: logger)
        AdminSettings.warn(ofGuessable: keys, logger)
        let security = try settings.security(folder: files.folder)
        return { resources in
            AdminServer(
                resources, address: settings.address, security: security, keys: keys,
                masksSecrets: settings.masksSecrets, now: { WallClock.now() }, logger: logger)
        }
    }

    /// Ends the process where something fails, and says why.
    static func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let exit as ExitCode {
            throw exit
        } catch let error as ValidationError {
            throw error
        } catch {
            StandardError.print("error: \(error)")
            throw ExitCode(1)
        }
    }

    /// Settings of a gateway without a file.
    static func process(control: ControlListener) -> ProcessSettings {
        ProcessSettings(
            workerThreads: nil, control: control, admin: .off, readiness: .off, accessLog: .text, logLevel: .info,
            logFormat: .text, drainTimeout: .seconds(30))
    }
}
