import Bytes
import JOSE
import Testing

/// What is kept of the very many keys that no token has come for yet.
@Suite("Keys in compact form")
struct CompactKeyTests {
    private static let options = KeyImportOptions(allowWeak: true, admitsSecrets: false)

    private static func key(_ text: some Collection<UInt8>) throws -> VerificationKey {
        try #require(KeyImport(Array(text), options: options).keySet.keys.first)
    }

    @Test(arguments: PEMFixtures.all.filter { $0.name != "RSA-PSS" })
    func `are the very keys of the text that they were read from`(_ fixture: PEMFixtures.Fixture) throws {
        let key = try Self.key(fixture.pem.utf8)
        let compact = try #require(key.compactForm)
        let set = KeyImport(compact, options: Self.options).keySet
        #expect(set.isEquivalent(to: KeyImport(fixture.pem, options: Self.options).keySet))
        #expect(set.keys.map(\.isWeak) == [key.isWeak])
    }

    @Test func `are read again though they are weak`() throws {
        let compact = try #require(try Self.key(PEMFixtures.rsa1024.utf8).compactForm)
        #expect(try Self.key(compact).isWeak)
    }

    /// A hundred thousand consumers in 2 KiB each leave no room for a second text of 451 bytes.
    @Test(arguments: [("RSA", 270), ("P-256", 91), ("Ed25519", 44)])
    func `take little more than their numbers`(_ name: String, _ byteCount: Int) throws {
        let fixture = try #require(PEMFixtures.all.first { $0.name == name })
        #expect(try Self.key(fixture.pem.utf8).compactForm?.count == byteCount)
    }

    @Test func `do not stand for keys whose text says more`() throws {
        let pss = try #require(PEMFixtures.all.first { $0.name == "RSA-PSS" })
        #expect(try Self.key(pss.pem.utf8).compactForm == nil)
        let named = try #require(try SigningKey.generate(.es256, kid: "k").publicJWK)
        #expect(try Self.key(named).compactForm == nil)
    }
}
