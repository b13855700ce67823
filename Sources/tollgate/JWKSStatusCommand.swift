internal import ArgumentParser
internal import Bytes
internal import GatewayModel
internal import GatewayTransport
internal import KeyFetching

struct JWKSStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the keys of a running gateway, and how it stands with those that it fetches.",
        discussion: """
            Asks the gateway's control listener (config.statsAddr):

              tollgate jwks status
              tollgate jwks status --address 127.0.0.1:15020 --json

            Exit code 0: every source has keys; 1: one has none, or the gateway
            does not answer; 2: used wrongly.
            """
    )

    @Option(help: ArgumentHelp("Where the control listener is.", valueName: "host:port"))
    var address = "127.0.0.1:15020"

    @Flag(help: "Print JSON, as the gateway answers it.")
    var json = false

    func run() async throws {
        let url: HTTPURL
        do {
            url = try HTTPURL("http://\(address)/keys")
        } catch {
            throw Exit.usage("--address \(error.message).", hint: "write it as 127.0.0.1:15020")
        }
        let document = try await answer(of: url)
        let limits = JSONLimits(maxBytes: Self.maxBytes, maxDepth: 16, maxNodes: 1 << 20)
        guard let root = try? JSONDocument(parsing: document, limits: limits).root, let sources = root["sources"]
        else {
            StandardError.print("error: what answers at \(url) is not a gateway's control listener")
            throw Exit.refused
        }
        if json {
            print(JSONOutput(root).rendered())
        } else {
            print(KeyStatusReport.words(sources, now: WallClock.now()), terminator: "")
        }
        if sources.elements.contains(where: { $0["state"]?.string == "none" }) { throw Exit.refused }
    }

    private func answer(of url: HTTPURL) async throws -> [UInt8] {
        let settings = RemoteRequestSettings(
            caFile: nil, headers: [], timeout: .seconds(10), maxBytes: Self.maxBytes, maxRedirects: 0,
            allowsHTTP: true, refusesPrivateAddresses: false)
        do throws(RemoteFailure) {
            let answer = try await KeyClient().fetch(RemoteRequest(url: url, settings: settings, entityTag: nil))
            if case .bytes(let bytes) = answer.content { return bytes }
        } catch {
            StandardError.print(TerminalText.lines("error: \(error)"))
        }
        throw Exit.refused
    }

    private static let maxBytes = 64 << 20
}

/// The answer of `/keys` in words.
enum KeyStatusReport {
    static func words(_ sources: JSONValue, now: Int64) -> String {
        let texts = sources.elements.map { words(source: $0, now: now) }
        return texts.isEmpty ? "There are no keys.\n" : texts.joined(separator: "\n")
    }

    private static func words(source: JSONValue, now: Int64) -> String {
        var lines = [name(source)]
        if let keySet = source["keySet"]?.string { lines.append("  key set       \(keySet)") }
        let issuers = source["issuers"]?.elements.compactMap(\.string).joined(separator: ", ") ?? ""
        lines.append("  issuer        \(issuers)")
        lines.append("  state         \(state(source))")
        for (label, name) in [
            ("last fetch  ", "lastFetch"), ("last success", "lastSuccess"), ("next fetch  ", "nextFetch"),
            ("keys die    ", "expires"),
        ] {
            guard let moment = source[name]?.integer else { continue }
            lines.append("  \(label)  \(DateWords.dateAndDistance(moment, from: now))")
        }
        if let fetches = source["fetches"]?.integer {
            lines.append("  fetches       \(fetches), \(source["failures"]?.integer ?? 0) failed")
        }
        if let error = source["error"]?.string { lines.append("  error         \(error)") }
        var text = lines.map { TerminalText.line($0) + "\n" }.joined()
        text += keys(source)
        for finding in source["findings"]?.elements.compactMap({ $0["message"]?.string }) ?? [] {
            text += TerminalText.line("  warning: \(finding)") + "\n"
        }
        return text
    }

    private static func name(_ source: JSONValue) -> String {
        if let url = source["url"]?.string { return url }
        if let file = source["file"]?.string { return "file \(file)" }
        return "keys written at \(source["inline"]?.string ?? "?")"
    }

    private static func state(_ source: JSONValue) -> String {
        switch source["state"]?.string {
        case "fresh": "fresh"
        case "loaded": "loaded with the configuration"
        case "stale": "stale: in use until the keys die"
        default: "no keys: tokens that need them are refused"
        }
    }

    private static func keys(_ source: JSONValue) -> String {
        let keys = source["keys"]?.elements.map { $0 } ?? []
        guard !keys.isEmpty else { return "" }
        var table = Table(["  kid", "kty", "crv/bits", "algorithms", "thumbprint"])
        for key in keys {
            table.add([
                "  " + (key["kid"]?.string ?? "(none)"), key["kty"]?.string ?? "",
                key["crv"]?.string ?? "\(key["bits"]?.integer ?? 0)",
                key["algorithms"]?.elements.compactMap(\.string).joined(separator: " ") ?? "",
                key["thumbprint"]?.string ?? "",
            ])
        }
        return table.rendered
    }
}
