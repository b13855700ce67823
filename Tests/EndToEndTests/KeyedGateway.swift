import Foundation
import JOSE

/// A gateway that fetches keys: requests to `/remote` need a token of the issuer that they are of.
final class KeyedGateway {
    /// What a source is, as lines under `jwks`, and what its clocks are.
    struct Source {
        var lines: String
        var issuer = "https://issuer.test"
        var timing = """
            timeout: 500ms
            maxBytes: 65536
            minRefetchInterval: 100ms
            staleLimit: 1h
            refresh: {min: 200ms, max: 200ms}
            """

        static func url(_ url: String, _ more: String = "") -> Source {
            Source(lines: "url: \"\(url)\"\nallowHTTP: true\n\(more)")
        }
    }

    let gateway: RunningGateway
    let upstream: EchoUpstream

    init(_ source: Source, arguments: [String] = []) throws {
        let upstream = try EchoUpstream()
        self.upstream = upstream
        var setup = RunningGateway.Setup()
        setup.arguments = arguments
        let indentation = "\n" + String(repeating: " ", count: 8)
        let lines = (source.lines + "\n" + source.timing).split(separator: "\n").joined(separator: indentation)
        setup.routes = """
            - name: remote
              matches:
              - path: {pathPrefix: /remote}
              policies:
                jwtAuth:
                  mode: strict
                  issuer: \(source.issuer)
                  jwks:
                    \(lines)
              backends:
              - host: 127.0.0.1:\(upstream.port)
            """
        gateway = try RunningGateway(setup, upstreamPort: upstream.port)
    }

    func ask(_ token: String) throws -> Answer {
        try gateway.get("/remote", "Authorization: Bearer \(token)\r\n")
    }

    /// How the one source stands, as `/keys` says.
    func status() throws -> Status {
        let answer = try gateway.control("/keys")
        let root = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        guard let source = (root?["sources"] as? [[String: Any]])?.first else {
            throw WireFailure.broken("no source in \(answer.body.text)")
        }
        return Status(
            state: source["state"] as? String ?? "", error: source["error"] as? String,
            fetches: source["fetches"] as? Int ?? -1, failures: source["failures"] as? Int ?? -1,
            notModified: source["notModified"] as? Int ?? -1, keys: source["keys"] as? [[String: Any]] ?? [])
    }

    struct Status {
        var state: String
        var error: String?
        var fetches: Int
        var failures: Int
        var notModified: Int
        var keys: [[String: Any]]
    }

    /// Waits until tokens of this kind pass.
    func waitUntilServed(_ token: String) throws {
        try eventually("the keys") { try ask(token).status == 200 }
    }
}

extension Tokens {
    static func newKey(_ kid: String) throws -> SigningKey { try SigningKey.generate(.es256, kid: kid) }

    /// The key set of several keys.
    static func keySet(_ keys: [SigningKey]) -> String {
        let sets = keys.map { String($0.verificationJWKS.text.dropFirst(#"{"keys":["#.count).dropLast(2)) }
        return #"{"keys":["# + sets.joined(separator: ",") + "]}"
    }
}
