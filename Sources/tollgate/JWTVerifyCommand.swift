internal import ArgumentParser
internal import Bytes
internal import GatewayControl
internal import GatewayEngine
internal import GatewayModel
internal import GatewayTransport

struct JWTVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Say whether a token passes a configuration, and why.",
        discussion: """
            Loads the configuration as `tollgate run` does and puts the token
            before the verifier that requests meet:

              tollgate jwt verify -f config.yaml --token $TOKEN
              tollgate jwt verify -f config.yaml --token @token.txt --route orders
              tollgate jwt verify -f config.yaml --token - --path /orders/7 --json

            The options --route, --listener and --port choose where a request
            ends up; with --host, --path and --method the gateway finds that out
            itself. Otherwise the token is put before every jwtAuth of the file.
            Authorization rules are not asked: they need the whole request.

            Exit code 0: it passes every jwtAuth asked; 1: it is refused, nothing
            there looks at tokens, or the configuration is not valid; 2: used
            wrongly.
            """
    )

    @Option(name: [.short, .long], help: "The configuration file (YAML or JSON).", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The token, @FILE, or - for the standard input.", valueName: "token"))
    var token: String

    @OptionGroup(title: "Where") var place: PlaceOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let token = try InputArgument.token(token)
        let loaded = ConfigurationFile.load(path: file, environment: Environment.variables, tls: TLSChecker())
        guard let snapshot = loaded.snapshot, let configuration = loaded.configuration else {
            StandardError().write(loaded.renderedDiagnostics())
            StandardError.print("\(file) is not valid; the token was not looked at.")
            throw Exit.refused
        }
        let places: [GatewayPlace]
        do {
            places = try place.selection.places(in: configuration, snapshot)
        } catch {
            throw Exit.usage(error.reason)
        }
        let now = WallClock.now()
        let report = VerifyReport(
            checks: TokenCheck.run(token, at: places, of: configuration, snapshot, now: now),
            configuration: configuration, places: places,
            hasAuthorization: places.contains(where: snapshot.hasAuthorization), now: now)
        if json {
            print(report.json.rendered())
        } else {
            print(report.words(isChoice: place.selection.isEverything), terminator: "")
        }
        if !report.passes { throw Exit.refused }
    }
}

/// Where in the configuration a token is verified.
struct PlaceOptions: ParsableArguments {
    @Option(help: "A route, by its name or its id.") var route: String?
    @Option(help: "A listener, by its name, its id or the name of its gateway.") var listener: String?
    @Option(help: "The port of a bind.") var port: Int?
    @Option(help: "The host of a request. Default with --path: localhost.") var host: String?
    @Option(help: "The path of a request, with its query. Default with --host: /.") var path: String?
    @Option(help: "The method of a request. Default with --host or --path: GET.") var method: String?

    func validate() throws {
        guard let path else { return }
        guard path.hasPrefix("/"), !path.contains(where: { $0 == " " || $0.isNewline }) else {
            throw ValidationError("--path begins with a slash and has no blanks.")
        }
    }

    var selection: PlaceSelection {
        var request: PlaceSelection.Request?
        if host != nil || path != nil || method != nil {
            request = .init(host: host ?? "localhost", path: path ?? "/", method: method ?? "GET")
        }
        return PlaceSelection(route: route, listener: listener, port: port, request: request)
    }
}
