package import GatewayEngine

/// What serves snapshots: the transport, as the control plane sees it.
package protocol SnapshotPublisher: Sendable {
    /// Throws where a snapshot can't be served for what it holds, with nothing changed.
    func prepare(_ snapshot: Snapshot) throws

    /// Serves requests that begin from now on by this snapshot. Answers when every event loop has it; throws,
    /// with nothing changed, where it can't be served.
    func publish(_ snapshot: Snapshot) async throws
}
