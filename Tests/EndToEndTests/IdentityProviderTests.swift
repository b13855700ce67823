import Foundation
import JOSE
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// nanoidp, an identity provider that nobody here wrote: `make setup` installs it beside the build.
final class IdentityProvider {
    /// The program, or nil, with a loud word, where it is not installed.
    static let program: String? = {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_NANOIDP"] { return path }
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let path = root.appending(path: ".build-nanoidp/bin/nanoidp").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
        print(
            "SKIPPED: no identity provider at \(path), so the gateway was not tried with a real one. Run `make setup`.")
        return nil
    }()

    let port = Ports.next()
    private let folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-idp-\(UUID().uuidString)")
    private var process: HelperProcess?

    var issuer: String { "http://127.0.0.1:\(port)" }

    init() throws {
        let program = try #require(Self.program)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try HelperProcess.run(program, ["init", "conf"], in: folder)
        let settings = folder.appending(path: "conf/settings.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try text.replacingOccurrences(of: "issuer: \"http://localhost:8000\"", with: "issuer: \"\(issuer)\"")
            .write(to: settings, atomically: true, encoding: .utf8)
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts it, with the keys it had before.
    func start() throws {
        let program = try #require(Self.program)
        process = try HelperProcess(program, ["--config", "conf", "--port", "\(port)"], in: folder, port: port)
        try eventually("the identity provider", within: 60) {
            (try? ask("GET", "/.well-known/jwks.json"))?.status == 200
        }
    }

    func kill() {
        process?.end()
        process = nil
    }

    /// Makes a new key that signs from now on; the one before stays in the set.
    func rotate() throws {
        let answer = try ask("POST", "/api/keys/rotate")
        guard answer.status == 200 else { throw WireFailure.broken("no rotation: \(answer.body.text)") }
    }

    /// An access token by the client-credentials grant.
    func token() throws -> String {
        let answer = try ask(
            "POST", "/token",
            "Authorization: Basic ZGVtby1jbGllbnQ6ZGVtby1zZWNyZXQ=\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\n", body: "grant_type=client_credentials")
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return try #require(object?["access_token"] as? String)
    }

    private func ask(_ method: String, _ path: String, _ lines: String = "", body: String = "") throws -> Answer {
        let wire = try Wire(port: port)
        try wire.send(
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n"
                + "\(lines)\r\n\(body)")
        return try wire.readAnswer()
    }
}

/// Requests with one token, one after the other, until it is told to stop.
private final class Load {
    private final class Shared: Sendable {
        let isStopped = Atomic<Bool>(false)
        let answers = Mutex<[Int: Int]>([:])
        let done = DispatchSemaphore(value: 0)
    }

    private let shared = Shared()

    init(port: Int, token: String) {
        Thread { [shared] in
            defer { shared.done.signal() }
            guard let wire = try? Wire(port: port) else { return }
            while !shared.isStopped.load(ordering: .relaxed) {
                var status = 0
                if (try? wire.send("GET /remote HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")) != nil,
                    let answer = try? wire.readAnswer()
                {
                    status = answer.status
                }
                shared.answers.withLock { $0[status, default: 0] += 1 }
                if status == 0 { return }
            }
        }.start()
    }

    /// How often each status was answered; 0: none was.
    func stop() -> [Int: Int] {
        shared.isStopped.store(true, ordering: .relaxed)
        shared.done.wait()
        return shared.answers.withLock { $0 }
    }

    var count: Int { shared.answers.withLock { $0.values.reduce(0, +) } }
}

@Suite(.enabled(if: IdentityProvider.program != nil)) struct `With a real identity provider` {
    private func start(_ provider: IdentityProvider, timing: String) throws -> KeyedGateway {
        var source = KeyedGateway.Source(lines: "discovery: oidc\nallowHTTP: true")
        source.issuer = provider.issuer
        source.timing = timing
        return try KeyedGateway(source)
    }

    @Test func `a rotation of its keys under load gives not one wrong answer`() throws {
        let provider = try IdentityProvider()
        let gateway = try start(provider, timing: "minRefetchInterval: 100ms\nrefresh: {min: 1h}")
        var token = try provider.token()
        try gateway.waitUntilServed(token)
        var answers: [Int: Int] = [:]
        for _ in 0..<3 {
            let load = (0..<4).map { _ in Load(port: gateway.gateway.port, token: token) }
            // nanoidp keeps two keys beside the current one: through two rotations the token stays good.
            for _ in 0..<2 {
                try provider.rotate()
                token = try provider.token()
                try waitForNewKey(gateway, token)
                let stranger = try Self.stranger(provider.issuer)
                #expect(try gateway.ask(stranger).status == 401)
            }
            for part in load { answers.merge(part.stop(), uniquingKeysWith: +) }
        }
        print("answers under load with six rotations: \(answers)")
        #expect(Set(answers.keys) == [200])
        let status = try gateway.status()
        #expect(status.keys.count == 3)
        #expect(status.fetches <= 14)
    }

    /// The key is new to the gateway: the request waits for it, or is told within the minimum interval between two
    /// fetches that it is not known, and nothing else.
    private func waitForNewKey(_ gateway: KeyedGateway, _ token: String) throws {
        try eventually("the new key") {
            let answer = try gateway.ask(token)
            #expect(answer.status == 200 || answer.refusal == "key_unknown")
            return answer.status == 200
        }
    }

    private static func stranger(_ issuer: String) throws -> String {
        try Tokens.key.token(
            claims: #"{"iss":"\#(issuer)","exp":\#(Int(Date().timeIntervalSince1970) + 600)}"#
        ).text
    }

    @Test func `its end and its return go unnoticed by those who have tokens`() throws {
        let provider = try IdentityProvider()
        let gateway = try start(provider, timing: "minRefetchInterval: 100ms\nrefresh: {min: 200ms, max: 200ms}")
        let token = try provider.token()
        try gateway.waitUntilServed(token)
        let load = Load(port: gateway.gateway.port, token: token)
        provider.kill()
        try eventually("the failure") { try gateway.status().failures >= 2 }
        #expect(try gateway.status().state == "stale")
        #expect(try gateway.status().error?.contains("Connection refused") == true)
        let before = load.count
        try eventually("more answers") { load.count > before + 100 }
        try provider.start()
        try eventually("recovery") { try gateway.status().state == "fresh" }
        #expect(try gateway.ask(try provider.token()).status == 200)
        let answers = load.stop()
        print("answers while the provider was killed and restarted: \(answers)")
        #expect(Set(answers.keys) == [200])
    }
}
