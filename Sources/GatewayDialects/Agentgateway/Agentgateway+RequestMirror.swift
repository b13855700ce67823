import GatewayModel

extension AgentgatewayShapes {
    static let requestMirror = ObjectShape(
        "a mirror",
        [
            .required(
                "backend", .object(plainBackend),
                "Where the copies go. It is sent what the route's policies leave of the request, and of credentials its "
                    + "own alone: the route's `backendAuth` and `backendTLS` are not for it."),
            .required(
                "percentage", .number,
                "Which part of the requests is copied, from 0 to 1. Requests with more than 64 KiB of body are not, nor "
                    + "WebSockets, nor what would be more than 256 copies, or 4 MiB of them, under way in an event loop."
            ),
        ])
}

extension AgentgatewayDecoder {
    mutating func requestMirror(_ reader: MappingReader) -> RequestMirror? {
        let endpoint = reader.mapping("backend").flatMap(serverOrReference)
        guard let share = reader.node("percentage").flatMap(share), let endpoint,
            let place = reader.entry("backend")?.keyProvenance
        else { return nil }
        let id = UpstreamID(names.unique("requestMirror to \(endpoint.address)"))
        upstreams.append(Upstream(id: id, endpoints: [endpoint], provenance: place))
        return RequestMirror(upstream: id, share: share)
    }

    private func share(_ node: DocumentNode) -> Double? {
        guard case .scalar(let scalar) = node.content, let number = scalar.number else {
            node.reportType("a number", findings)
            return nil
        }
        guard (0...1).contains(number) else {
            findings.error(
                "out_of_range", "\(node.label) has to be between 0 and 1, found \(scalar.kindInWords)",
                at: node.provenance,
                hint: (1...100).contains(number) ? "write \(number / 100) for \(scalar.text) %" : nil)
            return nil
        }
        return number
    }
}
