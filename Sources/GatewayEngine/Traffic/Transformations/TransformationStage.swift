internal import Bytes
internal import CEL
internal import HTTPWire

/// The stage that changes messages by expressions: the request's are evaluated here, on the request as earlier ones
/// have left it; those of the answer when there is one.
final class TransformationStage: Sendable {
    struct Choice: Sendable {
        /// Nil: always.
        let condition: CELProgram?
        let request: CompiledChange?
        /// The one made last first, as plans of answers have it.
        let response: [CompiledChange]
    }

    let choices: [Choice]
    /// Whether the request has to be held until its body is there.
    let needsBody: Bool
    /// Names that a client may not send in trailers either; nil: none.
    let requestNames: FieldNames?
    let changesRequests: Bool
    let changesAnswers: Bool
    /// Whether expressions behind it may read what it notes.
    let notesMetadata: Bool

    init(_ choices: [Choice]) {
        self.choices = choices
        needsBody = choices.contains { ($0.condition?.readsBody ?? false) || ($0.request?.needsBody ?? false) }
        requestNames = choices.reduce(nil) { .union($0, $1.request?.names) }
        changesRequests = choices.contains { $0.request != nil }
        changesAnswers = choices.contains { !$0.response.isEmpty }
        notesMetadata = choices.contains { !($0.request?.metadata.isEmpty ?? true) }
    }

    /// Changes what is known to go on, and notes what is to be done to the answer.
    ///
    /// - Parameters:
    ///   - body: empty where there is none; nil only where no expression reads it.
    ///   - plansAnswer: false: what is done to the answer, another stage says.
    /// - Returns: whether the target is another one.
    @discardableResult
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot, plansAnswer: Bool = true
    ) -> Bool {
        guard let choice = choice(setting, bytes, body: body, &scratch, listener) else { return false }
        if plansAnswer { Self.plan(choice.response, &scratch) }
        guard let change = choice.request else { return false }
        if !change.metadata.isEmpty {
            let noted = RequestActivation.show(setting, bytes, body: body, &scratch, listener) { change.noted($0) }
            scratch.note(noted)
        }
        let message = RequestActivation.show(setting, bytes, body: body, &scratch, listener) {
            change.evaluated($0)
        }
        let hasNewTarget = scratch.take(message, of: setting.head)
        scratch.show(message.edit, of: setting.head, bytes)
        return hasNewTarget
    }

    /// Notes what is to be done to the answer, and leaves the request as it is.
    func planAnswer(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) {
        Self.plan(choice(setting, bytes, body: body, &scratch, listener)?.response ?? [], &scratch)
    }

    private static func plan(_ changes: [CompiledChange], _ scratch: inout RequestScratch) {
        for change in changes {
            scratch.plan(change)
            if change.filters != nil { scratch.transformation = .chain(scratch.transformation, BodyFilters.request) }
        }
    }

    private func choice(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) -> Choice? {
        if choices.count == 1, choices[0].condition == nil { return choices[0] }
        return RequestActivation.show(setting, bytes, body: body, &scratch, listener) { request in
            for choice in choices {
                guard let condition = choice.condition else { return choice }
                if condition.evaluate(request).isTrue { return choice }
            }
            return nil
        }
    }
}

extension RequestScratch {
    mutating func note(_ values: [(name: String, value: CELValue)]) {
        for (name, value) in values {
            metadata.removeAll { $0.name == name }
            metadata.append((name, value))
        }
    }

    /// - Returns: whether the target is another one.
    fileprivate mutating func take(_ change: MessageChange, of head: RequestHead) -> Bool {
        transformation = .chain(transformation, change.edit)
        if let body = change.body { replacedBody = body }
        // The answer to HEAD has no body, whatever a backend makes of another method.
        if let method = change.method, head.method != .head, !head.asksForWebSocket { rewrittenMethod = method }
        if let authority = change.authority { rewrittenHost = authority }
        guard let target = change.target else { return false }
        rewrittenPath = target.path
        rewrittenQuery = target.query
        hasRewrittenQuery = true
        hasNewTarget = true
        return true
    }
}
