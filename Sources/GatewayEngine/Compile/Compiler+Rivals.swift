internal import GatewayModel

extension Compiler {
    /// A policy that looks for its credential in one header.
    private struct Claimant {
        var name: String
        var header: String
        var prefix: String
        var presence: Presence
        var provenance: Provenance
        /// Where it stands among those that a request meets.
        var order: Int
    }

    /// Warns where several kinds of credentials have to stand in one header: nobody can send two of them.
    ///
    /// - Parameter scopes: of a route, from the least to the most specific.
    mutating func warnOfRivals(in scopes: [Attachment.Scope]) {
        var claimants: [String: Claimant] = [:]
        for scope in scopes {
            for index in attachments[scope] ?? [] {
                let attachment = configuration.attachments[index]
                if case .combined(let policy) = attachment.policy, !policy.logsOnly {
                    warnOfRivals(in: policy.requirement, at: attachment.provenance)
                }
                guard let (kind, handling) = attachment.policy.credential else { continue }
                let key = "\(kind.rawValue) \(attachment.phase)"
                // The most specific of a kind holds, whatever those before it ask for.
                claimants[key] = handling.onlyHeader.map { header in
                    Claimant(
                        name: kind.rawValue, header: header.name, prefix: header.prefix, presence: handling.presence,
                        provenance: attachment.provenance,
                        order: kind.order + (attachment.phase == .route ? CredentialName.allCases.count : 0))
                }
            }
        }
        let byHeader = Dictionary(grouping: claimants.values) { $0.header }
        for rivals in byHeader.values where Set(rivals.map(\.name)).count > 1 {
            if !warnOfExclusion(rivals.filter { $0.presence == .strict }) { warnOfTakers(rivals) }
        }
    }

    /// Whether all of these cannot be satisfied at once, which is reported.
    private mutating func warnOfExclusion(_ rivals: [Claimant]) -> Bool {
        guard Set(rivals.map(\.name)).count > 1 else { return false }
        let written = rivals.sorted {
            ($0.provenance.line, $0.provenance.column) < ($1.provenance.line, $1.provenance.column)
        }
        let others = written.dropLast().map { "`\($0.name)` (line \($0.provenance.line))" }.joined(separator: " and ")
        guard let last = written.last else { return false }
        report(
            Diagnostic(
                .warning, "credentials_exclude_each_other",
                "no request can pass: `\(last.name)` wants its credential in the header `\(last.header)`, and so "
                    + (rivals.count > 2 ? "do " : "does ") + others,
                at: last.provenance,
                hint: "give them locations of their own, or write `authentication: {anyOf: […]}` if one is enough"))
        return true
    }

    /// A policy that refuses what it cannot verify takes the credentials of those behind it for its own.
    private mutating func warnOfTakers(_ rivals: [Claimant]) {
        for last in rivals {
            let taker = rivals.filter { rival in
                rival.presence == .optional && rival.name != last.name && rival.order < last.order
                    && last.prefix.hasPrefix(rival.prefix)
            }.min { $0.order < $1.order }
            guard let taker else { continue }
            report(
                Diagnostic(
                    .warning, "credential_taken_for_another",
                    "no credential of this `\(last.name)` can pass: the `\(taker.name)` at line "
                        + "\(taker.provenance.line) comes first, takes it in the header `\(last.header)` for its own, "
                        + "and refuses what it cannot verify",
                    at: last.provenance,
                    hint:
                        "give them locations of their own, or write `authentication: {mode: optional, anyOf: […]}`, or "
                        + "`mode: permissive` at the `\(taker.name)`"))
        }
    }

    /// Credentials that all have to hold, and have to stand in one header.
    private mutating func warnOfRivals(in requirement: AuthenticationRequirement, at place: Provenance) {
        switch requirement {
        case .token, .apiKey, .password: break
        case .anyOf(let parts): for part in parts { warnOfRivals(in: part, at: place) }
        case .allOf(let parts):
            let credentials = parts.compactMap(\.credential)
            let byHeader = Dictionary(grouping: credentials) { $0.handling.onlyHeader?.name ?? "" }
            for (header, rivals) in byHeader where !header.isEmpty && Set(rivals.map(\.kind)).count > 1 {
                let names = rivals.map { "`\($0.kind.rawValue)`" }.joined(separator: " and ")
                report(
                    Diagnostic(
                        .warning, "credentials_exclude_each_other",
                        "nothing satisfies this `allOf`: \(names) want their credentials in one header, `\(header)`",
                        at: place, hint: "give them locations of their own, or write `anyOf` if one is enough"))
            }
            for part in parts { warnOfRivals(in: part, at: place) }
        }
    }
}

/// Kinds of credentials, in the order in which a phase asks for them.
private enum CredentialName: String, CaseIterable {
    case jwtAuth, basicAuth, apiKey

    var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension Policy {
    /// The kind of credential it asks for, and how.
    fileprivate var credential: (kind: CredentialName, handling: RivalHandling)? {
        switch self {
        case .jwtAuthentication(let policy):
            (.jwtAuth, RivalHandling(policy.presence, policy.locations, policy.logsOnly))
        case .basic(let policy): (.basicAuth, RivalHandling(policy.handling))
        case .apiKeys(let policy): (.apiKey, RivalHandling(policy.handling))
        default: nil
        }
    }
}

extension AuthenticationRequirement {
    fileprivate var credential: (kind: CredentialName, handling: RivalHandling)? {
        switch self {
        case .token(let policy, _): Policy.jwtAuthentication(policy).credential
        case .apiKey(let policy): Policy.apiKeys(policy).credential
        case .password(let policy): Policy.basic(policy).credential
        case .anyOf, .allOf: nil
        }
    }
}

/// What of a policy decides whether others can be satisfied beside it.
private struct RivalHandling {
    let presence: Presence
    /// The one header that has to have its credential, and what stands before it, both in lower case; nil: there are
    /// other places, or nobody is refused.
    var onlyHeader: (name: String, prefix: String)?

    init(_ presence: Presence, _ locations: [TokenLocation], _ logsOnly: Bool) {
        self.presence = presence
        guard !logsOnly, locations.count == 1, case .header(let name, let prefix) = locations[0] else { return }
        onlyHeader = (name.lowercased(), prefix.lowercased())
    }

    init(_ handling: CredentialHandling) { self.init(handling.presence, handling.locations, handling.logsOnly) }
}
