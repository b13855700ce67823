internal import CEL
internal import HTTPWire

/// The stage that answers in place of the backend.
final class DirectResponseStage: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        case expression(CELProgram)
    }

    struct Choice: Sendable {
        let status: Int
        let body: Body
        let headers: [CompiledChange.Field]
        /// Nil: always.
        let condition: CELProgram?
        /// The answer, where it is one for all requests.
        private let constant: LocalAnswer?

        init(status: Int, body: Body, headers: [CompiledChange.Field], condition: CELProgram?) {
            self.status = status
            self.body = body
            self.headers = headers
            self.condition = condition
            constant =
                if case .bytes(let bytes) = body, headers.isEmpty {
                    LocalAnswer(status: status, body: bytes)
                } else {
                    nil
                }
        }

        fileprivate func answer(_ request: borrowing RequestActivation) -> LocalAnswer {
            if let constant { return constant }
            var (lines, content): ([UInt8], [UInt8]) = ([], [])
            for field in headers {
                _ = CompiledChange.append(field.name, field.program.evaluate(request).value, to: &lines)
            }
            switch body {
            case .bytes(let bytes): content = bytes
            case .expression(let program): _ = program.evaluate(request).value.write(to: &content)
            }
            return LocalAnswer(status: status, lines: lines, body: content)
        }

        fileprivate func holds(_ request: borrowing RequestActivation) -> Bool {
            guard let condition else { return true }
            return if case .bool(true) = condition.evaluate(request) { true } else { false }
        }

        /// The answer where no request has to be looked at.
        fileprivate var toAll: LocalAnswer? { condition == nil ? constant : nil }
    }

    let choices: [Choice]

    var readsRequest: Bool { choices.first?.toAll == nil }

    init(_ choices: [Choice]) {
        self.choices = choices
    }

    /// Nil where no condition holds.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) -> LocalAnswer? {
        if let answer = choices.first?.toAll { return answer }
        return RequestActivation.show(setting, bytes, &scratch, listener) { request in
            for choice in choices where choice.holds(request) { return choice.answer(request) }
            return nil
        }
    }
}
