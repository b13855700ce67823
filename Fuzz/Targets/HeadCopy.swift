internal import Bytes
internal import HTTPWire

/// Writes a head for the other side and reads it again, as that side will.
enum HeadCopy {
    private static let wide = HeadLimits(
        maxHeadBytes: 1 << 20, maxTargetBytes: 1 << 20, maxFields: 1 << 16, maxTrailerBytes: 8 << 10)

    static func check(_ head: RequestHead, _ table: FieldTable, _ target: CanonicalTarget, _ bytes: Span<UInt8>) {
        let text = target.isVerbatim ? bytes.copied : target.storage
        let path = text.span.extracting(target.path)
        let queryRange = target.query.map { $0.lowerBound - 1..<$0.upperBound } ?? 0..<0
        let nothing: [UInt8] = []
        let additions = HeadWriter.RequestAdditions(
            path: path, query: text.span.extracting(queryRange), lines: nothing.span, moreLines: nothing.span,
            authority: bytes.extracting(target.authority), sendsForwardedHost: false)
        let copy = written(bound: HeadWriter.boundOfRequest(head, additions)) {
            HeadWriter.writeRequest(head, table, bytes, additions, into: &$0)
        }
        var again = FieldTable()
        guard let read = try? RequestHeadParser.parse(copy.span, limits: wide, into: &again),
            read.byteCount == copy.count
        else { fatalError("a head that was forwarded is none") }
        require(read.framing == head.framing, "the framing changed on the way")
        require(copy.span.extracting(read.methodName).equals(bytes.extracting(head.methodName)), "another method")
        var second = CanonicalTarget()
        guard (try? second.read(read, copy.span)) != nil, second.host == target.host else {
            fatalError("the canonical target is not canonical")
        }
        let secondText = second.isVerbatim ? copy : second.storage
        require(secondText.span.extracting(second.path).equals(path), "the path changes when it is read again")
        let secondQuery = second.query.map { $0.lowerBound - 1..<$0.upperBound } ?? 0..<0
        require(secondText[secondQuery].elementsEqual(text[queryRange]), "the query changes when it is read again")
    }

    static func check(_ head: ResponseHead, _ table: FieldTable, _ bytes: Span<UInt8>, toHead: Bool) {
        let plan = HeadWriter.ResponsePlan(framing: head.framing, keepsAlive: true, isHTTP11: true)
        let date = Array("Sat, 21 Nov 2026 08:00:00 GMT".utf8)
        let copy = written(bound: HeadWriter.boundOfResponse(head)) {
            HeadWriter.writeResponse(head, table, bytes, plan: plan, date: date.span, into: &$0)
        }
        var again = FieldTable()
        guard let read = try? ResponseHeadParser.parse(copy.span, toHead: toHead, limits: wide, into: &again),
            read.byteCount == copy.count
        else { fatalError("an answer's head that was forwarded is none") }
        require(read.status == head.status && read.framing == head.framing, "the framing changed on the way")
    }

    private static func written(bound: Int, _ write: (inout OutputRawSpan) -> Void) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bound, alignment: 1)
        defer { buffer.deallocate() }
        var output = OutputRawSpan(buffer: buffer, initializedCount: 0)
        write(&output)
        return Array(buffer.prefix(output.finalize(for: buffer)))
    }
}
