internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that sends a client elsewhere.
final class RedirectStage: Sendable {
    private let scheme: [UInt8]?
    private let url: CompiledURLChange
    private let status: Int

    init(_ redirect: RequestRedirect) {
        scheme = redirect.scheme.map { Array($0.utf8) }
        url = CompiledURLChange(redirect.url)
        status = redirect.status
    }

    /// The answer. Its `Location` always names scheme and authority, so that no path can stand for a host; where
    /// neither the request nor the configuration knows one, the request is refused.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) throws(RefusalCode) -> LocalAnswer {
        // A token in the query is not handed to whoever the redirect leads to.
        TokenRemoval.finish(&scratch, bytes)
        var location = Array("location: ".utf8)
        let scheme = self.scheme ?? setting.connection.scheme
        location += scheme
        location.append("://")
        let start = location.count
        url.appendAuthority(
            of: bytes.extracting(scratch.target.authority), scheme: scheme.span, keepsPort: self.scheme == nil,
            to: &location)
        guard location.count > start else { throw .hostInvalid }
        appendPathAndQuery(bytes, scratch, to: &location)
        location.append("\r\n")
        return LocalAnswer(status: status, lines: location)
    }

    private func appendPathAndQuery(
        _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch, to location: inout [UInt8]
    ) {
        if scratch.hasNewTarget {
            let path = scratch.rewrittenPath
            url.appendPath(of: path.span, prefixLength: scratch.matchedPrefix, to: &location)
            location += scratch.rewrittenQuery
            return
        }
        let storage = scratch.target.storage
        let text = scratch.target.isVerbatim ? bytes : storage.span
        let path = text.extracting(scratch.target.path)
        // `OPTIONS *` is about no path.
        if !path.equals("*") { url.appendPath(of: path, prefixLength: scratch.matchedPrefix, to: &location) }
        if scratch.hasRewrittenQuery {
            location += scratch.rewrittenQuery
        } else if let query = scratch.target.query {
            location.append("?")
            location += text.extracting(query).copied
        }
    }
}
