internal import Bytes
internal import CEL
internal import JOSE

/// The certificate a client has shown and proven to hold, as expressions see it: read once per connection.
///
/// What cannot be read without doubt is an error for the rule that asks for it, so that no rule takes it for absent.
package final class ClientCertificate: Sendable {
    let subject: CELValue
    let commonName: CELValue
    let issuer: CELValue
    let alternativeNames: CELValue
    let spiffeID: CELValue
    let identity: CELValue
    let pem: CELValue

    /// - Parameter der: of a certificate that was verified: that is not done here.
    package init(der: [UInt8]) {
        let names = CertificateNames(der: der)
        subject = Self.value(names.subject) { .string($0) }
        commonName = Self.value(names.commonName) { $0.map { .string($0) } ?? .null }
        issuer = Self.value(names.issuer) { .string($0) }
        alternativeNames = Self.value(names.alternatives) { .list($0.map { .string($0.text) }) }
        spiffeID = Self.value(names.spiffeID) { $0.map { .string($0.text) } ?? .null }
        identity = Self.value(names.spiffeID) { $0.flatMap(Self.identity) ?? .null }
        pem =
            der.count <= CertificateNames.maxBytes ? .string(PEMText.block("CERTIFICATE", der)) : Self.error(.tooLarge)
    }

    private static func value<Reading>(
        _ reading: Result<Reading, CertificateNames.Fault>, _ form: (Reading) -> CELValue
    ) -> CELValue {
        switch reading {
        case .success(let value): form(value)
        case .failure(let fault): error(fault)
        }
    }

    private static func error(_ fault: CertificateNames.Fault) -> CELValue {
        let what =
            switch fault {
            case .malformed: "the client's certificate is not well-formed"
            case .ambiguous: "the client's certificate has several"
            case .tooLarge: "the client's certificate is too large"
            }
        return .error(CELEvaluationError(.invalidArgument, what))
    }

    private static func identity(_ id: SPIFFEID) -> CELValue? {
        guard let workload = id.workload else { return nil }
        return .map(
            CELOwnedMap(distinct: [
                (.string("trustDomain"), .string(id.trustDomain)), (.string("namespace"), .string(workload.namespace)),
                (.string("serviceAccount"), .string(workload.serviceAccount)),
            ]))
    }
}

extension CertificateNames.Alternative {
    fileprivate var text: String {
        switch self {
        case .dns(let name), .uri(let name), .email(let name): name
        case .address(let bytes): Self.address(bytes).description
        }
    }

    private static func address(_ bytes: [UInt8]) -> IPAddress {
        let high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        if bytes.count == 4 { return IPAddress(v4: UInt32(truncatingIfNeeded: high)) }
        return IPAddress(v6High: high, low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
