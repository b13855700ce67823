internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let requestID = APISIXPlugin(
        name: "request-id", priority: 12015, isAuthentication: false,
        schema: .object(
            .init([
                ("header_name", .string(.init(default: "X-Request-Id"))),
                ("include_in_response", .boolean(default: true)),
                (
                    "algorithm",
                    .string(
                        .init(
                            choices: ["uuid", "nanoid", "range_id", "ksuid", "uuidv7"],
                            offered: ["uuid", "nanoid", "range_id"], default: "uuid"))
                ),
                (
                    "range_id",
                    .object(
                        .init([
                            ("length", .integer(min: 6, max: 256, default: 16)),
                            ("char_set", .string(.init(min: 6, max: 256, Patterns.visible, default: alphanumeric))),
                        ]))
                ),
            ])))

    fileprivate static let alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIGKLMNOPQRSTUVWXYZ0123456789"
}

extension APISIXDecoder {
    /// - Parameter outer: of global rules, which give names of their own in another header; nil: there is none.
    static func requestID(_ own: HeldPlugin, behind outer: HeldPlugin?, at place: Provenance) -> RequestIDPolicy {
        var policy = requestID(own.value, at: place)
        let other = outer.map { requestID($0.value, at: place) }
        policy.others = [other].compactMap(\.self).filter { $0.header.lowercased() != policy.header.lowercased() }
        return policy
    }

    /// A name that the client sent stays: it is the client's to choose.
    private static func requestID(_ value: JSONTree, at place: Provenance) -> RequestIDPolicy {
        let range = value["range_id"]
        let form: RequestIDPolicy.Form =
            switch value["algorithm"]?.string {
            case "nanoid":
                .characters("_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", count: 21)
            case "range_id":
                .characters(
                    range?["char_set"]?.string ?? APISIXPlugin.alphanumeric, count: range?["length"]?.integer ?? 16)
            default: .uuid
            }
        return RequestIDPolicy(
            form: form, header: value["header_name"]?.string ?? "X-Request-Id", trust: .anyone, tellsBackend: true,
            tellsClient: value["include_in_response"]?.boolean != false, provenance: place)
    }
}
