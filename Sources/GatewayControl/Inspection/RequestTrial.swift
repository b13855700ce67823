package import GatewayEngine
internal import GatewayModel
internal import JOSE

/// A request put before the authorization rules of the places where it ends up.
package struct RequestTrial: Sendable {
    package let place: GatewayPlace
    package let trials: [AuthorizationTrial]

    package var passes: Bool { trials.allSatisfy { $0.verdict == nil } }

    /// Puts a request with a token that these checks judged before the rules; one that a check stops meets none.
    package static func run(
        _ request: PlaceSelection.Request, from peer: String, at places: [GatewayPlace], after checks: [TokenCheck],
        of snapshot: Snapshot, now: Int64
    ) throws(PlaceSelection.Failure) -> [RequestTrial] {
        var trials: [RequestTrial] = []
        for place in places {
            let own = checks.filter { $0.places.contains(place) }
            guard own.allSatisfy(\.letsRequestPass) else { continue }
            do throws(RefusalCode) {
                let found = try snapshot.authorizationTrials(
                    ofRequest: request.text, bind: place.bind, peer: peer, now: now
                ) { token(in: $0, after: own) }
                trials.append(RequestTrial(place: place, trials: found))
            } catch {
                throw PlaceSelection.Failure(reason: "the gateway refuses such a request: \(error.rawValue)")
            }
        }
        return trials
    }

    /// The claims of an earlier phase hold on, unless the later one looked at the token and found it bad.
    private static func token(in phase: Attachment.Phase, after checks: [TokenCheck]) -> VerifiedToken? {
        let asked = checks.filter { $0.phase == .gateway || phase == .route }
        return (asked.last { $0.phase == phase } ?? asked.last).flatMap { try? $0.verdict.get() }
    }
}
