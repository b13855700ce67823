internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire

/// The stage that sends a client elsewhere.
final class RedirectStage: Sendable {
    enum Location: Sendable {
        case changed(scheme: [UInt8]?, CompiledURLChange)
        case computed(CELProgram)
    }

    let location: Location
    let status: Int
    private let statusOfOthers: Int

    /// Nil where the location is none, which has been reported.
    ///
    /// - Parameter program: compiles the location, where an expression gives it.
    init?(_ redirect: RequestRedirect, program: (Expression) -> CELProgram?) {
        switch redirect.location {
        case .changed(let scheme, let url):
            location = .changed(
                scheme: scheme.map { Array($0.utf8) }, CompiledURLChange(url, program: program))
        case .computed(let expression):
            guard let program = program(expression) else { return nil }
            location = .computed(program)
        }
        status = redirect.status
        statusOfOthers = redirect.statusOfOthers ?? redirect.status
    }

    /// The answer; nil where the request goes on.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(RefusalCode) -> LocalAnswer? {
        let method = setting.head.method
        let status = method == .get || method == .head ? status : statusOfOthers
        switch location {
        case .changed(let scheme, let url):
            return LocalAnswer(status: status, lines: try changed(scheme, url, setting, bytes, &scratch))
        case .computed(let program):
            guard let text = program.text(setting, bytes, &scratch, listener) else { throw .ambiguousTarget }
            if text.isEmpty { return nil }
            let url = ComputedTarget.location(text.span)
            return LocalAnswer(status: status, lines: Array("location: ".utf8) + url + Array("\r\n".utf8))
        }
    }

    /// `Location` names scheme and authority, so that no path can stand for a host; where neither the request nor the
    /// configuration knows one, the request is refused.
    private func changed(
        _ scheme: [UInt8]?, _ url: CompiledURLChange, _ setting: RequestSetting, _ bytes: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(RefusalCode) -> [UInt8] {
        // A token in the query is not handed to whoever the redirect leads to.
        TokenRemoval.finish(&scratch, bytes)
        var location = Array("location: ".utf8)
        let keepsPort = scheme == nil
        let scheme = scheme ?? setting.connection.scheme
        location += scheme
        location.append("://")
        let start = location.count
        url.appendAuthority(
            of: bytes.extracting(scratch.target.authority), scheme: scheme.span, keepsPort: keepsPort,
            to: &location)
        guard location.count > start else { throw .hostInvalid }
        Self.appendPathAndQuery(url, bytes, scratch, to: &location)
        location.append("\r\n")
        return location
    }

    private static func appendPathAndQuery(
        _ url: CompiledURLChange, _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch, to location: inout [UInt8]
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
