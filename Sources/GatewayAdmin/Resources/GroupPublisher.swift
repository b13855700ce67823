package import GatewayControl
package import GatewayDialects
internal import GatewayEngine
internal import GatewayModel
package import Logging
package import ServiceLifecycle
internal import Synchronization

/// Serves gateway groups at the addresses that they are to have. One that a document names and that somebody else has
/// at the start is done without, loudly, until it is free: the other groups are served.
package final class GroupPublisher: Sendable {
    private let publisher: any SnapshotPublisher
    private let groups: GatewayGroups
    private let status: ConfigurationStatus
    private let logger: Logger
    /// By gateway group; not there where a group lacks none.
    private let lacking = Mutex<[String: Set<ListenAddress>]>([:])

    package init(
        _ publisher: any SnapshotPublisher, _ groups: GatewayGroups, status: ConfigurationStatus, logger: Logger
    ) {
        self.publisher = publisher
        self.groups = groups
        self.status = status
        self.logger = logger
    }

    /// Serves a gateway group from the start on. Throws where an address can't be had that the command line names, or
    /// the file.
    package func begin(_ document: APISIXDocument, _ compiled: DocumentCompiler.Compiled) async throws {
        let group = groups.group(document)
        let named = groups.named(group.id)
        let others = group.addresses.filter { !named.contains($0) }
        try await serve(GatewayGroup(id: group.id, addresses: named), compiled)
        for address in named { noteListening(address, group.id) }
        note(group.id, lacks: Set(others))
        for address in others {
            do {
                try await take(address, of: group.id, compiled)
            } catch {
                logger.error("\(error); the gateway group `\(group.id)` goes without it, and takes it once it is free")
            }
        }
    }

    /// Throws where a gateway group can't be served, be it at an address that is new to it. One that it lacks already
    /// it may go on without.
    func prepare(_ id: String, _ compiled: DocumentCompiler.Compiled) throws {
        guard let snapshot = available(id, compiled, without: missing(id)) else { return }
        try publisher.prepare(snapshot, of: .gatewayGroup(id))
    }

    /// Serves a gateway group as it is now, or no more; tries for what it lacks.
    func publish(_ id: String, _ compiled: DocumentCompiler.Compiled) async throws {
        guard let snapshot = compiled.snapshot(of: id) else {
            note(id, lacks: [])
            return await publisher.withdraw(.gatewayGroup(id))
        }
        let missing = missing(id).intersection(snapshot.binds.map(\.address))
        note(id, lacks: missing)
        guard let available = available(id, compiled, without: missing) else { return }
        try await publisher.publish(available, of: .gatewayGroup(id))
        for address in missing { try? await take(address, of: id, compiled) }
    }

    /// Tries for what gateway groups lack.
    func takeWhatIsFree(_ compiled: DocumentCompiler.Compiled) async {
        for (id, addresses) in lacking.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            for address in addresses { try? await take(address, of: id, compiled) }
        }
    }

    var lacksAny: Bool { lacking.withLock { !$0.isEmpty } }

    // MARK: - Parts

    private func missing(_ id: String) -> Set<ListenAddress> { lacking.withLock { $0[id] ?? [] } }

    private func note(_ id: String, lacks addresses: Set<ListenAddress>) {
        let isWhole = lacking.withLock {
            $0[id] = addresses.isEmpty ? nil : addresses
            return $0.isEmpty
        }
        status.lacksAddresses(!isWhole)
    }

    /// What serves a group at all addresses but these.
    private func available(
        _ id: String, _ compiled: DocumentCompiler.Compiled, without missing: Set<ListenAddress>
    ) -> Snapshot? {
        guard let snapshot = compiled.snapshot(of: id), !missing.isEmpty else { return compiled.snapshot(of: id) }
        let addresses = snapshot.binds.map(\.address).filter { !missing.contains($0) }
        return compiled.listening(GatewayGroup(id: id, addresses: addresses)).snapshot(of: id)
    }

    /// Has an address served that a group lacks; throws where somebody else has it.
    private func take(_ address: ListenAddress, of id: String, _ compiled: DocumentCompiler.Compiled) async throws {
        let rest = missing(id).subtracting([address])
        guard let available = available(id, compiled, without: rest) else { return }
        try publisher.prepare(available, of: .gatewayGroup(id))
        try await publisher.publish(available, of: .gatewayGroup(id))
        note(id, lacks: rest)
        noteListening(address, id)
    }

    private func serve(_ group: GatewayGroup, _ compiled: DocumentCompiler.Compiled) async throws {
        guard let snapshot = compiled.listening(group).snapshot(of: group.id) else { return }
        try await publisher.publish(snapshot, of: .gatewayGroup(group.id))
    }

    private func noteListening(_ address: ListenAddress, _ id: String) {
        let words = id == GatewayGroup.standardID ? "" : " for the gateway group \(id)"
        logger.info("listening on \(address.description)\(words)")
    }
}

/// Tries for addresses that gateway groups lack, every two seconds.
package struct AddressWatch: Service {
    private let resources: ResourceSet
    private static let interval = Duration.seconds(2)

    package init(_ resources: ResourceSet) {
        self.resources = resources
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                await resources.takeWhatIsFree()
            }
        }
    }
}
