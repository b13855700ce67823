internal import ArgumentParser
internal import Bytes
internal import GatewayControl
internal import GatewayEngine
internal import GatewayModel
internal import GatewayTransport
internal import KeyFetching

struct JWTVerifyCommand: AsyncParsableCommand {
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
            ends up; with --request, or --host, --path and --method, the gateway
            finds that out itself, and the authorization rules are asked, too:

              tollgate jwt verify -f config.yaml --token $TOKEN \\
                --request 'GET /admin' --header 'X-Team: red'

            They see the request as it is described here: what transformations would
            change of it before, they do not.

            Otherwise the token is put before every jwtAuth of the file. Keys that the
            configuration names by URL or discovery are fetched.

            Exit code 0: it passes what was asked; 1: it is refused, nothing there
            looks at tokens, or the configuration is not valid; 2: used wrongly.
            """
    )

    @Option(name: [.short, .long], help: "The configuration file (YAML or JSON).", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The token, @FILE, or - for the standard input.", valueName: "token"))
    var token: String

    @OptionGroup(title: "Where") var place: PlaceOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let token = try InputArgument.token(token)
        let remote = RemoteKeySources(store: nil, clock: .system())
        let loaded = await load(remote)
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
        let checks = TokenCheck.run(token, at: places, of: configuration, snapshot, remote: remote, now: now)
        let report = VerifyReport(
            checks: checks, trials: try trials(places, checks, snapshot, now), configuration: configuration,
            places: places, hasAuthorization: places.contains(where: snapshot.hasAuthorization), now: now)
        if json {
            print(report.json.rendered())
        } else {
            print(report.words(isChoice: place.selection.isEverything), terminator: "")
        }
        if !report.passes { throw Exit.refused }
    }

    /// What the rules say to the request, where one is described.
    private func trials(
        _ places: [GatewayPlace], _ checks: [TokenCheck], _ snapshot: Snapshot, _ now: Int64
    ) throws -> [RequestTrial]? {
        guard let request = place.selection.request else { return nil }
        do {
            return try RequestTrial.run(
                request, from: place.from, at: places, after: checks, of: snapshot, now: now)
        } catch {
            throw Exit.usage(error.reason)
        }
    }

    /// The configuration, with the keys that it names by URL.
    private func load(_ remote: RemoteKeySources) async -> ConfigurationFile {
        let loaded = ConfigurationFile.load(
            path: file, environment: Environment.variables, tls: TLSChecker(), remote: remote)
        guard loaded.snapshot != nil, !loaded.remoteKeyPlaces.isEmpty else { return loaded }
        for failure in await remote.fetchOnce(with: KeyClient()) {
            StandardError.print(TerminalText.lines("warning: cannot fetch keys: \(failure)"))
        }
        return ConfigurationFile.load(path: file, environment: Environment.variables, tls: TLSChecker(), remote: remote)
    }
}

/// Where in the configuration a token is verified.
struct PlaceOptions: ParsableArguments {
    @Option(help: "A route, by its name or its id.") var route: String?
    @Option(help: "A listener, by its name, its id or the name of its gateway.") var listener: String?
    @Option(help: "The port of a bind.") var port: Int?
    @Option(help: ArgumentHelp("A request, such as 'GET /admin'.", valueName: "method path")) var request: String?
    @Option(help: "The host of a request. Default with --path: localhost.") var host: String?
    @Option(help: "The path of a request, with its query. Default with --host: /.") var path: String?
    @Option(help: "The method of a request. Default with --host or --path: GET.") var method: String?

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp("A header of the request; repeatable.", valueName: "name: value"))
    var headers: [String] = []
    @Option(help: "The address the request comes from.") var from = "127.0.0.1"

    func validate() throws {
        if request != nil, path != nil || method != nil {
            throw ValidationError("--request says method and path already.")
        }
        guard headers.allSatisfy({ $0.contains(":") && !$0.contains(where: \.isNewline) }) else {
            throw ValidationError("--header has the form 'Name: value'.")
        }
        guard let path = parts.path else { return }
        guard path.hasPrefix("/"), !path.contains(where: { $0 == " " || $0.isNewline }) else {
            throw ValidationError("a path begins with a slash and has no blanks.")
        }
    }

    var selection: PlaceSelection {
        var request: PlaceSelection.Request?
        let (method, path) = parts
        if host != nil || path != nil || method != nil || !headers.isEmpty {
            request = .init(host: host ?? "localhost", path: path ?? "/", method: method ?? "GET", fields: headers)
        }
        return PlaceSelection(route: route, listener: listener, port: port, request: request)
    }

    /// Method and path, from `--request` or each from its own option.
    private var parts: (method: String?, path: String?) {
        guard let request else { return (method, path) }
        let words = request.split(separator: " ", maxSplits: 1).map(String.init)
        return words.count == 2 ? (words[0], words[1]) : (nil, request)
    }
}
