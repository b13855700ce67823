import Synchronization

/// Ports for those that need only the number. Each stays reserved until the tests end.
enum Ports {
    private static let held = Mutex<[ReservedPort]>([])

    static func next() -> Int {
        guard let port = try? ReservedPort() else { preconditionFailure("no free port") }
        held.withLock { $0.append(port) }
        return port.number
    }
}
