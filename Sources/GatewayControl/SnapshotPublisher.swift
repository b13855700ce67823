package import GatewayEngine
package import GatewayModel

/// What serves snapshots: the transport, as the control plane sees it.
package protocol SnapshotPublisher: Sendable {
    /// Throws where a snapshot can't be served for what it holds, with nothing changed.
    func prepare(_ snapshot: Snapshot, of source: ConfigurationSource) throws

    /// Serves requests that begin from now on at the source's listeners by this snapshot. Answers when every event loop
    /// has it; throws, with nothing changed, where it can't be served.
    func publish(_ snapshot: Snapshot, of source: ConfigurationSource) async throws

    /// Serves a source no more.
    func withdraw(_ source: ConfigurationSource) async
}
