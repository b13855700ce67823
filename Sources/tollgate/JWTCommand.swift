internal import ArgumentParser

struct JWTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwt",
        abstract: "Mint, look into and verify tokens.",
        discussion: """
            A token for trying things out, and what the gateway says to it:

              TOKEN=$(tollgate jwt sign --iss https://issuer.test --jwks keys.json)
              tollgate jwt inspect $TOKEN
              tollgate jwt verify -f config.yaml --token $TOKEN
            """,
        subcommands: [JWTSignCommand.self, JWTInspectCommand.self, JWTVerifyCommand.self]
    )
}

struct JWKSCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwks",
        abstract: "Look into key sets.",
        discussion: """
            What the gateway would make of an issuer's keys:

              curl -s https://issuer.example/jwks.json | tollgate jwks check -

            And what a running gateway has made of them:

              tollgate jwks status
            """,
        subcommands: [JWKSCheckCommand.self, JWKSStatusCommand.self]
    )
}
