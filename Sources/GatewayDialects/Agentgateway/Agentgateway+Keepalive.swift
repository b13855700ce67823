import GatewayModel

extension AgentgatewayShapes {
    static let tcpKeepalive = ObjectShape(
        "a keepalive",
        [
            .optional("enabled", .boolean, "Whether the other side is asked at all. Default: true."),
            .optional("time", .duration, "Of silence before the first probe. Default: 3m."),
            .optional("interval", .duration, "From one probe to the next. Default: 3m."),
            .optional(
                "retries", .integer(1...127),
                "Probes without an answer, after which the connection is over. Default: 9."),
        ])

    static let frontendTCP = ObjectShape(
        "a frontend's tcp",
        [
            .optional(
                "keepalives", .object(tcpKeepalive),
                "How clients that are silent are asked, below HTTP, whether they are still there. Default: at the "
                    + "system's times.")
        ],
        requiredByOriginal: ["keepalives"])

    static let backendTCP = ObjectShape(
        "a backend's tcp",
        [
            .optional(
                "keepalives", .object(tcpKeepalive),
                "How a backend that is silent is asked, below HTTP, whether it is still there. Default: at the "
                    + "system's times."),
            .optional(
                "connectTimeout", .duration,
                "Opening a connection to the backend; then the request goes to another one, or is answered 504. Default: "
                    + "`config.timeouts.connect`, which is 10s."),
        ],
        requiredByOriginal: ["keepalives", "connectTimeout"])
}

extension AgentgatewayDecoder {
    func tcpKeepalive(_ reader: MappingReader) -> TCPKeepalive {
        let isEnabled = reader.boolean("enabled") ?? true
        let (time, interval) = (timeout("time", reader), timeout("interval", reader))
        let count = reader.integer("retries")
        guard isEnabled else { return .off }
        return .probes(after: time ?? .seconds(180), every: interval ?? .seconds(180), count: count ?? 9)
    }
}
