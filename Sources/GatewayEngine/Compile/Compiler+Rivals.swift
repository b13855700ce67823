internal import GatewayModel

extension Compiler {
    /// A policy that refuses every request without its credential in one header.
    private struct Claimant {
        var name: String
        var header: String
        var provenance: Provenance
    }

    /// Warns where several kinds of credentials have to stand in one header: nobody can send two of them.
    ///
    /// - Parameter scopes: of a route, from the least to the most specific.
    mutating func warnOfRivals(in scopes: [Attachment.Scope]) {
        var claimants: [String: Claimant] = [:]
        for scope in scopes {
            for index in attachments[scope] ?? [] {
                let attachment = configuration.attachments[index]
                guard let (kind, handling) = attachment.policy.credential else { continue }
                let key = "\(kind) \(attachment.phase)"
                // The most specific of a kind holds, whatever those before it ask for.
                claimants[key] = handling.onlyHeader.map {
                    Claimant(name: kind, header: $0, provenance: attachment.provenance)
                }
            }
        }
        let byHeader = Dictionary(grouping: claimants.values) { $0.header }
        for (header, rivals) in byHeader where Set(rivals.map(\.name)).count > 1 {
            let written = rivals.sorted {
                ($0.provenance.line, $0.provenance.column) < ($1.provenance.line, $1.provenance.column)
            }
            let others = written.dropLast().map { "`\($0.name)` (line \($0.provenance.line))" }.joined(
                separator: " and ")
            guard let last = written.last else { continue }
            report(
                Diagnostic(
                    .warning, "credentials_exclude_each_other",
                    "no request can pass: `\(last.name)` wants its credential in the header `\(header)`, and so "
                        + (rivals.count > 2 ? "do " : "does ") + others,
                    at: last.provenance,
                    hint: "give them locations of their own, or write `authentication: {anyOf: […]}` if one is enough"))
        }
    }
}

extension Policy {
    /// The kind of credential it asks for, and how.
    fileprivate var credential: (kind: String, handling: RivalHandling)? {
        switch self {
        case .jwtAuthentication(let policy):
            ("jwtAuth", RivalHandling(policy.presence, policy.locations, policy.logsOnly))
        case .basic(let policy): ("basicAuth", RivalHandling(policy.handling))
        case .apiKeys(let policy): ("apiKey", RivalHandling(policy.handling))
        default: nil
        }
    }
}

/// What of a policy decides whether others can be satisfied beside it.
private struct RivalHandling {
    /// The one header that has to have its credential; nil: requests pass without, or there are other places.
    var onlyHeader: String?

    init(_ presence: Presence, _ locations: [TokenLocation], _ logsOnly: Bool) {
        guard presence == .strict, !logsOnly, locations.count == 1, case .header(let name, _) = locations[0] else {
            return
        }
        onlyHeader = name.lowercased()
    }

    init(_ handling: CredentialHandling) { self.init(handling.presence, handling.locations, handling.logsOnly) }
}
