internal import Bytes
internal import HTTPWire

/// A request as transformations have left it so far: expressions behind them see it, and its route is chosen by it.
/// Credentials are read from the request as it was received all the same.
struct ChangedRequest {
    /// Whether anything was changed; else nothing of it is of use.
    private(set) var isThere = false
    /// The head as received, then the lines that came in, then method, path and query. What was found in the head as
    /// received is found here at the same place.
    private(set) var bytes: [UInt8] = []
    /// The lines of the head as received at their places, then those that came in.
    private var table = FieldTable()
    private(set) var method = 0..<0
    private(set) var path = 0..<0
    /// Without its question mark; nil where there is none.
    private(set) var query: Range<Int>?
    /// Whether `query` is not that of the request as received.
    private(set) var hasNewQuery = false
    private(set) var host: [UInt8] = []

    var lines: [FieldLine] { table.lines }

    mutating func forget() {
        if isThere { self = .none }
    }

    /// Hides the lines that stages have taken out of the request as received.
    mutating func hide(_ received: borrowing FieldTable) {
        for index in received.lines.indices where received.lines[index].isDropped {
            table.lines[index].isDropped = true
        }
    }

    /// Hides all lines of these names.
    mutating func hide(_ names: FieldNames) {
        let bytes = bytes
        names.drop(from: &table, in: bytes.span)
    }

    /// Takes parameters out of a query that is not that of the request as received.
    ///
    /// - Parameter isRemoved: is asked with a parameter as it is written, and with the name of it.
    mutating func removeParameters(_ isRemoved: (_ pair: Span<UInt8>, _ name: Span<UInt8>) -> Bool) {
        guard hasNewQuery, let query else { return }
        var kept: [UInt8] = []
        if TokenRemoval.appendKept(of: bytes[query].span, to: &kept, isRemoved) { setQuery(kept) }
    }

    /// - Parameter written: with its question mark, or empty.
    mutating func setQuery(_ written: [UInt8]) {
        // Both stand side by side.
        if path.upperBound != bytes.count { path = appended(Array(bytes[path])) }
        let marked = appended(written)
        query = marked.isEmpty ? nil : marked.lowerBound + 1..<marked.upperBound
        hasNewQuery = true
    }

    // MARK: - Making one

    /// The request as it is before any change.
    ///
    /// - Parameters:
    ///   - received: begins with the head.
    ///   - added: lines that came in already, each with its CRLF.
    init(_ head: RequestHead, _ received: Span<UInt8>, _ scratch: borrowing RequestScratch, added: [UInt8] = []) {
        isThere = true
        bytes.reserveCapacity(head.byteCount + added.count + 512)
        bytes += received.extracting(0..<head.byteCount).copied
        table = scratch.table
        append(added)
        update(head, received, scratch)
    }

    private init() {}

    static let none = ChangedRequest()

    mutating func apply(_ edit: FieldEdit) {
        if edit.removesAll { table.dropAllButConveyance() }
        hide(edit.removed)
        append(edit.added)
    }

    /// Takes over what is not a field: method, target and host.
    mutating func update(_ head: RequestHead, _ received: Span<UInt8>, _ scratch: borrowing RequestScratch) {
        readTarget(head, received, scratch)
        guard !scratch.rewrittenHost.isEmpty else {
            host = scratch.target.host
            return
        }
        host = (try? CanonicalTarget.host(ofAuthority: scratch.rewrittenHost.span)) ?? scratch.target.host
        table.drop(.host)
        append(FieldEdit.lines([(Array("host".utf8), scratch.rewrittenHost)]))
    }

    private mutating func append(_ added: [UInt8]) {
        let start = bytes.count
        FieldEdit.forEachLine(of: added.span) { name, value, line in
            table.lines.append(
                FieldLine(
                    nameStart: UInt32(start + name.lowerBound), nameEnd: UInt32(start + name.upperBound),
                    valueStart: UInt32(start + value.lowerBound), valueEnd: UInt32(start + value.upperBound),
                    lineEnd: UInt32(start + line.upperBound), known: .of(added.span.extracting(name))))
        }
        bytes += added
    }

    private mutating func readTarget(
        _ head: RequestHead, _ received: Span<UInt8>, _ scratch: borrowing RequestScratch
    ) {
        let storage = scratch.target.storage
        let text = scratch.target.isVerbatim ? received : storage.span
        method = appended(
            scratch.rewrittenMethod.isEmpty ? received.extracting(head.methodName).copied : scratch.rewrittenMethod)
        path = appended(
            scratch.rewrittenPath.isEmpty ? text.extracting(scratch.target.path).copied : scratch.rewrittenPath)
        let query = scratch.target.query.map { text.extracting(($0.lowerBound - 1)..<$0.upperBound).copied } ?? []
        setQuery(scratch.hasRewrittenQuery ? scratch.rewrittenQuery : query)
        hasNewQuery = scratch.hasRewrittenQuery
    }

    private mutating func appended(_ text: [UInt8]) -> Range<Int> {
        bytes += text
        return bytes.count - text.count..<bytes.count
    }
}

extension RequestScratch {
    /// Whether the request goes to another path or host than it was received for.
    var hasNewAddress: Bool { !rewrittenPath.isEmpty || !rewrittenHost.isEmpty }

    /// Has expressions see what was made of the request by an edit of its lines, and of its method, target and host.
    @inline(never)
    mutating func show(_ edit: FieldEdit?, of head: RequestHead, _ bytes: Span<UInt8>) {
        if !changed.isThere { changed = ChangedRequest(head, bytes, self) }
        if let edit { changed.apply(edit) }
        changed.update(head, bytes, self)
    }

    /// Has expressions see the request as it leaves its route, with what the gateway adds to it but for fields of these
    /// names.
    mutating func showForwarded(_ head: RequestHead, _ bytes: Span<UInt8>, hiding names: FieldNames?) {
        changed = ChangedRequest(head, bytes, self, added: addedLines)
        if let names { changed.hide(names) }
    }
}
