import GatewayModel

extension AgentgatewayShapes {
    static let basicAuthentication = ObjectShape(
        "a basicAuth",
        [
            .required(
                "htpasswd", .either([.secret, .object(userFile)]),
                "The users and the hashes of their passwords, as `htpasswd` writes them: bcrypt (`htpasswd -B`), MD5 or "
                    + "SHA-1. In a configuration `$` is written `$$`."),
            .optional("realm", .string, "The realm of the challenge. Default: `Restricted`."),
            .optional(
                "mode", .either([.choice(["strict", "optional"]), .ours(.choice(["permissive"]))]),
                "What becomes of a request without a valid password, as in `jwtAuth`; agentgateway has no `permissive` "
                    + "here. Default: `optional`, with a warning."),
            .optional(
                "authorizationLocation", .object(tokenLocation),
                "Where user and password stand. Default: the header `Authorization` with the prefix `Basic `."),
        ] + furtherCredentialFields("password") + [logOnly])

    static let userFile = ObjectShape(
        "an htpasswd",
        [
            .required(
                "file", .string,
                "The file that holds the users. A relative path starts at the folder the process runs in. Read again "
                    + "when it changes.")
        ])
}

extension AgentgatewayDecoder {
    func basicAuthentication(_ reader: MappingReader, isPart: Bool = false) -> BasicAuthentication? {
        var handling = credentialHandling(
            reader, "basicAuth", single: "authorizationLocation",
            standard: .header(name: "authorization", prefix: "Basic "), realm: reader.text("realm") ?? "Restricted",
            isPart: isPart)
        handling.logsOnly = logsOnly(reader, "basicAuth", isPart: isPart)
        return reader.entry("htpasswd").flatMap { textSource($0, file: AgentgatewayShapes.userFile) }.map {
            BasicAuthentication(handling: handling, users: $0)
        }
    }
}
