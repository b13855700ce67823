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

    func run(_ bytes: Span<UInt8>, _ scratch: inout RequestScratch) {
        url.appendHost(of: bytes.extracting(scratch.target.authority), to: &scratch.rewrittenHost)
        if case .upstream = url.authority { scratch.takesHostOfUpstream = true }
        if case .asReceived = url.path { return }
        let storage = scratch.target.storage
        let path = (scratch.target.isVerbatim ? bytes : storage.span).extracting(scratch.target.path)
        if path.equals("*") { return }
        url.appendPath(of: path, prefixLength: scratch.matchedPrefix, to: &scratch.rewrittenPath)
    }
}
