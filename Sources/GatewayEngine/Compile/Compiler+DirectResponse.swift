internal import CEL
internal import GatewayModel

extension Compiler {
    mutating func directResponseStage(_ policy: DirectResponse) -> DirectResponseStage {
        DirectResponseStage(policy.choices.map { compiled($0) })
    }

    private mutating func compiled(_ choice: DirectResponse.Choice) -> DirectResponseStage.Choice {
        DirectResponseStage.Choice(
            status: choice.status, body: compiled(choice.body),
            headers: choice.headers.compactMap { compiled($0, of: .response, at: .forwarding) },
            condition: choice.condition.flatMap {
                program($0, of: .bool, "a condition must be true or false", at: .forwarding)
            })
    }

    private mutating func compiled(_ body: DirectResponse.Body) -> DirectResponseStage.Body {
        switch body {
        case .bytes(let bytes): .bytes(bytes)
        case .expression(let expression):
            text(expression, "the body", at: .forwarding).map { .expression($0) } ?? .bytes([])
        }
    }

    mutating func delayStage(_ policy: RequestDelay) -> DelayStage? {
        switch policy {
        case .fixed(let length): return DelayStage(.nanoseconds(length.nanoseconds))
        case .expression(let expression):
            guard let program = program(expression, of: nil, "", at: .forwarding) else { return nil }
            guard [.duration, .int, .uint, .double, .dyn].contains(program.type) else {
                report(
                    Diagnostic(
                        .error, "expression_invalid",
                        "a delay must be a duration or a number of milliseconds, this one is a \(program.type)",
                        at: expression.provenance, hint: "write it as `2s`, `duration(\"2s\")` or `2000`"))
                return nil
            }
            return DelayStage(.expression(program))
        }
    }
}
