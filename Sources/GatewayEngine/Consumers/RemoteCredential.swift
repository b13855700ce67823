internal import GatewayModel
internal import JOSE

/// What a credential asks of tokens whose keys are fetched, and what fetches them. Few credentials have one, and it is
/// large.
final class RemoteCredential: Sendable {
    let source: KeySource
    /// By which dates are looked at.
    let rules: [(dates: CheckedDates, rules: IssuerRules)]
    /// Of the one provider of each verifier.
    let refreshes: [[KeyRefresh]]

    init(source: KeySource, rules: [(dates: CheckedDates, rules: IssuerRules)], keys: KeyMaterial) {
        self.source = source
        self.rules = rules
        refreshes = [keys.refreshes[source].map { [$0] } ?? []]
    }

    /// By the keys that are there.
    func verifiers(_ keys: KeyMaterial) -> [(dates: CheckedDates, verifier: TokenVerifier)] {
        let sets = keys.keySets[source].map { [$0] } ?? []
        return rules.map { ($0.dates, TokenVerifier(providers: [($0.rules, sets)])) }
    }
}
