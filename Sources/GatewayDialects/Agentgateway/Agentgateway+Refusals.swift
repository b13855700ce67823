import GatewayModel

extension AgentgatewayShapes {
    static let refusals = ObjectShape(
        "the form of refusals",
        [
            .ours(
                "style", .choice(["agentgateway", "problem", "apisix", "openai"]),
                "How refusals are worded: plain text as agentgateway's, `application/problem+json` (RFC 9457), or JSON as "
                    + "Apache APISIX or OpenAI's API write it. Calls of gRPC are always told in gRPC's way. Default: "
                    + "`agentgateway`."),
            .ours(
                "body", .either([.string, .object(bodyFile)]),
                "A body in place of the style's, at most 16384 bytes. `{{code}}`, `{{status}}`, `{{reason}}` (the status "
                    + "in words), `{{message}}`, `{{realm}}` and `{{requestId}}` stand for what is known of a refusal, "
                    + "escaped for the content type. JSON has to be JSON, with the placeholders inside of strings; "
                    + "`{{status}}` may be a number."),
            .ours(
                "contentType", .string,
                "The media type of `body`: `text/plain`, `text/html`, `application/json`, `application/xml`, or one that "
                    + "ends in `+json` or `+xml`. Default: `text/plain`."),
        ])

    static let bodyFile = ObjectShape(
        "a body",
        [
            .ours(
                "file", .string,
                "The file that holds the body. A relative path starts at the folder the process runs in. Read again when "
                    + "it changes.")
        ])

    static let requestID = ObjectShape(
        "a requestId",
        [
            .ours("header", .string, "The header that has it. Default: `x-request-id`."),
            .ours(
                "trust", .choice(["never", "trustedProxies", "anyone"]),
                "Whose IDs are taken over, if they are 1 to 128 letters, digits and `-_.:/+=@~`: nobody's, those of "
                    + "`config.trustedProxies`, or every client's. All other requests get a random UUID. Default: "
                    + "`trustedProxies`."),
            .ours("toBackend", .boolean, "Whether the backend gets the header. Default: true."),
            .ours("toClient", .boolean, "Whether the client gets it, with refusals too. Default: true."),
        ])
}

extension AgentgatewayDecoder {
    func refusals(_ reader: MappingReader) -> RefusalForm {
        let style = reader.choice("style").flatMap(RefusalStyle.init) ?? .agentgateway
        let contentType = reader.text("contentType") ?? "text/plain"
        if !reader.has("style"), !reader.has("body"), reader.isSound {
            findings.error(
                "field_missing", "`refusals` says nothing", at: reader.place, hint: "it may have `style` or `body`")
        }
        if !reader.has("body"), let place = reader.node("contentType")?.provenance {
            findings.error("field_unused", "`contentType` is of no use without `body`", at: place, hint: "remove it")
        }
        let template = reader.entry("body").flatMap { textSource($0, file: AgentgatewayShapes.bodyFile) }
        return RefusalForm(
            style: style,
            body: template.map {
                RefusalForm.Body(
                    template: $0, contentType: contentType,
                    contentTypePlace: reader.node("contentType")?.provenance ?? $0.provenance)
            })
    }

    func requestID(_ reader: MappingReader) -> RequestIDPolicy {
        RequestIDPolicy(
            header: reader.text("header") ?? "x-request-id",
            trust: reader.choice("trust").flatMap(RequestIDPolicy.Trust.init) ?? .trustedProxies,
            tellsBackend: reader.boolean("toBackend") ?? true, tellsClient: reader.boolean("toClient") ?? true,
            provenance: reader.node("header")?.provenance ?? reader.place)
    }
}
