internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire

/// What is replaced in the body of an answer.
struct BodyFilters: Sendable {
    struct Filter: Sendable {
        let regex: LinearRegex
        let isGlobal: Bool
        let template: RegexTemplate
    }

    let filters: [Filter]
    /// Bytes of a body that is searched, and of what it becomes.
    let maxBytes: Int

    /// Steps that all filters of one answer may take together (see `LinearRegex.replaceMatches`), so that a loop is held
    /// for some tens of milliseconds at the very worst. Of 2 MiB seven filters can be looked for.
    private static let budget = 2_000_000

    /// What a request says so that its answer can be searched: all of it, as it is. (RFC 9110 §12.5.3, §14.2)
    static let request = FieldEdit(
        removing: FieldNames(["accept-encoding", "range", "if-range"].map { Array($0.utf8) }),
        adding: Array("accept-encoding: identity\r\n".utf8))

    /// Searches a body that has come. One that can't be searched is taken away, and the message says why.
    func apply(to message: inout AnswerMessage) {
        guard let body = message.body, !body.isEmpty else { return }
        do throws(RefusalCode) {
            message.body = try searched(body, codings: message.value(of: Self.coding.span))
        } catch {
            message.body = []
            message.failure = error
        }
    }

    private static let coding = Array("content-encoding".utf8)

    private func searched(_ body: [UInt8], codings: [UInt8]?) throws(RefusalCode) -> [UInt8] {
        if let codings, !codings.isEmpty, !codings.span.equalsIgnoringASCIICase("identity") { throw .answerEncoded }
        if body.count > maxBytes { throw .answerExceedsBuffer }
        var body = body
        var budget = Self.budget
        for filter in filters {
            let limit = filter.isGlobal ? Int.max : 1
            guard
                let next = filter.regex.replaceMatches(
                    in: body.span, by: filter.template, limit: limit, maxBytes: maxBytes, budget: &budget)
            else { throw .answerExceedsBuffer }
            body = next
        }
        return body
    }
}

extension Compiler {
    /// Nil where there are none.
    mutating func bodyFilters(_ change: Transformation.Change) -> BodyFilters? {
        guard !change.filters.isEmpty else { return nil }
        let filters = change.filters.compactMap { filter -> BodyFilters.Filter? in
            do throws(RegexError) {
                let parts = filter.replacement.map { part -> RegexTemplate.Part in
                    switch part {
                    case .text(let text): .text(Array(text.utf8))
                    case .group(let number): .group(number)
                    }
                }
                return BodyFilters.Filter(
                    regex: try LinearRegex(replacing: filter.pattern), isGlobal: filter.isGlobal,
                    template: RegexTemplate(parts))
            } catch {
                report(
                    Diagnostic(
                        .error, "regex_invalid", "`\(filter.pattern)` is not a regular expression: \(error.message)",
                        at: filter.provenance, hint: "patterns have the syntax of RE2"))
                return nil
            }
        }
        let bound = configuration.traffic.maxBufferedBodyBytes
        return BodyFilters(filters: filters, maxBytes: min(change.maxFilteredBytes ?? .max, bound))
    }
}
