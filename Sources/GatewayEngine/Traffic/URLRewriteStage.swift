internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire

/// The stage that gives the upstream another path or Host than the client sent.
final class URLRewriteStage: Sendable {
    let url: CompiledURLChange

    init(_ url: CompiledURLChange) {
        self.url = url
    }

    /// Refuses a path that was computed from the request and means different things to different readers.
    ///
    /// - Parameter keepsPath: the route's transformation has the last word on the path.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot,
        keepsPath: Bool
    ) throws(RefusalCode) {
        runAuthority(bytes, &scratch)
        if case .asReceived = url.path { return }
        if keepsPath { return }
        if case .computed(let program) = url.path {
            return try compute(program, setting, bytes, &scratch, listener)
        }
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

    private func runAuthority(_ bytes: Span<UInt8>, _ scratch: inout RequestScratch) {
        if case .asReceived = url.authority {} else { scratch.rewrittenHost.removeAll(keepingCapacity: true) }
        url.appendHost(of: bytes.extracting(scratch.target.authority), to: &scratch.rewrittenHost)
        switch url.authority {
        case .asReceived: break
        case .upstream: scratch.hostChoice = .server
        case .client, .full, .host, .port: scratch.hostChoice = .request
        }
    }

    private func compute(
        _ program: CELProgram, _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) throws(RefusalCode) {
        guard let text = program.text(setting, bytes, &scratch, listener) else { throw .ambiguousTarget }
        if text == [UInt8(ascii: "*")] { return }
        var path: [UInt8] = []
        do throws(WireError) {
            try ComputedTarget.read(text.span, path: &path, query: &scratch.precedingQuery)
        } catch {
            throw RefusalCode(error)
        }
        scratch.rewrittenPath = path
    }
}

extension URLRewriteStage {
    /// The path of the first, or of the other where there is no first; the Host of the first that has one.
    static func run(
        _ own: URLRewriteStage?, over base: URLRewriteStage?, _ setting: RequestSetting, _ bytes: Span<UInt8>,
        _ scratch: inout RequestScratch, _ listener: ListenerSnapshot, keepsPath: Bool
    ) throws(RefusalCode) {
        guard let own else {
            try base?.run(setting, bytes, &scratch, listener, keepsPath: keepsPath)
            return
        }
        try own.run(setting, bytes, &scratch, listener, keepsPath: keepsPath)
        if case .asReceived = own.url.authority { base?.runAuthority(bytes, &scratch) }
    }
}

extension CELProgram {
    /// The bytes of what it answers of a request: those of a text, or the digits of a number; nil where it cannot be
    /// evaluated.
    func text(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) -> [UInt8]? {
        RequestActivation.show(setting, bytes, &scratch, listener) { request in
            switch evaluate(request).value {
            case .string(let text): unsafe Array(text.bytes)
            case .int(let number): Array("\(number)".utf8)
            case .uint(let number): Array("\(number)".utf8)
            default: nil
            }
        }
    }
}
