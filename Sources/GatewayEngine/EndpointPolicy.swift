package import HTTPWire

/// Policies of one backend of a route: they run once it has been chosen.
package final class EndpointPolicy: Sendable {
    private let credentials: [BackendCredential]
    private let requestEdit: FieldEdit?
    private let responseEdit: FieldEdit?
    /// Names that a client may not send in trailers either; nil: none.
    private let guardedNames: FieldNames?

    init(credentials: [BackendCredential], requestEdit: FieldEdit?, responseEdit: FieldEdit?) {
        self.credentials = credentials
        self.requestEdit = requestEdit
        self.responseEdit = responseEdit
        guardedNames = credentials.reduce(requestEdit?.removed) { .union($0, $1.fieldNames) }
    }

    /// Changes what goes to the backend and what comes back; to be called before the request's head is written.
    ///
    /// - Parameters:
    ///   - bytes: those the request was decided on with.
    ///   - now: Unix seconds.
    package func apply(to scratch: inout RequestScratch, _ bytes: Span<UInt8>, now: Int64) {
        for credential in credentials { credential.put(into: &scratch, bytes, now: now) }
        if let requestEdit { scratch.editRequest(requestEdit, bytes) }
        if let guardedNames { scratch.guardedNames = .union(scratch.guardedNames, guardedNames) }
        if let responseEdit { scratch.editResponse(responseEdit) }
    }
}
