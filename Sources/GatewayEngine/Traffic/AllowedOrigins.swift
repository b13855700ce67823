internal import Bytes
internal import CEL
internal import GatewayModel

/// Compiled `CORS.Origins`.
enum AllowedOrigins: Sendable {
    case any
    case everyone
    case listed([AllowedOrigin])
    case exact([[UInt8]])
    case matching([LinearRegex])

    /// Whether answers are the same whoever asks.
    var isAny: Bool { if case .any = self { true } else { false } }

    func allows(_ origin: Span<UInt8>) -> Bool {
        switch self {
        case .any, .everyone: return true
        case .listed(let patterns):
            guard let parsed = ParsedOrigin(origin) else { return false }
            for allowed in patterns where allowed.matches(parsed, origin) { return true }
        case .exact(let texts): for text in texts where text.span.equals(origin) { return true }
        case .matching(let regexes): for regex in regexes where regex.matches(origin) { return true }
        }
        return false
    }

    /// What is said to be allowed; nil where the origin is not.
    ///
    /// - Parameter origin: empty where none is named.
    func named(_ origin: Span<UInt8>) -> [UInt8]? {
        if isAny { return [UInt8(ascii: "*")] }
        if origin.isEmpty { if case .everyone = self { return [UInt8(ascii: "*")] } else { return nil } }
        return allows(origin) ? origin.copied : nil
    }
}

extension Compiler {
    mutating func corsStage(_ policy: CORS, at place: Provenance) -> CORSStage {
        CORSStage(
            policy, origins: allowed(policy.origins, at: place),
            timingOrigins: policy.timingOrigins.map { allowed($0, at: place) })
    }

    private mutating func allowed(_ origins: CORS.Origins, at place: Provenance) -> AllowedOrigins {
        switch origins {
        case .any: return .any
        case .everyone: return .everyone
        case .listed(let patterns): return .listed(patterns.map(AllowedOrigin.init))
        case .exact(let texts): return .exact(texts.map { Array($0.utf8) })
        case .matching(let patterns):
            var regexes: [LinearRegex] = []
            for pattern in patterns {
                do throws(RegexError) {
                    regexes.append(try LinearRegex(pattern))
                } catch {
                    var diagnostic = Diagnostic(
                        .error, "regex_invalid", "`\(pattern)` is not a regular expression: \(error.message)",
                        at: place, hint: "the syntax is RE2's; look-around and back-references are not in it")
                    diagnostic.inside = TextPlace(error.offset, in: pattern)
                    report(diagnostic)
                }
            }
            return .matching(regexes)
        }
    }
}
