internal import CEL
package import GatewayModel
internal import HTTPWire

/// A compiled `AccessLogSettings`.
package final class AccessLogPolicy: Sendable {
    /// A field whose value an expression gives.
    struct Field: Sendable {
        let name: [UInt8]
        let program: CELProgram
        /// The same as JSON, for values that are neither text nor number.
        let jsonProgram: CELProgram
    }

    let filter: CELProgram?
    let added: [Field]
    package let removed: AccessLogFields
    /// Headers and parameters that credentials stand in: no expression sees them, verified or not.
    let credentialHeaders: FieldNames
    let credentialParameters: [[UInt8]]

    init(
        filter: CELProgram?, added: [Field], removed: AccessLogFields, credentialHeaders: FieldNames,
        credentialParameters: [[UInt8]]
    ) {
        self.filter = filter
        self.added = added
        self.removed = removed
        self.credentialHeaders = credentialHeaders
        self.credentialParameters = credentialParameters
    }

    /// Whether an expression wants to know of requests: they have to be kept, then, until they are answered.
    package var readsRequests: Bool { filter != nil || !added.isEmpty }
}
