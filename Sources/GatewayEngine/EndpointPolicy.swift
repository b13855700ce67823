internal import HTTPWire

/// Policies of one backend of a route: they run once it has been chosen.
package final class EndpointPolicy: Sendable {
    private let credentials: [BackendCredential]
    let transformation: TransformationStage?
    let requestEdit: FieldEdit?
    let responseEdit: FieldEdit?
    /// Where credentials go; nil: none.
    private let credentialNames: FieldNames?
    /// Names that a client may not send in trailers either; nil: none.
    private let guardedNames: FieldNames?

    /// Whether the gateway proves to the backend who asks.
    var hasCredentials: Bool { !credentials.isEmpty }

    /// Whether the answer depends on it.
    package var concernsAnswers: Bool { transformation != nil || responseEdit != nil }

    init(
        credentials: [BackendCredential], transformation: TransformationStage?, requestEdit: FieldEdit?,
        responseEdit: FieldEdit?
    ) {
        self.credentials = credentials
        self.transformation = transformation
        self.requestEdit = requestEdit
        self.responseEdit = responseEdit
        credentialNames = credentials.reduce(nil) { .union($0, $1.fieldNames) }
        let changed = FieldNames.union(requestEdit?.removed, transformation?.requestNames)
        guardedNames = .union(changed, credentialNames)
    }

    /// Changes what goes to the backend and what comes back; to be called before the request's head is written.
    ///
    /// - Parameters:
    ///   - setting: as the request was decided on.
    ///   - bytes: those the request was decided on with.
    ///   - body: all of it; nil while it has not come.
    package func apply(
        to scratch: inout RequestScratch, _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?
    ) {
        // Expressions are not shown what proves to the backend who asks.
        if transformation != nil { scratch.showForwarded(setting.head, bytes, hiding: credentialNames) }
        for credential in credentials { credential.put(into: &scratch, bytes, now: setting.now) }
        if let transformation, let listener = Pipeline.listener(of: setting.bind, &scratch) {
            let body = setting.head.framing.isEmpty ? Span<UInt8>() : body
            transformation.run(setting, bytes, body: body, &scratch, listener)
            if let edit = scratch.transformation { scratch.editRequest(edit, bytes) }
            if !scratch.rewrittenHost.isEmpty { scratch.table.drop(.host) }
        }
        if let requestEdit { scratch.editRequest(requestEdit, bytes) }
        if let guardedNames { scratch.addGuarded(guardedNames) }
        if let responseEdit { scratch.modifyResponse(responseEdit) }
    }
}
