package import GatewayModel
internal import HTTPWire
package import JOSE

/// What the authorization rules of one phase say to a request.
package struct AuthorizationTrial: Sendable {
    package let phase: Attachment.Phase
    /// Nil: the request may pass.
    package let verdict: AuthorizationVerdict?
    /// Every rule that holds there, in the order in which they are asked, and what it says alone.
    package let answers: [(rule: CompiledRule, answer: CompiledRule.Outcome)]
}

// For commands that explain a configuration. Requests never come this way.
extension Snapshot {
    /// Puts a request without its token before the rules it would meet, the gateway's first; ends with those that
    /// refuse it. Nothing where no listener answers to its host.
    ///
    /// - Parameters:
    ///   - text: the head, and the body's payload behind it where there is one.
    ///   - peer: the address it comes from.
    ///   - token: whose claims hold in a phase.
    package func authorizationTrials(
        ofRequest text: [UInt8], bind index: Int, peer: String, now: Int64,
        token: (Attachment.Phase) -> VerifiedToken?
    ) throws(RefusalCode) -> [AuthorizationTrial] {
        let bind = binds[index]
        var scratch = RequestScratch()
        let head = try Self.read(text, &scratch)
        guard let listener = Pipeline.listener(of: bind, &scratch) else { return [] }
        let connection = ConnectionContext(
            address: peer, port: 0, securedBy: bind.tls.isEmpty ? nil : listener.id, traffic: traffic)
        Pipeline.dropForgeries(&scratch, text.span, bind: bind, connection: connection)
        let setting = RequestSetting(head: head, connection: connection, bind: bind, now: now, uptime: 0)
        var trials: [AuthorizationTrial] = []
        for phase in [Attachment.Phase.gateway, .route] {
            if phase == .route, let number = Pipeline.route(of: listener, head, text.span, &scratch) {
                scratch.choose(route: number, of: listener.routes)
            }
            let routePolicy = scratch.route?.policy ?? listener.unroutedPolicy
            let policy = phase == .gateway ? listener.gatewayPolicy : routePolicy
            scratch.verifiedToken = token(phase)
            guard let authorizer = policy.authorization else { continue }
            let body = text.span.extracting(head.byteCount..<text.count)
            let (answer, answers) = RequestActivation.show(
                setting, text.span, body: body, &scratch, listener
            ) { request in
                var answers: [(rule: CompiledRule, answer: CompiledRule.Outcome)] = []
                for rule in authorizer.rules { answers.append((rule, rule.ask(request))) }
                return (authorizer.check(request), answers)
            }
            var verdict: AuthorizationVerdict?
            if case .refuses(let reason) = answer { verdict = reason }
            trials.append(AuthorizationTrial(phase: phase, verdict: verdict, answers: answers))
            if verdict != nil { break }
        }
        return trials
    }
}
