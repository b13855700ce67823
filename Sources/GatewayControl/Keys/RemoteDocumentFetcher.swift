package import GatewayModel

/// What fetches remote documents, as the control plane sees it.
package protocol RemoteDocumentFetcher: Sendable {
    /// Fetches a document; throws why it could not be had.
    func fetch(_ request: RemoteRequest) async throws(RemoteFailure) -> RemoteDocument
}
