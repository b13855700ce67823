import Bytes
import JOSE
import Testing

@Suite("Dates")
struct TimeTests {
    private let key: SigningKey
    private let keySet: KeySet

    init() throws {
        key = try SigningKey.generate(.hs256)
        keySet = Sample.keySet(of: key)
    }

    /// The error at a time under a skew and a maximum lifetime, or nil.
    private func error(_ claims: String, now: Int64, skew: Int64 = 0, lifetime: Int64? = nil) throws -> TokenError? {
        var rules = Sample.rules
        rules.algorithms = [.symmetric]
        rules.clockSkewSeconds = skew
        rules.maxLifetimeSeconds = lifetime
        let payload = #"{"iss":"https://issuer.test",\#(claims)}"#
        return try Sample.error(key.token(claims: payload), rules, keySet, now: now)
    }

    @Test
    func `ends a token at the second of exp, not after it`() throws {
        #expect(try error(#""exp":1000"#, now: 999) == nil)
        #expect(try error(#""exp":1000"#, now: 1000) == .expired)
        #expect(try error(#""exp":1000"#, now: 1059, skew: 60) == nil)
        #expect(try error(#""exp":1000"#, now: 1060, skew: 60) == .expired)
    }

    @Test
    func `begins a token at the second of nbf`() throws {
        #expect(try error(#""nbf":1000"#, now: 1000) == nil)
        #expect(try error(#""nbf":1000"#, now: 999) == .notYetValid)
        #expect(try error(#""nbf":1000"#, now: 940, skew: 60) == nil)
        #expect(try error(#""nbf":1000"#, now: 939, skew: 60) == .notYetValid)
    }

    @Test
    func `counts fractions of seconds`() throws {
        // 999.5 is over at 1000 but not at 999.
        #expect(try error(#""exp":999.5"#, now: 999) == nil)
        #expect(try error(#""exp":999.5"#, now: 1000) == .expired)
        #expect(try error(#""nbf":999.5"#, now: 999) == .notYetValid)
        #expect(try error(#""nbf":999.5"#, now: 1000) == nil)
        #expect(try error(#""exp":1.5e3"#, now: 1499) == nil)
        #expect(try error(#""exp":1.5e3"#, now: 1500) == .expired)
    }

    @Test(arguments: [
        ("9223372036854775807", TokenError?.none), ("9223372036854775808", nil), ("1e30", nil), ("1E308", nil),
        ("1e400", .claimMalformed), ("-1e400", .claimMalformed), ("-1", .expired), ("-9223372036854775808", .expired),
        ("-9223372036854775809", .expired), ("-1e30", .expired), ("0", .expired), ("-0", .expired),
        ("1e-400", .expired),
        ("\"1800000600\"", .claimMalformed), ("null", .claimMalformed), ("[]", .claimMalformed),
        ("true", .claimMalformed), ("{}", .claimMalformed),
        (String(repeating: "9", count: 400), .claimMalformed), ("18000006" + String(repeating: "0", count: 300), nil),
    ])
    func `survives every date`(_ date: String, _ expected: TokenError?) throws {
        for skew in [0, 60, Int64.max] where expected != .expired || skew < 60_000 {
            #expect(try error(#""exp":\#(date)"#, now: Sample.now, skew: skew) == expected, "\(skew)")
        }
        for claim in ["nbf", "iat"] where expected == .claimMalformed {
            #expect(try error(#""\#(claim)":\#(date)"#, now: Sample.now) == .claimMalformed)
        }
        for lifetime in [0, Int64.max, Int64.min] {
            _ = try error(#""exp":\#(date),"iat":\#(date)"#, now: .min, skew: .max, lifetime: lifetime)
            _ = try error(#""exp":\#(date),"nbf":\#(date)"#, now: .max, skew: .max, lifetime: lifetime)
        }
    }

    @Test
    func `bounds the lifetime`() throws {
        #expect(try error(#""iat":1000,"exp":4600"#, now: 1000, lifetime: 3600) == nil)
        #expect(try error(#""iat":1000,"exp":4601"#, now: 1000, lifetime: 3600) == .lifetimeTooLong)
        #expect(try error(#""exp":4600"#, now: 1000, lifetime: 3600) == nil)
        #expect(try error(#""exp":4601"#, now: 1000, lifetime: 3600) == .lifetimeTooLong)
        #expect(try error(#""exp":4660"#, now: 1000, skew: 60, lifetime: 3600) == nil)
        #expect(try error(#""iat":1000"#, now: 4600, lifetime: 3600) == nil)
        #expect(try error(#""iat":1000"#, now: 4601, lifetime: 3600) == .lifetimeTooLong)
        #expect(try error(#""sub":"x""#, now: 1000, lifetime: 3600) == .expirationMissing)
    }

    @Test
    func `looks at iat in the future only where asked to, or where it would hide a long life`() throws {
        #expect(try error(#""iat":2000"#, now: 1000) == nil)
        #expect(try error(#""iat":2000,"exp":2100"#, now: 1000, lifetime: 600) == .issuedInFuture)
        #expect(try error(#""iat":1060,"exp":1100"#, now: 1000, skew: 60, lifetime: 600) == nil)
        var rules = Sample.rules
        rules.algorithms = [.symmetric]
        rules.refusesFutureIssuedAt = true
        let token = try key.token(claims: #"{"iss":"https://issuer.test","iat":1001}"#)
        #expect(try Sample.error(token, rules, keySet, now: 1000) == .issuedInFuture)
        #expect(try Sample.error(token, rules, keySet, now: 1001) == nil)
    }

    @Test
    func `asks the time again on every use`() throws {
        var rules = Sample.rules
        rules.algorithms = [.symmetric]
        rules.clockSkewSeconds = 10
        let token = try key.token(claims: #"{"iss":"https://issuer.test","exp":2000,"nbf":1000,"iat":1000}"#)
        let verified = try TokenVerifier(providers: [(rules, [keySet])]).verify(token, now: 1500)
        #expect(verified.expiresAt == 2000)
        #expect(verified.notBefore == 1000)
        #expect(verified.issuedAt == 1000)
        try verified.checkTime(now: 2009)
        #expect(throws: TokenError.expired) { try verified.checkTime(now: 2010) }
        #expect(throws: TokenError.notYetValid) { try verified.checkTime(now: 989) }
        #expect(verified.byteCount > verified.claims.bytes.count)
    }
}
