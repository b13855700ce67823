import Foundation
import GatewayControl
import GatewayEngine
import GatewayModel
import JOSE
import Synchronization
import Testing

/// A day in a moment: clocks that the test sets, and answers that it writes.
private final class World: RemoteDocumentFetcher {
    struct State {
        var seconds: Int64 = 0
        var answers: [String: Result<RemoteDocument, RemoteFailure>] = [:]
        var requests: [RemoteRequest] = []
    }

    static let start: Int64 = 1_800_000_000
    let state = Mutex(State())

    var clock: KeyClock {
        KeyClock(
            uptime: { [self] in .seconds(state.withLock { $0.seconds }) },
            wall: { [self] in Self.start + state.withLock { $0.seconds } }, jitter: { 0 })
    }

    func fetch(_ request: RemoteRequest) async throws(RemoteFailure) -> RemoteDocument {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers[request.url.target]
        }
        return try (answer ?? .failure(RemoteFailure("nothing there"))).get()
    }

    func pass(seconds: Int64) { state.withLock { $0.seconds += seconds } }

    func answer(_ target: String, _ text: String?, entityTag: String? = nil, lifetime: Int? = nil) {
        state.withLock {
            $0.answers[target] = .success(
                RemoteDocument(
                    content: text.map { .bytes(Array($0.utf8)) } ?? .notModified, entityTag: entityTag,
                    lifetime: lifetime.map { .seconds($0) }))
        }
    }

    func fail(_ target: String) { state.withLock { $0.answers[target] = nil } }

    var requests: [RemoteRequest] { state.withLock { $0.requests } }

    /// Does what the source says until it wants to wait; answers for how many seconds.
    func run(_ source: RemoteKeySource) async -> Int64 {
        while true {
            switch source.next() {
            case .wait(let time): return time.components.seconds + (time.components.attoseconds > 0 ? 1 : 0)
            case .expire: source.expire()
            case .fetch: source.settled(after: await source.fetch(with: self))
            }
        }
    }

    /// Lets time pass as the source says, at least so long.
    func run(_ source: RemoteKeySource, for seconds: Int64) async {
        var left = seconds
        while left > 0 {
            let pause = min(max(1, await run(source)), left)
            pass(seconds: pause)
            left -= pause
        }
        _ = await run(source)
    }
}

@Suite struct `A remote key source` {
    private let world = World()
    private let key: SigningKey
    private let sources: RemoteKeySources

    init() throws {
        key = try SigningKey.generate(.es256, kid: "one")
        sources = RemoteKeySources(store: nil, clock: world.clock)
        world.answer("/keys", String(decoding: key.verificationJWKS, as: UTF8.self))
    }

    private static let settings = RemoteRequestSettings(
        caFile: nil, headers: [.init(name: "X-Key", value: "secret")], timeout: .seconds(1), maxBytes: 1 << 20,
        maxRedirects: 0, allowsHTTP: false, refusesPrivateAddresses: false)

    private static func issuer(_ place: RemoteKeys.Place, allowsWeakKeys: Bool = false) -> (RemoteKeys, Issuer) {
        let keys = RemoteKeys(place: place, request: settings, refresh: .usual)
        let here = Provenance(document: "test")
        let issuer = Issuer(
            names: ["https://issuer.test"], audiences: [],
            keySources: [KeySource(origin: .remote(keys), provenance: here)],
            algorithms: nil, requiredClaims: [], clockSkewSeconds: 0, allowsWeakKeys: allowsWeakKeys,
            requirements: TokenRequirements(
                type: .ordinary, maxLifetimeSeconds: nil, refusesFutureIssuedAt: true, subjects: [], scopes: [],
                claims: []),
            provenance: here)
        return (keys, issuer)
    }

    private func source(allowsWeakKeys: Bool = false, in sources: RemoteKeySources? = nil) throws -> RemoteKeySource {
        let (keys, issuer) = Self.issuer(
            .keySet(try HTTPURL("https://issuer.test/keys")), allowsWeakKeys: allowsWeakKeys)
        return (sources ?? self.sources).source(keys, of: issuer)
    }

    @Test func `is fetched some hundred times a day where the server says nothing`() async throws {
        let source = try source()
        await world.run(source, for: 86400)
        // Each after 80 % of fifteen minutes.
        #expect(world.requests.count == 86400 / 720 + 1)
        #expect(source.keySet.keys.count == 1)
    }

    @Test func `keeps its keys for a day and their time when the server dies, and not a second more`() async throws {
        world.answer("/keys", String(decoding: key.verificationJWKS, as: UTF8.self), lifetime: 3600)
        let source = try source()
        _ = await world.run(source)
        world.fail("/keys")
        await world.run(source, for: 3600 + 86400 - 1)
        #expect(source.keySet.keys.count == 1)
        #expect(source.status.condition == .stale)
        #expect(source.status.record.error == RemoteFailure("nothing there"))
        // A fetch a minute, give or take the jitter.
        #expect((1400...1900).contains(world.requests.count))
        await world.run(source, for: 1)
        #expect(source.keySet.keys.isEmpty)
        #expect(source.status.condition == .none)
        world.answer("/keys", String(decoding: key.verificationJWKS, as: UTF8.self))
        await world.run(source, for: 61)
        #expect(source.keySet.keys.count == 1)
    }

    @Test func `stays alive by answers that nothing has changed`() async throws {
        world.answer("/keys", String(decoding: key.verificationJWKS, as: UTF8.self), entityTag: "\"v\"")
        let source = try source()
        _ = await world.run(source)
        world.answer("/keys", nil)
        await world.run(source, for: 3 * 86400)
        #expect(source.keySet.keys.count == 1)
        #expect(source.status.condition == .fresh)
        #expect(world.requests.dropFirst().allSatisfy { $0.entityTag == "\"v\"" })
    }

    @Test func `is fetched once per minimum interval while keys are missing`() async throws {
        let source = try source()
        _ = await world.run(source)
        let before = world.requests.count
        for second in 0..<100 {
            for number in 0..<10 {
                let kid = Array("\(second) \(number)".utf8)
                _ = source.refresh.keyIsMissing(kid.span, now: world.clock.wall())
            }
            _ = await world.run(source)
            world.pass(seconds: 1)
        }
        #expect(world.requests.count - before == 9)
    }

    @Test func `goes on with the keys that a source of other settings has for the same issuer and place`() async throws
    {
        let first = try source()
        _ = await world.run(first)
        world.fail("/keys")
        let second = try source(allowsWeakKeys: true)
        #expect(second !== first)
        #expect(second.keySet.isEquivalent(to: first.keySet))
        #expect(try source() === first)
    }

    @Test func `has no use for keys of a server that other authorities have vouched for`() async throws {
        let first = try source()
        _ = await world.run(first)
        #expect(first.keySet.keys.count == 1)
        world.fail("/keys")
        var (keys, issuer) = Self.issuer(first.id.keys.place)
        keys.request.caFile = "ca.pem"
        #expect(sources.source(keys, of: issuer).keySet.keys.isEmpty)
        keys.request.caFile = nil
        #expect(sources.source(keys, of: issuer) === first)
    }

    @Test func `begins with what was kept, and not with what was kept for too long`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-keys-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try KeyStore(data: folder.path)
        let kept = RemoteKeySources(store: store, clock: world.clock)
        let source = try source(in: kept)
        _ = await world.run(source)
        try kept.save(source)
        world.fail("/keys")

        world.pass(seconds: 86400)
        let next = RemoteKeySources(store: store, clock: world.clock)
        #expect(try self.source(in: next).keySet.keys.count == 1)
        #expect(try self.source(in: next).status.condition == .stale)
        world.pass(seconds: 900)
        let late = RemoteKeySources(store: store, clock: world.clock)
        #expect(try self.source(in: late).keySet.keys.isEmpty)
    }

    @Test func `asks for metadata when its time is over, and sends headers to their server only`() async throws {
        let place = try HTTPURL("https://issuer.test/metadata")
        let (keys, issuer) = Self.issuer(.metadata(place, issuer: "https://issuer.test"))
        world.answer(
            "/metadata", #"{"issuer":"https://issuer.test","jwks_uri":"https://keys.test/keys"}"#, lifetime: 3600)
        let source = sources.source(keys, of: issuer)
        await world.run(source, for: 3599)
        #expect(world.requests.filter { $0.url == place }.count == 1)
        #expect(source.status.keySetName == "https://keys.test/keys")
        await world.run(source, for: 720)
        #expect(world.requests.filter { $0.url == place }.count == 2)
        for request in world.requests { #expect(request.settings.headers.isEmpty == (request.url != place)) }
    }

    @Test func `is not fetched as long as nothing that names it is served`() throws {
        let first = try source()
        #expect(try source() === first)
        #expect(sources.all.isEmpty)
        sources.serve([])
        #expect(try source() !== first)
    }
}
