import Bytes
import KeyFetching
import Testing

@Suite struct `How long an answer is fresh` {
    struct Case: Sendable, CustomTestStringConvertible {
        var cacheControl: [String] = []
        var expires: String?
        var date: String?
        var age: String?
        var lifetime: Int?

        var testDescription: String { "\(cacheControl) \(expires ?? "-") \(date ?? "-") \(age ?? "-")" }
    }

    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    @Test(arguments: [
        Case(lifetime: nil),
        Case(cacheControl: ["max-age=300"], lifetime: 300),
        Case(cacheControl: ["public, Max-Age=300"], lifetime: 300),
        Case(cacheControl: ["public", "max-age=300, must-revalidate"], lifetime: 300),
        Case(cacheControl: ["max-age=\"300\""], lifetime: 300),
        Case(cacheControl: ["max-age=300"], age: "100", lifetime: 200),
        Case(cacheControl: ["max-age=300"], age: "1000", lifetime: 0),
        Case(cacheControl: ["max-age=300"], expires: date, date: date, lifetime: 300),
        Case(cacheControl: ["max-age=99999999999999999999"], lifetime: 10 * 365 * 86400),
        Case(cacheControl: ["max-age=soon"], lifetime: 0),
        Case(cacheControl: ["max-age=-1"], lifetime: 0),
        Case(cacheControl: ["no-store, max-age=300"], lifetime: 0),
        Case(cacheControl: ["no-cache"], lifetime: 0),
        Case(cacheControl: ["private"], lifetime: nil),
        Case(expires: "Sun, 06 Nov 1994 09:49:37 GMT", date: date, lifetime: 3600),
        Case(expires: "Sun, 06 Nov 1994 07:49:37 GMT", date: date, lifetime: 0),
        Case(expires: "Sun, 06 Nov 1994 09:49:37 GMT", lifetime: 3600),
        Case(expires: "0", lifetime: 0),
        Case(expires: "Sunday, 06-Nov-94 08:49:37 GMT", lifetime: 0),
        Case(expires: "Sun, 32 Nov 1994 08:49:37 GMT", lifetime: 0),
        Case(expires: "Sun, 06 Nov 9999 08:49:37 GMT", date: date, lifetime: 10 * 365 * 86400),
    ])
    func `is read from its header`(_ answer: Case) {
        var fields = CacheLifetime.Fields()
        fields.cacheControl = answer.cacheControl
        fields.expires = answer.expires
        fields.date = answer.date
        fields.age = answer.age
        #expect(CacheLifetime.of(fields, now: 784_111_777) == answer.lifetime.map { .seconds($0) })
    }

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_200), ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
        ("Sat, 21 Nov 2026 12:00:00 GMT", 1_795_262_400),
    ])
    func `counts dates as the calendar does`(_ text: String, _ seconds: Int64) {
        #expect(HTTPMoment.seconds(text) == seconds)
    }
}

@Suite struct `A public address` {
    @Test(
        arguments: [
            [8, 8, 8, 8], [172, 32, 0, 1], [100, 63, 255, 255], [192, 167, 1, 1], [223, 255, 255, 255],
            [0x26, 0x06, 0x47, 0, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x11],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 8, 8, 8, 8],
        ] as [[UInt8]])
    func `is one that no special registry names`(_ address: [UInt8]) {
        #expect(PublicAddress.isPublic(address))
    }

    @Test(
        arguments: [
            [0, 0, 0, 0], [10, 1, 2, 3], [100, 64, 0, 1], [100, 127, 255, 255], [127, 0, 0, 1], [169, 254, 169, 254],
            [172, 16, 0, 1], [172, 31, 255, 255], [192, 168, 0, 1], [198, 19, 0, 1], [224, 0, 0, 1],
            [255, 255, 255, 255],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1],
            [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1],
            [0x20, 0x02, 192, 168, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ] as [[UInt8]])
    func `is none of this machine, of a private network or of a cloud's metadata`(_ address: [UInt8]) {
        #expect(!PublicAddress.isPublic(address))
    }
}
