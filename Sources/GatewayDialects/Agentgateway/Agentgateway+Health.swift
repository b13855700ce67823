import GatewayModel

extension AgentgatewayShapes {
    static let health = ObjectShape(
        "a health policy",
        [
            .optional(
                "unhealthyExpression", .string,
                "A CEL expression about the head of an answer: true where it speaks against the backend. What cannot be "
                    + "evaluated does not. Default: any 5xx. Connections that fail, and answers that do not come in time, "
                    + "speak against it in any case."),
            .optional(
                "eviction", .object(eviction),
                "How the backend is left out: not chosen, unless all others of the route are out, too. Without it nothing "
                    + "is."),
        ])

    static let eviction = ObjectShape(
        "an eviction",
        [
            .optional("duration", .duration, "For how long. Default: 30s."),
            .optional(
                "consecutiveFailures", .integer(1...254), "After how many failures in a row. Default: 1."),
        ],
        notOffered: ["restoreHealth", "healthThreshold"])
}

extension AgentgatewayDecoder {
    /// Nil where it has no effect, which is reported. Whose it is is not known here: its name is empty.
    func health(_ reader: MappingReader) -> HealthChecks? {
        let expression = expression("unhealthyExpression", reader)
        guard let eviction = reader.mapping("eviction") else {
            if !reader.has("eviction") {
                findings.warning(
                    "policy_unused", "`health` without `eviction` has no effect", at: reader.place,
                    hint: "say when the backend is left out: `eviction: {consecutiveFailures: 3, duration: 30s}`")
            }
            return nil
        }
        let failures = eviction.integer("consecutiveFailures") ?? 1
        return HealthChecks(
            name: "", probe: nil,
            answers: HealthCriteria(
                healthyStatuses: Array(100..<500), unhealthyStatuses: Array(500..<600), successes: 1,
                statusFailures: failures, connectionFailures: failures, timeouts: failures, addsUpFailures: true),
            unhealthyAnswer: expression, outage: bound("duration", eviction) ?? .seconds(30))
    }
}
