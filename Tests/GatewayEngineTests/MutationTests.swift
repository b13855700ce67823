import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

/// Requests nobody thought of: valid ones with bytes changed, doubled, taken out and put in.
@Suite struct `Mutated requests` {
    private static let seeds = [
        "GET /a/../b%41?c=d&access_token=x HTTP/1.1\r\nHost: Example.com:80\r\nCookie: a=1; session=x; b=2\r\nX-A: 1\r\n\r\n",
        "POST http://a/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\nhello",
        "PUT /%e2%82%ac HTTP/1.1\r\nHost: [::1]:8080\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.0\r\nAuthorization: Bearer a.b.c\r\nX-Forwarded-For: 1\r\nForwarded: x\r\n\r\n",
    ]
    private static let pieces = [
        "\r\n", "\n", "\r", " ", "\t", "\0", ":", "%2f", "%2e", "..", "/", "\\", "?", "#", "&", "=", ";", ",",
        "Host: b\r\n",
        "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Connection: host\r\n", "HTTP/1.1", "é", "\u{7F}",
        "%",
        "access_token=y", "Cookie: session=\"\r\n", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    private static func mutated(_ generator: inout Random) -> String {
        var bytes = Array((seeds.randomElement(using: &generator) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &generator) ?? "").utf8), at: place)
            case 3:
                let end = Int.random(in: place..<bytes.count, using: &generator)
                bytes.insert(contentsOf: Array(bytes[place...end]), at: place)
            default:
                bytes.removeSubrange(place...Int.random(in: place..<min(bytes.count, place + 8), using: &generator))
            }
            if bytes.isEmpty { bytes = [0] }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: 0..<8)
    func `are refused, or forwarded as exactly one request that reads back as it was meant`(_ seed: Int) throws {
        let places: [TokenLocation] = [
            .header(name: "Authorization", prefix: "Bearer "), .queryParameter(name: "access_token"),
            .cookie(name: "session"),
        ]
        var gateway = try TestGateway(.test(.permissive, locations: places))
        var generator = Random(seed: UInt64(seed))
        var forwarded = 0
        for _ in 0..<4000 {
            let text = Self.mutated(&generator)
            let answer = gateway.ask(text)
            guard answer.refusal == nil, !answer.head.isEmpty else { continue }
            forwarded += 1
            try expectOneRequest(answer.head, from: text)
        }
        #expect(forwarded > 100)
    }

    private func expectOneRequest(_ head: String, from text: String) throws {
        let original = Array(text.utf8)
        let bytes = Array(head.utf8)
        var table = FieldTable()
        let meant = try #require(try RequestHeadParser.parse(original.span, limits: .standard, into: &table))
        let again = try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table)
        let read = try #require(again, "\(text.debugDescription) became \(head.debugDescription)")
        #expect(read.byteCount == bytes.count, "\(text.debugDescription) became \(head.debugDescription)")
        #expect(read.framing == meant.framing, "\(text.debugDescription) became \(head.debugDescription)")
        #expect(read.minorVersion == 1)
        var target = CanonicalTarget()
        try target.read(read, bytes.span)
        // The canonical form is canonical: reading it once more changes nothing.
        let written = String(decoding: bytes[read.target], as: UTF8.self)
        let storage = target.isVerbatim ? bytes : target.storage
        let query = target.query.map { "?" + String(decoding: storage[$0], as: UTF8.self) } ?? ""
        #expect(String(decoding: storage[target.path], as: UTF8.self) + query == written)
        // Nobody but the gateway says where the request came from.
        let froms = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("x-forwarded-for:") }
        #expect(froms == ["x-forwarded-for: 192.0.2.7"])
        // No token is left at its place; an empty one is none.
        let parameters = written.split(separator: "?", maxSplits: 1).dropFirst().joined().split(separator: "&")
        #expect(
            !parameters.contains { $0.hasPrefix("access_token=") && $0 != "access_token=" }, "\(head.debugDescription)")
        let lines = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("cookie:") }
        let cookies = lines.flatMap { line in
            line.dropFirst("cookie:".utf8.count).split(separator: ";").map { pair in
                pair.drop { $0 == " " || $0 == "\t" }
            }
        }
        #expect(
            !cookies.contains { $0.hasPrefix("session=") && !["session=", "session=\"\""].contains(String($0)) },
            "\(head.debugDescription)")
    }
}
