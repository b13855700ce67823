internal import Bytes
internal import GatewayModel
internal import HTTPWire
package import JOSE

/// A compiled `JWTAuthentication`: where tokens stand, and what verifies them.
package final class JWTAuthenticator: Sendable {
    let presence: Presence
    /// Whether a request without a token is refused.
    var refusesStrangers: Bool { presence == .strict && !logsOnly }
    package let locations: [CompiledTokenLocation]
    package let verifier: TokenVerifier
    /// What the verifier and `refreshes` are made of.
    let issuers: [Issuer]
    let forwardsToken: Bool
    let forwardsUnverifiedToken: Bool
    let realm: String
    let maxTokenBytes: Int
    /// Nobody is refused: what would have been is logged.
    let logsOnly: Bool
    let resourceMetadata: ResourceMetadata?
    /// Claims that every request has which passes, as expressions name them.
    let guaranteedClaims: Set<String>
    /// Headers that hand on claims of its tokens; nil: none.
    let claimHeaders: FieldNames?
    /// A header besides that backends get the token in; nil: none.
    let tokenHeader: CompiledTokenHeader?
    /// What fetches the keys of each of the verifier's providers; empty where none are fetched.
    let refreshes: [[KeyRefresh]]
    /// Where the policy was written.
    let provenance: Provenance

    /// One issuer's rules, and where its keys are.
    struct Issuer {
        let rules: IssuerRules
        let keySources: [KeySource]
    }

    init(
        _ policy: JWTAuthentication, locations: [CompiledTokenLocation], issuers: [Issuer], keys: KeyMaterial,
        provenance: Provenance
    ) {
        presence = policy.presence
        self.locations = locations
        self.issuers = issuers
        verifier = TokenVerifier(issuers, keys)
        refreshes = issuers.refreshes(keys)
        forwardsToken = policy.forwardsToken
        forwardsUnverifiedToken = policy.forwardsUnverifiedToken
        realm = policy.realm
        maxTokenBytes = policy.maxTokenBytes
        logsOnly = policy.logsOnly
        resourceMetadata = policy.resourceMetadata
        guaranteedClaims = policy.guaranteedClaims
        claimHeaders = policy.claimHeaderNames
        tokenHeader = policy.tokenHeader.map(CompiledTokenHeader.init)
        self.provenance = provenance
    }

    /// The same, with the keys that the sources hold now.
    init(renewing old: JWTAuthenticator, keys: KeyMaterial) {
        presence = old.presence
        locations = old.locations
        issuers = old.issuers
        verifier = TokenVerifier(old.issuers, keys)
        refreshes = old.issuers.refreshes(keys)
        forwardsToken = old.forwardsToken
        forwardsUnverifiedToken = old.forwardsUnverifiedToken
        realm = old.realm
        maxTokenBytes = old.maxTokenBytes
        logsOnly = old.logsOnly
        resourceMetadata = old.resourceMetadata
        guaranteedClaims = old.guaranteedClaims
        claimHeaders = old.claimHeaders
        tokenHeader = old.tokenHeader
        provenance = old.provenance
    }
}

/// A compiled `TokenHeader`.
final class CompiledTokenHeader: Sendable {
    private let names: FieldNames
    /// The line up to the token.
    private let start: [UInt8]

    init(_ header: TokenHeader) {
        names = FieldNames([Array(header.name.utf8)])
        start = Array("\(header.name): \(header.prefix)".utf8)
    }

    /// Puts the token in the place of every line of that name.
    func write(_ found: FoundToken, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        scratch.drop(names, bytes)
        scratch.addedLines += start
        if found.text == .head {
            scratch.addedLines += bytes.extracting(found.range).copied
        } else {
            scratch.addedLines += found.storage(scratch)[found.range]
        }
        scratch.addedLines += [ASCII.carriageReturn, ASCII.lineFeed]
    }
}

extension TokenVerifier {
    fileprivate convenience init(_ issuers: [JWTAuthenticator.Issuer], _ keys: KeyMaterial) {
        self.init(providers: issuers.map { ($0.rules, $0.keySources.compactMap { keys.keySets[$0] }) })
    }
}

extension [JWTAuthenticator.Issuer] {
    fileprivate func refreshes(_ keys: KeyMaterial) -> [[KeyRefresh]] {
        let refreshes = map { $0.keySources.compactMap { keys.refreshes[$0] } }
        return refreshes.allSatisfy(\.isEmpty) ? [] : refreshes
    }
}

extension JWTAuthentication {
    /// The headers that claims of its tokens are handed on as.
    var claimHeaderNames: FieldNames? {
        let names = issuers.flatMap(\.claimHeaders).map { Array($0.name.utf8) }
        return names.isEmpty ? nil : FieldNames(names)
    }

    fileprivate var guaranteedClaims: Set<String> {
        guard presence == .strict, !logsOnly, let first = issuers.first else { return [] }
        return issuers.dropFirst().reduce(first.guaranteedClaims) { $0.intersection($1.guaranteedClaims) }.union(["jwt"]
        )
    }
}

extension Issuer {
    fileprivate var guaranteedClaims: Set<String> {
        var checked = requiredClaims
        if !names.isEmpty { checked.append("iss") }
        if !audiences.isEmpty { checked.append("aud") }
        if !requirements.subjects.isEmpty { checked.append("sub") }
        // RFC 9068 §2.2.
        if requirements.type == .accessToken { checked += ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] }
        return Set(checked.map { "jwt.\($0)" })
    }
}

extension JWTAuthenticator {
    /// Asks for the keys that a token lacked, where they can be fetched. Answers a fetch that is worth waiting for.
    func refresh(after failure: TokenError, of token: Span<UInt8>, now: Int64) -> KeyRefresh? {
        guard !refreshes.isEmpty else { return nil }
        return verifier.refresh(after: failure, of: token, with: refreshes, now: now)
    }
}

extension TokenVerifier {
    /// Asks for the keys that a token lacked. Answers a fetch that is worth waiting for.
    ///
    /// - Parameter refreshes: what fetches the keys of each provider.
    func refresh(
        after failure: TokenError, of token: Span<UInt8>, with refreshes: [[KeyRefresh]], now: Int64
    ) -> KeyRefresh? {
        guard let missing = missingKey(of: token, after: failure) else { return nil }
        var worthWaiting: KeyRefresh?
        for refresh in missing.providers.flatMap({ refreshes[$0] })
        where refresh.keyIsMissing(missing.unverifiedKid.span, now: now) {
            worthWaiting = worthWaiting ?? refresh
        }
        return worthWaiting
    }
}
