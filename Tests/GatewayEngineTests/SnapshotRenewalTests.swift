import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Testing

@Suite struct `Renewed keys` {
    private static let source = Issuer.test().keySources[0]

    private static func keys(_ key: SigningKey) -> KeyMaterial {
        KeyMaterial(keySets: [
            source: KeyImport(
                key.verificationJWKS.text, options: KeyImportOptions(allowWeak: false, admitsSecrets: false)
            ).keySet
        ])
    }

    /// One route of its own policy, one of the gateway's, and what no route matches.
    private static let configuration = GatewayConfiguration(
        [.named("own", .segmentPrefix("/own")), .named("shared", .segmentPrefix("/shared"))],
        [
            .jwt(.test(), .gateway("gateway"), phase: .gateway), .jwt(.test()),
            .jwt(.test(), .route(RouteID("own"))), .rules([.require("jwt.sub == 'alice'")]),
        ])

    private static func ask(_ gateway: inout TestGateway, _ key: SigningKey) throws -> [RefusalCode?] {
        let line = "Authorization: Bearer \(try Tokens.token(key: key).text)\r\n"
        return ["/own", "/shared", "/none"].map { gateway.get($0, line).refusal }
    }

    @Test func `hold at every place, and the old ones at none`() throws {
        var before = try TestGateway(Self.configuration)
        #expect(try Self.ask(&before, Tokens.key) == [nil, nil, .routeNotFound])
        #expect(try Self.ask(&before, Tokens.stranger) == [.signatureInvalid, .signatureInvalid, .signatureInvalid])
        var after = before
        after.snapshot = before.snapshot.renewed(Self.keys(Tokens.stranger))
        #expect(try Self.ask(&after, Tokens.key) == [.signatureInvalid, .signatureInvalid, .signatureInvalid])
        #expect(try Self.ask(&after, Tokens.stranger) == [nil, nil, .routeNotFound])
        #expect(try Self.ask(&before, Tokens.key) == [nil, nil, .routeNotFound])
    }

    @Test func `leave rules and names as they are`() throws {
        var gateway = try TestGateway(Self.configuration)
        gateway.snapshot = gateway.snapshot.renewed(Self.keys(Tokens.stranger))
        let mallory = try Tokens.token(["sub": #""mallory""#], key: Tokens.stranger)
        #expect(gateway.get("/own", token: mallory).refusal == .authorizationDenied)
        let alice = try Tokens.token(key: Tokens.stranger)
        #expect(gateway.get("/shared/x", token: alice).upstream == "shared")
        #expect(gateway.scratch.routeName == "shared")
        #expect(gateway.get("/own/x", token: alice).upstream == "own")
        #expect(gateway.scratch.routeName == "own")
    }
}
