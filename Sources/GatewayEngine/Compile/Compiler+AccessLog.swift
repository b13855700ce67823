internal import CEL
internal import GatewayModel
internal import HTTPWire

extension Compiler {
    /// What the access log asks of requests; nil where it has neither expressions nor fields less.
    mutating func accessLogPolicy() -> AccessLogPolicy? {
        guard let settings = configuration.accessLog else { return nil }
        let filter = settings.filter.flatMap {
            program($0, of: .bool, "a filter must be true or false", at: .accessLog)
        }
        let added = settings.added.compactMap { field -> AccessLogPolicy.Field? in
            guard let program = program(field.value, of: nil, "", at: .accessLog),
                let json = jsonProgram(field.value, at: .accessLog)
            else { return nil }
            return AccessLogPolicy.Field(name: Array(field.name.utf8), program: program, jsonProgram: json)
        }
        fillers.settleAtTheEnd()
        let locations = credentialLocations
        return AccessLogPolicy(
            filter: filter, added: added, removed: settings.removed,
            credentialHeaders: FieldNames(Self.credentialHeaders + locations.headers),
            credentialParameters: locations.parameters)
    }

    private static var credentialHeaders: [[UInt8]] {
        ["authorization", "proxy-authorization", "cookie"].map { Array($0.utf8) }
    }

    /// Where any policy looks for a credential.
    private var credentialLocations: (headers: [[UInt8]], parameters: [[UInt8]]) {
        var (headers, parameters): ([[UInt8]], [[UInt8]]) = ([], [])
        for attachment in configuration.attachments {
            let locations: [TokenLocation] =
                switch attachment.policy {
                case .jwtAuthentication(let policy): policy.locations
                case .apiKeys(let policy): policy.handling.locations
                case .basic(let policy): policy.handling.locations
                default: []
                }
            for location in locations {
                switch location {
                case .header(let name, _): headers.append(Array(name.utf8))
                case .queryParameter(let name): parameters.append(Array(name.utf8))
                case .cookie, .expression: break
                }
            }
        }
        return (headers, parameters)
    }
}
