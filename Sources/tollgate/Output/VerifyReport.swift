internal import Bytes
internal import GatewayControl
internal import GatewayEngine
internal import GatewayModel
internal import JOSE

/// What `jwt verify` says.
struct VerifyReport {
    let checks: [TokenCheck]
    /// What the authorization rules say; nil where no request was described.
    let trials: [RequestTrial]?
    let configuration: GatewayConfiguration
    let places: [GatewayPlace]
    let hasAuthorization: Bool
    let now: Int64

    /// Nothing passes where nothing looks.
    var passes: Bool {
        !checks.isEmpty && checks.allSatisfy(\.passes) && (trials ?? []).allSatisfy(\.passes)
    }
}

// MARK: - Words

extension VerifyReport {
    /// - Parameter isChoice: whether the caller left open where the token is to pass.
    func words(isChoice: Bool) -> String {
        guard !checks.isEmpty else {
            return "NOTHING VERIFIES IT: no jwtAuth guards \(placesInWords(places)); requests pass without a token.\n"
                + ruleWords
        }
        var text = ""
        if checks.count > 1 {
            text += "\(checks.count) jwtAuth policies \(isChoice ? "are in this file" : "guard this place"):\n\n"
        }
        text += checks.map(words).joined(separator: "\n")
        if checks.count > 1, isChoice {
            text += "\nChoose one with --route, or with --host and --path.\n"
        }
        if hasAuthorization, passes, trials == nil {
            text += "\nAuthorization rules follow here; describe a request with --request to ask them.\n"
        }
        return text + ruleWords
    }

    private func words(of check: TokenCheck) -> String {
        var text = check.refusal.map { "REFUSED \($0.rawValue) by" } ?? "PASSES"
        text += TerminalText.line(" the jwtAuth at \(check.provenance)") + "\n"
        text += "  \(check.policy.presence.rawValue), before \(placesInWords(check.places))\n"
        if let failure = check.failure { text += "  why: \(failure.explanation)\n" }
        text += check.details.map(words).joined()
        if let code = check.refusal {
            text += "  the client reads: \(code.entry.status) \(code.entry.text)\n  what to do: \(code.entry.remedy)\n"
        }
        if let consequence = check.consequence { text += "  \(consequence)\n" }
        return text
    }

    private func words(of detail: TokenCheck.Detail) -> String {
        if case .sentences(let sentences) = detail.value {
            return sentences.map { "  \(detail.label): \(TerminalText.line($0))\n" }.joined()
        }
        return "  \(detail.label): \(words(of: detail.value))\n"
    }

    private func words(of value: TokenCheck.Detail.Value) -> String {
        switch value {
        case .texts(let texts), .sentences(let texts):
            texts.isEmpty ? "(none)" : texts.map(TerminalText.quoted).joined(separator: ", ")
        case .text(let text): text.map(TerminalText.quoted) ?? "(none)"
        case .date(let date): DateWords.dateAndDistance(date, from: now)
        case .seconds(let seconds): DateWords.length(seconds)
        }
    }

    private func placesInWords(_ places: [GatewayPlace]) -> String {
        let shown = places.prefix(Self.shownPlaces).map(name).joined(separator: ", ")
        let rest = places.count - Self.shownPlaces
        return TerminalText.line(shown) + (rest > 0 ? " and \(rest) more" : "")
    }

    private static var shownPlaces: Int { 4 }

    func name(of place: GatewayPlace) -> String {
        let listener = configuration.binds[place.bind].listeners[place.listener]
        guard let route = place.route else { return "what matches no route of listener \(listener.label)" }
        return "route \(listener.routes[route].label)"
    }
}

// MARK: - JSON

extension VerifyReport {
    var json: JSONOutput {
        .object([
            ("passes", .boolean(passes)),
            ("checks", .array(checks.map(json))),
            ("authorizationRulesFollow", .boolean(hasAuthorization && trials == nil)),
            ("authorization", ruleJSON),
        ])
    }

    private func json(of check: TokenCheck) -> JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("passes", .boolean(check.passes)),
            ("policy", .text("\(check.provenance)")),
            ("phase", .text(check.phase.rawValue)),
            ("mode", .text(check.policy.presence.rawValue)),
            ("places", .texts(check.places.map(name))),
        ]
        if let code = check.refusal, let failure = check.failure {
            members += [
                ("code", .text(code.rawValue)), ("error", .text("\(failure)")),
                ("why", .text(failure.explanation)), ("status", .number(code.entry.status)),
                ("clientText", .text("\(code.entry.text)")), ("remedy", .text("\(code.entry.remedy)")),
            ]
        }
        return .object(members + check.details.map { ($0.name, json(of: $0.value)) })
    }

    private func json(of value: TokenCheck.Detail.Value) -> JSONOutput {
        switch value {
        case .texts(let texts), .sentences(let texts): .texts(texts)
        case .text(let text): .text(text)
        case .date(let date): .object([("seconds", .number(date)), ("utc", .text(DateWords.date(date)))])
        case .seconds(let seconds): .number(seconds)
        }
    }
}
