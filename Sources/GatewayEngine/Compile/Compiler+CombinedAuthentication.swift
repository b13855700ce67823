internal import GatewayModel

extension Compiler {
    mutating func combinedAuthenticator(_ index: Int, _ policy: CombinedAuthentication) -> CombinedAuthenticator {
        shared(\.combinedAuthenticators, index) {
            $0.compile(policy, at: $0.configuration.attachments[index].provenance)
        }
    }

    private mutating func compile(_ policy: CombinedAuthentication, at place: Provenance) -> CombinedAuthenticator {
        var proofs: [CombinedAuthenticator.Proof] = []
        let requirement = compile(policy.requirement, &proofs)
        if proofs.count > CombinedAuthenticator.maxProofs {
            report(
                Diagnostic(
                    .error, "too_many_alternatives",
                    "an `authentication` may name \(CombinedAuthenticator.maxProofs) credentials, this one has "
                        + "\(proofs.count)", at: place,
                    hint: "put issuers into one `jwtAuth` under `providers`, and keys into one `apiKey`"))
        }
        return CombinedAuthenticator(
            presence: policy.presence, requirement: requirement, proofs: proofs, logsOnly: policy.logsOnly)
    }

    private mutating func compile(
        _ requirement: AuthenticationRequirement, _ proofs: inout [CombinedAuthenticator.Proof]
    ) -> CombinedAuthenticator.Requirement {
        switch requirement {
        case .token(let policy, let place): proofs.append(.token(authenticator(policy, at: place)))
        case .apiKey(let policy): proofs.append(.apiKey(apiKeyAuthenticator(policy)))
        case .password(let policy): proofs.append(.password(basicAuthenticator(policy)))
        case .anyOf(let parts): return .anyOf(parts.map { compile($0, &proofs) })
        case .allOf(let parts): return .allOf(parts.map { compile($0, &proofs) })
        }
        return .proof(proofs.count - 1)
    }
}
