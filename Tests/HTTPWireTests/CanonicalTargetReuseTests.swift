import Bytes
import HTTPWire
import Testing

@Suite struct CanonicalTargetReuseTests {
    /// Targets that are refused at different points of reading.
    static let refused = [
        "GET /%2f HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: b@d\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    @Test(arguments: refused)
    func `a target that is refused leaves nothing of the request before it`(refused: String) throws {
        var target = CanonicalTarget()
        let long = "/" + String(repeating: "a", count: 500) + "/%7e?q=1"
        try read("GET \(long) HTTP/1.1\r\nHost: first.example\r\n\r\n", into: &target)
        #expect(throws: WireError.self) { try read(refused, into: &target) }
        #expect(target.path.isEmpty)
        #expect(target.query == nil)
        #expect(target.isVerbatim)
        #expect(target.host != Array("first.example".utf8))
    }

    private func read(_ text: String, into target: inout CanonicalTarget) throws {
        let bytes = Array(text.utf8)
        var table = FieldTable()
        let head = try #require(try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table))
        try target.read(head, bytes.span)
    }
}
