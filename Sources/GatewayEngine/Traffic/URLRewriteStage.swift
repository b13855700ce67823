internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that gives the upstream another path or Host than the client sent. What expressions see stays the
/// request as it was received.
final class URLRewriteStage: Sendable {
    private let url: CompiledURLChange

    init(_ change: URLChange) {
        url = CompiledURLChange(change)
    }

    /// - Parameter keepsPath: the route's transformation has the last word on the path.
    func run(_ bytes: Span<UInt8>, _ scratch: inout RequestScratch, keepsPath: Bool) {
        if case .asReceived = url.authority {} else { scratch.rewrittenHost.removeAll(keepingCapacity: true) }
        url.appendHost(of: bytes.extracting(scratch.target.authority), to: &scratch.rewrittenHost)
        if case .upstream = url.authority { scratch.takesHostOfUpstream = true }
        if case .asReceived = url.path { return }
        if keepsPath { return }
        var rewritten: [UInt8] = []
        swap(&rewritten, &scratch.rewrittenPath)
        if scratch.hasNewTarget {
            let matched = rewritten
            rewritten.removeAll()
            url.appendPath(of: matched.span, prefixLength: scratch.matchedPrefix, to: &rewritten)
        } else {
            let storage = scratch.target.storage
            let path = (scratch.target.isVerbatim ? bytes : storage.span).extracting(scratch.target.path)
            if !path.equals("*") { url.appendPath(of: path, prefixLength: scratch.matchedPrefix, to: &rewritten) }
        }
        swap(&rewritten, &scratch.rewrittenPath)
    }
}
