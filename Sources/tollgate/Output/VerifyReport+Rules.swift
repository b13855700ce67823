internal import Bytes
internal import CEL
internal import GatewayControl
internal import GatewayEngine
internal import GatewayModel

/// What authorization rules say to the request that was described.
extension VerifyReport {
    var ruleWords: String {
        var text = ""
        for trial in trials ?? [] {
            for phase in trial.trials {
                let name = TerminalText.line(name(of: trial.place))
                let code = (phase.verdict?.refusalCode.rawValue).map { "REFUSED \($0) by" } ?? "PASSES"
                text += "\n\(code) the authorization rules of the \(phase.phase.rawValue) phase, before \(name)\n"
                if let verdict = phase.verdict { text += TerminalText.line("  why: \(verdict.sentence)") + "\n" }
                text += phase.answers.map(words).joined()
            }
        }
        return text
    }

    private func words(_ rule: CompiledRule, _ answer: CompiledRule.Outcome) -> String {
        "  " + TerminalText.line("\(rule.mark): \(words(answer)): \(rule.text)") + "\n"
    }

    private func words(_ answer: CompiledRule.Outcome) -> String {
        switch answer {
        case .holds: "holds"
        case .doesNotHold: "does not hold"
        case .fails(let code): "cannot be evaluated (\(code.message))"
        }
    }

    var ruleJSON: JSONOutput {
        guard let trials else { return .null }
        return .array(
            trials.flatMap { trial in
                trial.trials.map { phase in
                    .object([
                        ("passes", .boolean(phase.verdict == nil)), ("phase", .text(phase.phase.rawValue)),
                        ("place", .text(name(of: trial.place))),
                        ("code", .text(phase.verdict?.refusalCode.rawValue)),
                        ("rule", .text(phase.verdict?.mark)), ("why", .text(phase.verdict?.sentence)),
                        ("rules", .array(phase.answers.map(json))),
                    ])
                }
            })
    }

    private func json(_ rule: CompiledRule, _ answer: CompiledRule.Outcome) -> JSONOutput {
        .object([
            ("rule", .text(rule.mark)), ("text", .text(rule.text)), ("answer", .text(words(answer))),
        ])
    }
}
