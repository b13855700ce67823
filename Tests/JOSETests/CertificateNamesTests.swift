import Bytes
import JOSE
import Testing

/// Certificates that no authority would sign, and some that one would have signed all the same.
@Suite struct `The names in a certificate` {
    private enum OID {
        static let commonName = [2, 5, 4, 3]
        static let organization = [2, 5, 4, 10]
        static let unknown = [1, 2, 3, 4]
    }

    private static let printable: UInt8 = 0x13
    private static let (email, dns, uri, address): (UInt8, UInt8, UInt8, UInt8) = (0x81, 0x82, 0x86, 0x87)

    /// An attribute, in a set of its own unless told otherwise.
    private static func attribute(_ oid: [Int], _ text: [UInt8], tag: UInt8 = 0x0C) -> [UInt8] {
        DERWriter.sequence(DERWriter.objectIdentifier(oid) + DERWriter.element(tag, text))
    }

    private static func attribute(_ oid: [Int], _ text: String) -> [UInt8] { attribute(oid, Array(text.utf8)) }

    private static func name(_ sets: [[UInt8]]) -> [UInt8] {
        DERWriter.sequence(sets.flatMap { DERWriter.element(0x31, $0) })
    }

    private static func alternatives(_ names: [(UInt8, [UInt8])]) -> [UInt8] {
        let content = DERWriter.sequence(names.flatMap { DERWriter.element($0.0, $0.1) })
        return DERWriter.sequence(
            DERWriter.objectIdentifier([2, 5, 29, 17]) + DERWriter.element(0x01, [0xFF])
                + DERWriter.element(0x04, content))
    }

    private static func certificate(
        subject: [[UInt8]] = [], issuer: [[UInt8]] = [], extensions: [[UInt8]] = []
    ) -> [UInt8] {
        let time = DERWriter.time("2026-01-01T00:00:00Z")
        var body = DERWriter.element(0xA0, DERWriter.integer([2])) + DERWriter.integer([1]) + DERWriter.sequence([])
        body += name(issuer) + DERWriter.sequence(time + time) + name(subject) + DERWriter.sequence([])
        if !extensions.isEmpty { body += DERWriter.element(0xA3, DERWriter.sequence(extensions.flatMap { $0 })) }
        return DERWriter.sequence(
            DERWriter.sequence(body) + DERWriter.sequence([]) + DERWriter.element(0x03, [0]))
    }

    private static func names(_ alternatives: [(UInt8, String)]) -> CertificateNames {
        CertificateNames(
            der: certificate(extensions: [self.alternatives(alternatives.map { ($0.0, Array($0.1.utf8)) })]))
    }

    @Test func `are its subject, its issuer and its alternative names`() throws {
        let names = CertificateNames(
            der: Self.certificate(
                subject: [
                    Self.attribute([2, 5, 4, 6], Array("DE".utf8), tag: Self.printable),
                    Self.attribute(OID.organization, "Büro, & Söhne"),
                    Self.attribute(OID.commonName, "alice") + Self.attribute([2, 5, 4, 11], "ops"),
                    Self.attribute(OID.unknown, "#x"),
                ], issuer: [Self.attribute([0, 9, 2342, 19_200_300, 100, 1, 25], "example")],
                extensions: [
                    Self.alternatives([
                        (Self.uri, Array("spiffe://example.org/ns/shop/sa/web".utf8)),
                        (Self.dns, Array("*.a-1.example".utf8)), (0xA4, []), (Self.address, [192, 0, 2, 1]),
                        (Self.email, Array("a@example.org".utf8)),
                        (Self.address, [UInt8](repeating: 0, count: 15) + [1]),
                    ])
                ]))
        #expect(try names.subject.get() == "C=DE, O=Büro\\, & Söhne, CN=alice + OU=ops, 1.2.3.4=\\#x")
        #expect(try names.issuer.get() == "DC=example")
        #expect(try names.commonName.get() == "alice")
        #expect(
            try names.alternatives.get() == [
                .uri("spiffe://example.org/ns/shop/sa/web"), .dns("*.a-1.example"), .address([192, 0, 2, 1]),
                .email("a@example.org"), .address([UInt8](repeating: 0, count: 15) + [1]),
            ])
        let id = try #require(try names.spiffeID.get())
        #expect(id.trustDomain == "example.org" && id.segments == ["ns", "shop", "sa", "web"])
        #expect(id.workload?.namespace == "shop" && id.workload?.serviceAccount == "web")
    }

    @Test func `may be missing`() throws {
        let names = CertificateNames(der: Self.certificate())
        #expect(try names.subject.get() == "" && names.issuer.get() == "")
        #expect(try names.commonName.get() == nil && names.spiffeID.get() == nil)
        #expect(try names.alternatives.get().isEmpty)
    }

    @Test func `leave no doubt which text is whose`() throws {
        let forged = CertificateNames(
            der: Self.certificate(subject: [Self.attribute(OID.organization, " a, CN=admin + x=\\ ")]))
        #expect(try forged.subject.get() == "O=\\ a\\, CN\\=admin \\+ x\\=\\\\\\ ")
        #expect(try forged.commonName.get() == nil)
    }

    @Test func `hold one common name, or none that is right`() {
        let two = [Self.attribute(OID.commonName, "alice"), Self.attribute(OID.commonName, "admin")]
        for subject in [two, [two[0] + two[1]], two + two] {
            let names = CertificateNames(der: Self.certificate(subject: subject))
            #expect(names.commonName == .failure(.ambiguous))
            #expect((try? names.subject.get()) != nil)
        }
    }

    struct Text: Sendable {
        let bytes: [UInt8]
        var tag: UInt8 = 0x0C
    }

    @Test(arguments: [
        Text(bytes: Array("admin\0.evil".utf8)), Text(bytes: Array("a\r\nb".utf8)), Text(bytes: []),
        Text(bytes: [0x61, 0x7F]), Text(bytes: [0xC3, 0x28]), Text(bytes: [0xED, 0xA0, 0x80]),
        // Latin-1 that says it is PrintableString, T.61, BMPString, UniversalString.
        Text(bytes: [0x62, 0xFC], tag: 0x13), Text(bytes: Array("alice".utf8), tag: 0x14),
        Text(bytes: [0, 0x61], tag: 0x1E), Text(bytes: [0, 0, 0, 0x61], tag: 0x1C),
        Text(bytes: Array("alice".utf8), tag: 0x04),
    ])
    func `are text that everybody reads alike, or malformed`(_ text: Text) {
        let subject = [Self.attribute(OID.commonName, text.bytes, tag: text.tag)]
        let names = CertificateNames(der: Self.certificate(subject: subject))
        #expect(names.commonName == .failure(.malformed) && names.subject == .failure(.malformed))
        #expect(names.issuer == .success(""))
    }

    @Test(arguments: [
        (dns, "spiffe://example.org/admin"), (dns, "10.0.0.1"), (dns, "a@b.example"), (dns, "a..b"), (dns, ""),
        (dns, "a.example\0.evil"), (dns, "a b"), (dns, "a.*.b"), (dns, "*"), (dns, "bücher.example"),
        (uri, "a.example"), (uri, "10.0.0.1"), (uri, "spiffe://a /b"), (uri, "https:"), (uri, "1a:b"), (uri, "a:\u{7}"),
        (email, "a"), (email, "a@b@c"), (email, "@b"), (email, "spiffe://x@y"), (email, "a@b\0"),
        (address, "abc"), (0x83, "x"), (0x89, "x"),
    ])
    func `are of the kind they say they are, or malformed`(_ kind: UInt8, _ text: String) {
        let names = Self.names([(Self.dns, "good.example"), (kind, text)])
        #expect(names.alternatives == .failure(.malformed))
        #expect(names.spiffeID == .failure(.malformed))
    }

    @Test(arguments: [
        "spiffe://Example.org/a", "SPIFFE://example.org/a", "spiffe://example.org/", "spiffe://example.org//a",
        "spiffe://example.org/a/", "spiffe://example.org/a/../b", "spiffe://example.org/./b", "spiffe:///a",
        "spiffe://user@example.org/a", "spiffe://example.org:1/a", "spiffe://example.org/a?b",
        "spiffe://example.org/a#b",
        "spiffe://example.org/%61", "spiffe:example.org/a",
        "spiffe://example.org/" + String(repeating: "a", count: 2048),
    ])
    func `hold a SPIFFE ID in its one form, or none`(_ id: String) {
        let names = Self.names([(Self.uri, id)])
        #expect(names.spiffeID == .failure(.malformed))
        #expect(names.alternatives == .success([.uri(id)]))
    }

    @Test(arguments: ["spiffe://example.org", "spiffe://example.org/ns/a", "spiffe://example.org/x/a/sa/b"])
    func `hold SPIFFE IDs that are no workload's of a mesh`(_ text: String) throws {
        let id = try #require(try Self.names([(Self.uri, "https://a.example"), (Self.uri, text)]).spiffeID.get())
        #expect(id.text == text && id.workload == nil)
    }

    @Test func `hold one SPIFFE ID at most`() {
        let names = Self.names([(Self.uri, "spiffe://example.org/a"), (Self.uri, "spiffe://example.org/b")])
        #expect(names.spiffeID == .failure(.ambiguous))
        #expect((try? names.alternatives.get())?.count == 2)
    }

    @Test func `stand in one extension`() {
        let one = Self.alternatives([(Self.dns, Array("a.example".utf8))])
        let names = CertificateNames(der: Self.certificate(extensions: [one, one]))
        #expect(names.alternatives == .failure(.ambiguous) && names.spiffeID == .failure(.ambiguous))
    }

    @Test func `are few and short`() {
        let most = (0..<CertificateNames.maxAlternatives).map { (Self.dns, "h\($0)") }
        #expect((try? Self.names(most).alternatives.get())?.count == CertificateNames.maxAlternatives)
        #expect(Self.names(most + [(0x88, "1")]).alternatives == .failure(.tooLarge))
        let long = Self.names([(Self.dns, String(repeating: "a", count: CertificateNames.maxBytes))])
        #expect(long.alternatives == .failure(.tooLarge) && long.subject == .failure(.tooLarge))
        let many = (0...64).map { Self.attribute(OID.organization, "o\($0)") }
        #expect(CertificateNames(der: Self.certificate(subject: many)).subject == .failure(.tooLarge))
    }

    @Test func `are malformed wherever a certificate is cut`() {
        let whole = Self.certificate(
            subject: [Self.attribute(OID.commonName, "alice")],
            extensions: [Self.alternatives([(Self.dns, Array("a.example".utf8))])])
        #expect(CertificateNames(der: whole).commonName == .success("alice"))
        for end in 0..<whole.count {
            #expect(CertificateNames(der: Array(whole[..<end])).commonName == .failure(.malformed))
        }
        #expect(CertificateNames(der: whole + [0]).commonName == .failure(.malformed))
    }
}
