internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayControl
internal import GatewayEngine
internal import GatewayModel
internal import GatewayTransport
internal import KeyFetching
internal import Logging
internal import ServiceLifecycle

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve a configuration until a signal ends it.",
        discussion: """
            Without a file, `--data` names the folder of a gateway that is configured through its Admin API, as API7
            and Apache APISIX are: traffic on 127.0.0.1:9080, the API on https://localhost:7443.

            A configuration with errors is not served: all of them are printed and the exit code is 1. The file
            and the key files it names are watched: a change is served at once, a change with errors is refused
            whole and logged. SIGHUP reads them again; SIGTERM and SIGINT let requests in service end, then stop.

            A file with `config.admin` has the Admin API beside it, with listeners of its own.

            Keys that a configuration names by URL or discovery are fetched while it is served. With --data the
            last good ones are kept, so that a restart serves while the identity provider is away.
            """
    )

    @Option(name: [.short, .long], help: "The configuration file (YAML or JSON).")
    var file: String?

    @Option(help: "What moves the bytes of plain-text connections: epoll (Linux) or nio.")
    var driver = DriverKind.standard

    @Option(
        help: ArgumentHelp(
            "The folder for what outlives the process: fetched keys, and what the Admin API stores.",
            valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Without a file: where metrics, keys and readiness are: an address, `unix:/path` or `off`. (default: "
                + "127.0.0.1:15020, left out with a warning where it is taken)", valueName: "address"),
        transform: ControlListener.argument)
    var controlListen: ControlListener?

    @OptionGroup(title: "Admin API")
    var admin: AdminOptions

    func validate() throws {
        guard file != nil || data != nil else {
            throw ValidationError("name a configuration file with -f, or a folder for the Admin API with --data.")
        }
        if file != nil, controlListen != nil {
            throw ValidationError(
                "--control-listen is for a gateway without a file; with one write it there, as `config.statsAddr`.")
        }
        if file != nil, let option = admin.given.first {
            throw ValidationError(
                "\(option) is for a gateway without a file; with one write it there, under `config.admin`.")
        }
    }

    func run() async throws {
        let services: [any Service] =
            if let file {
                try await start(file: file)
            } else {
                try await startAdmin(folder: data ?? "")
            }
        try await Lifecycle.run(services, logger: Lifecycle.logger(nil))
    }

    /// What runs until the end. Nothing else holds on to the configuration, which a change replaces.
    private func start(file: String) async throws -> [any Service] {
        let environment = Environment.variables
        let keys = try remoteKeySources(data)
        let localKeys = LocalKeySources()
        var admin: (settings: AdminSettings, files: AdminFiles)?
        let loaded = ConfigurationFile.load(path: file, environment: environment, tls: TLSChecker(), remote: keys) {
            admin = $0.adminAPI.map { ($0, AdminFiles($0, data: data)) }
            return admin?.files.diagnostics ?? []
        }
        StandardError().write(loaded.renderedDiagnostics())
        guard let snapshot = loaded.snapshot, let process = loaded.configuration?.process else {
            StandardError.print("\(file) is not valid; nothing is served.")
            throw ExitCode(1)
        }
        Environment.raiseDescriptorLimit()
        let logger = Lifecycle.logger(process)
        let beside = try await Self.reporting {
            guard let (settings, files) = admin else {
                return (plane: AdminPlane, api: (ResourceSet) -> AdminServer)?.none
            }
            return (try await plane(settings, files, process, logger), try api(settings, files, logger))
        }
        let server = server(process, logger)
        let readiness = ControlServer.Readiness { [status = beside?.plane.status] in status?.hasItsAddresses ?? true }
        // Before anyone can know that we run: a hangup is never the end.
        let hangups = await Lifecycle.hangups()
        let status = ConfigurationStatus(of: "file", now: { WallClock.now() })
        let planes = beside.map { [$0.plane] } ?? []
        var services: [any Service] = []
        do {
            services += try await controls(
                process, server, readiness,
                .init([status] + planes.map(\.status), remote: [keys] + planes.map(\.remote), local: localKeys),
                logger)
            try await server.start()
            try await server.publish(snapshot, of: .file)
            if let (plane, api) = beside { services += try await plane.serve(on: server, api) }
        } catch {
            StandardError.print("error: \(error)")
            throw ExitCode(1)
        }
        if data == nil, !loaded.remoteKeyPlaces.isEmpty {
            logger.info("fetched keys will not outlive a restart: --data names a folder to keep them in")
        }
        for bind in snapshot.binds { logger.info("listening on \(bind.address.description)") }
        let reloader = ConfigurationReloader(
            loaded, environment: environment, tls: TLSChecker(), remote: keys, local: localKeys,
            publisher: server, status: status, requests: hangups, logger: logger)
        services.append(KeyRefresher(keys, fetcher: KeyClient(), consumer: reloader, logger: logger))
        services.append(reloader)
        services.append(
            GatewayService(server: server, readiness: readiness, drainTimeout: process.drainTimeout, logger: logger))
        return services
    }

    /// - Parameter folder: where those that were fetched are kept; nil: nowhere.
    func remoteKeySources(_ folder: String?) throws -> RemoteKeySources {
        do {
            return RemoteKeySources(store: try folder.map { try KeyStore(data: $0) }, clock: .system())
        } catch {
            StandardError.print("error: \(error)")
            throw ExitCode(1)
        }
    }

    func server(_ process: ProcessSettings, _ logger: Logger) -> GatewayServer {
        GatewayServer(
            GatewayServer.Settings(
                threads: process.workerThreads ?? GatewayServer.coreCount, tokenCacheBytes: Self.tokenCacheBytes,
                accessLog: process.accessLog, driver: driver, warn: { logger.warning("\($0)") }))
    }

    /// What the gateway says of itself, at each of its addresses; those that are required are there.
    func controls(
        _ process: ProcessSettings, _ server: GatewayServer, _ readiness: ControlServer.Readiness,
        _ keys: ControlServer.KeyPages, _ logger: Logger
    ) async throws -> [ControlService] {
        var services: [ControlService] = []
        for (address, pages, isRequired) in process.controlPages {
            do {
                let listener = try await ControlServer.start(
                    address, pages, server: server, readiness: readiness, keys: keys)
                services.append(ControlService(listener: listener))
                logger.info("\(pages.description) on \(address.description)")
            } catch  where !isRequired {
                logger.warning(
                    """
                    no metrics and readiness: \(error); name another address, or `off`, with --control-listen, or with \
                    `config.statsAddr` in the file
                    """)
            }
        }
        return services
    }

    /// Room for some ten thousand tokens of a kilobyte.
    private static let tokenCacheBytes = 32 << 20
}

extension ControlServer.KeyPages {
    init(_ statuses: [ConfigurationStatus], remote: [RemoteKeySources], local: LocalKeySources) {
        self.init(
            json: { KeyStatusDocument.text(remote: remote.flatMap(\.statuses), local: local.all) },
            metrics: { statuses.prometheusText + remote.flatMap(\.statuses).prometheusText })
    }
}

extension DriverKind: ExpressibleByArgument {}

extension ProcessSettings {
    /// What is offered where: fields that name one address share it.
    fileprivate var controlPages: [(address: StreamAddress, pages: ControlServer.Pages, isRequired: Bool)] {
        let all: [(ControlListener, ControlServer.Pages)] = [
            (control, [.metrics, .keys, .upstreams, .health]), (admin, [.configuration, .keys, .upstreams]),
            (readiness, .health),
        ]
        var merged: [(address: StreamAddress, pages: ControlServer.Pages, isRequired: Bool)] = []
        for case (.on(let address, let isRequired), let pages) in all {
            if let known = merged.firstIndex(where: { $0.address == address }) {
                merged[known].pages.formUnion(pages)
                merged[known].isRequired = merged[known].isRequired || isRequired
            } else {
                merged.append((address, pages, isRequired))
            }
        }
        return merged
    }
}
