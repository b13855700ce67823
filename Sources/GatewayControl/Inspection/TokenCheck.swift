package import GatewayEngine
package import GatewayModel
package import JOSE

/// One token put before one `jwtAuth` of a configuration: the gateway's own verdict, and why.
package struct TokenCheck: Sendable {
    /// A fact that explains the verdict.
    package struct Detail: Sendable {
        package enum Value: Sendable {
            /// Texts of the token or the configuration: escape them before they reach a terminal.
            case texts([String])
            /// One such text; nil where there is none.
            case text(String?)
            /// Sentences of ours, which may quote such texts.
            case sentences([String])
            /// Unix seconds.
            case date(Int64)
            case seconds(Int64)
        }

        /// What it is, in words and as the name of a JSON member.
        package let label: String
        package let name: String
        package let value: Value

        init(_ label: String, _ name: String, _ value: Value) {
            self.label = label
            self.name = name
            self.value = value
        }
    }

    package let phase: Attachment.Phase
    package let policy: JWTAuthentication
    /// Where the policy was written.
    package let provenance: Provenance
    /// The selected places that it guards.
    package let places: [GatewayPlace]
    package let verdict: Result<VerifiedToken, TokenError>
    package let details: [Detail]

    package var passes: Bool { (try? verdict.get()) != nil }
    package var failure: TokenError? {
        if case .failure(let error) = verdict { return error }
        return nil
    }
    package var refusal: RefusalCode? { failure.map(RefusalCode.init) }

    /// Whether a request with this token goes on to what follows.
    package var letsRequestPass: Bool { passes || policy.presence == .permissive }

    /// What becomes of a request with this token, where that is not what the verdict says.
    package var consequence: String? {
        guard !passes, policy.presence == .permissive else { return nil }
        return "The mode is permissive: the request goes on all the same, without claims of this token."
    }
}

extension TokenCheck {
    /// Puts a token before every `jwtAuth` that guards one of the places, at a time in Unix seconds.
    ///
    /// Each is asked once, with the verifier that requests meet.
    package static func run(
        _ token: [UInt8], at places: [GatewayPlace], of configuration: GatewayConfiguration, _ snapshot: Snapshot,
        remote: RemoteKeySources?, now: Int64
    ) -> [TokenCheck] {
        let keys = KeyLoader.load(for: configuration, remote: remote).0
        return guards(of: places, snapshot).compactMap { applied, places in
            guard let policy = configuration.policy(of: applied) else { return nil }
            let verdict: Result<VerifiedToken, TokenError>
            do throws(TokenError) {
                verdict = .success(try applied.verifier.verify(token.span, now: now))
            } catch {
                verdict = .failure(error)
            }
            let explanation = VerdictExplanation(policy: policy, keys: keys, token: token, now: now)
            return TokenCheck(
                phase: applied.phase, policy: policy, provenance: applied.provenance, places: places,
                verdict: verdict, details: explanation.details(of: verdict))
        }
    }

    /// Every `jwtAuth` of the places once, with those it guards.
    private static func guards(
        of places: [GatewayPlace], _ snapshot: Snapshot
    ) -> [(AppliedAuthentication, [GatewayPlace])] {
        var guards: [(AppliedAuthentication, [GatewayPlace])] = []
        for place in places {
            for applied in snapshot.authentications(at: place) {
                let known = guards.firstIndex { $0.0.verifier === applied.verifier && $0.0.phase == applied.phase }
                if let known {
                    guards[known].1.append(place)
                } else {
                    guards.append((applied, [place]))
                }
            }
        }
        return guards
    }
}

extension GatewayConfiguration {
    fileprivate func policy(of applied: AppliedAuthentication) -> JWTAuthentication? {
        for attachment in attachments where attachment.phase == applied.phase {
            for (policy, place) in attachment.policy.tokenAuthentications
            where (place ?? attachment.provenance) == applied.provenance {
                return policy
            }
        }
        return nil
    }
}
