internal import Bytes
internal import HTTPWire

/// A request as the gateway's transformations have left it, for the choice of its route.
enum TransformedRequest {
    static func route(
        of listener: ListenerSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) -> Int? {
        let (message, lines) = fields(bytes, scratch)
        let target = target(bytes, scratch)
        let query = target.query.dropFirst()
        let received = bytes.extracting(head.methodName).copied
        let method = scratch.rewrittenMethod.isEmpty ? received : scratch.rewrittenMethod
        let authority = try? CanonicalTarget.host(ofAuthority: scratch.rewrittenHost.span)
        let host = authority ?? scratch.target.host
        let request = MatchedRequest(
            host: host.span, path: target.path.span, query: query.span, method: method.span, bytes: message.span,
            lines: lines)
        guard let found = listener.routes.match(request) else { return nil }
        scratch.matchedPrefix = found.prefixLength
        return found.route
    }

    private static func target(
        _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch
    ) -> (path: [UInt8], query: [UInt8]) {
        if scratch.hasNewTarget { return (scratch.rewrittenPath, scratch.rewrittenQuery) }
        let storage = scratch.target.storage
        let text = scratch.target.isVerbatim ? bytes : storage.span
        let path = text.extracting(scratch.target.path).copied
        guard let query = scratch.target.query else { return (path, []) }
        return (path, text.extracting((query.lowerBound - 1)..<query.upperBound).copied)
    }

    /// The lines that stay, and those that come in, in one buffer.
    private static func fields(
        _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch
    ) -> (bytes: [UInt8], lines: [FieldLine]) {
        var table = scratch.table
        guard let edit = scratch.transformation else { return (bytes.copied, table.lines) }
        if edit.removesAll { table.dropAllButConveyance() }
        edit.removed.drop(from: &table, in: bytes)
        let (start, added) = (bytes.count, edit.added)
        FieldEdit.forEachLine(of: added.span) { name, value, line in
            table.lines.append(
                FieldLine(
                    nameStart: UInt32(start + name.lowerBound), nameEnd: UInt32(start + name.upperBound),
                    valueStart: UInt32(start + value.lowerBound), valueEnd: UInt32(start + value.upperBound),
                    lineEnd: UInt32(start + line.upperBound), known: .other))
        }
        return (bytes.copied + added, table.lines)
    }
}
