internal import Bytes
internal import CEL
internal import GatewayModel

/// A `URLChange`, its parts as bytes.
struct CompiledURLChange: Sendable {
    enum Authority: Sendable {
        case asReceived
        case client
        case full([UInt8])
        case host([UInt8])
        case port(Int)
        case upstream
    }

    enum Path: Sendable {
        case asReceived
        case full([UInt8])
        case prefix([UInt8])
        case computed(CELProgram)
    }

    let authority: Authority
    let path: Path

    /// - Parameter program: compiles the path, where an expression gives it; nil for one that is none.
    init(_ change: URLChange, program: (Expression) -> CELProgram?) {
        authority =
            switch change.authority {
            case .asReceived: .asReceived
            case .client: .client
            case .full(let text): .full(Array(text.utf8))
            case .host(let text): .host(Array(text.utf8))
            case .port(let port): .port(port)
            case .upstream: .upstream
            }
        path =
            switch change.path {
            case .asReceived: .asReceived
            case .full(let text): .full(Array(text.utf8))
            case .prefix(let text): .prefix(Array(text.utf8))
            case .computed(let expression): program(expression).map { .computed($0) } ?? .asReceived
            }
    }

    // MARK: - The path

    /// Appends what a canonical path becomes: a canonical path. One that is computed is the caller's business.
    ///
    /// - Parameter prefixLength: bytes of the prefix the route matched, without a slash at its end.
    func appendPath(of received: Span<UInt8>, prefixLength: Int, to output: inout [UInt8]) {
        switch path {
        case .asReceived, .computed: output += received.copied
        case .full(let path): output += path
        case .prefix(let replacement):
            // A path that is not the one that was matched may be shorter.
            let length = min(prefixLength, received.count)
            append(replacement, received, Self.rest(of: received, behind: length), to: &output)
        }
    }

    /// What stands behind the prefix: nothing, or what begins with a slash. Behind the prefix of all paths, which
    /// is a slash to whoever wrote it, `/` leaves nothing.
    private static func rest(of path: Span<UInt8>, behind length: Int) -> Range<Int> {
        length == 0 && path.count == 1 ? 1..<1 : length..<path.count
    }

    private func append(
        _ replacement: [UInt8], _ received: Span<UInt8>, _ rest: Range<Int>, to output: inout [UInt8]
    ) {
        if rest.isEmpty {
            output += replacement.isEmpty ? [UInt8(ascii: "/")] : replacement
            return
        }
        var start = rest.lowerBound
        let hasSlash = replacement.last == UInt8(ascii: "/")
        let base = hasSlash ? replacement.dropLast() : replacement[...]
        // A path that begins with two slashes is read as a host by some.
        if base.isEmpty { while start + 1 < rest.upperBound, received[start + 1] == UInt8(ascii: "/") { start += 1 } }
        output += base
        output += received.extracting(start..<rest.upperBound).copied
    }

    // MARK: - The authority

    /// Appends the authority a redirect names.
    ///
    /// - Parameters:
    ///   - received: that of the request, as it was checked.
    ///   - scheme: that of the redirect.
    ///   - keepsPort: whether another host keeps the request's port, unless the scheme implies it.
    func appendAuthority(of received: Span<UInt8>, scheme: Span<UInt8>, keepsPort: Bool, to output: inout [UInt8]) {
        switch authority {
        case .asReceived, .client, .upstream: output += received.copied
        case .full(let authority): output += authority
        case .host(let host):
            output += host
            let port = keepsPort ? Self.port(of: received) : nil
            if let port, !Self.isImplied(port, by: scheme) { output.append(":\(port)") }
        case .port(let port):
            output += received.extracting(0..<Self.endOfHost(received)).copied
            if !Self.isImplied(port, by: scheme) { output.append(":\(port)") }
        }
    }

    /// Appends the Host of a rewritten request; nothing where it is not for the rewrite to say, or the upstream's.
    func appendHost(of received: Span<UInt8>, to output: inout [UInt8]) {
        switch authority {
        case .asReceived, .client, .upstream: break
        case .full(let text), .host(let text): output += text
        case .port(let port):
            output += received.extracting(0..<Self.endOfHost(received)).copied
            // The scheme of a forwarded request is http.
            if port != 80 { output.append(":\(port)") }
        }
    }

    private static func isImplied(_ port: Int, by scheme: Span<UInt8>) -> Bool {
        port == (scheme.equals("https") ? 443 : 80)
    }

    private static func endOfHost(_ authority: Span<UInt8>) -> Int {
        let afterLiteral = authority.firstIndex(of: UInt8(ascii: "]")) ?? 0
        return authority.firstIndex(of: UInt8(ascii: ":"), from: afterLiteral) ?? authority.count
    }

    private static func port(of authority: Span<UInt8>) -> Int? {
        let end = endOfHost(authority)
        guard end + 1 < authority.count else { return nil }
        var port = 0
        for index in end + 1..<authority.count { port = port * 10 + Int(authority[index] & 0x0F) }
        return port
    }
}
