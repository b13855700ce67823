import GatewayModel

extension AgentgatewayShapes {
    static let delay = ObjectShape(
        "a delay",
        [
            .required(
                "duration", .string,
                "A length of time such as `2s`, or a CEL expression that answers a duration or a number of milliseconds, "
                    + "such as `random() < 0.1 ? 2000 : 0`. What is not positive, or cannot be evaluated, delays nothing; "
                    + "5m is the longest.")
        ])
}

extension AgentgatewayDecoder {
    func delay(_ reader: MappingReader) -> RequestDelay? {
        guard let expression = expression("duration", reader) else { return nil }
        guard let fixed = Duration(written: expression.text) else { return .expression(expression) }
        guard fixed <= RequestDelay.longest else {
            findings.error("out_of_range", "`duration` has to be 5m at most", at: expression.provenance)
            return nil
        }
        return .fixed(fixed)
    }
}
