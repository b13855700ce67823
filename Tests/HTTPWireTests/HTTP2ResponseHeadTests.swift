import Bytes
import HTTPWire
import Testing

@Suite struct `The head of an HTTP/2 answer` {
    private func head(_ fields: [(String, String)], toHead: Bool = false, isWhole: Bool = false) throws -> String {
        var head = HTTP2ResponseHead()
        // What another answer has left.
        try head.add(Array(":status".utf8).span, Array("500".utf8).span)
        try head.add(Array("content-length".utf8).span, Array("1".utf8).span)
        try head.finish(toHead: false, isWhole: false)
        head.begin()
        for (name, value) in fields { try head.add(Array(name.utf8).span, Array(value.utf8).span) }
        try head.finish(toHead: toHead, isWhole: isWhole)
        return String(decoding: head.bytes, as: UTF8.self)
    }

    @Test func `says how long the body is, or that it comes in chunks`() throws {
        #expect(try head([(":status", "200")]) == "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n")
        #expect(
            try head([(":status", "200"), ("content-length", "3")]) == "HTTP/1.1 200 \r\ncontent-length: 3\r\n\r\n")
        #expect(try head([(":status", "200")], isWhole: true) == "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n")
        #expect(try head([(":status", "200")], toHead: true, isWhole: true) == "HTTP/1.1 200 \r\n\r\n")
        for status in ["103", "204", "304"] {
            #expect(try head([(":status", status)], isWhole: status != "103") == "HTTP/1.1 \(status) \r\n\r\n")
        }
    }

    struct Malformed: CustomTestStringConvertible {
        var testDescription: String
        var fields: [(String, String)]
        var isWhole = false
    }

    @Test(arguments: [
        Malformed(testDescription: "none", fields: []),
        Malformed(testDescription: "two", fields: [(":status", "200"), (":status", "200")]),
        Malformed(testDescription: "late", fields: [("x", "y"), (":status", "200")]),
        Malformed(testDescription: "short", fields: [(":status", "20")]),
        Malformed(testDescription: "a sign", fields: [(":status", "+20")]),
        Malformed(testDescription: "zero", fields: [(":status", "000")]),
        Malformed(testDescription: "101", fields: [(":status", "101")]),
        Malformed(testDescription: "interim and the end", fields: [(":status", "103")], isWhole: true),
        Malformed(testDescription: "of a request", fields: [(":status", "200"), (":path", "/")]),
        Malformed(testDescription: "a line end", fields: [(":status", "200"), ("x", "a\nb")]),
        Malformed(testDescription: "connection", fields: [(":status", "200"), ("connection", "close")]),
    ])
    func `is refused where it is malformed`(_ entry: Malformed) {
        #expect(throws: WireError.self) { try head(entry.fields, isWhole: entry.isWhole) }
    }

    @Test(arguments: [
        ("application/grpc", true), ("Application/gRPC+proto", true), ("application/grpc; a=b", true),
        ("application/grpc ;a=b", true), ("application/grpc-web", false), ("application/grp", false),
        ("application/grpcx", false), ("text/plain", false),
    ])
    func `answers a call of gRPC where the media type says so`(_ mediaType: String, _ isGRPC: Bool) throws {
        var table = FieldTable()
        let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: \(mediaType)\r\n\r\n".utf8)
        let head = try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table)
        #expect(head?.isGRPC == isGRPC)
    }
}
