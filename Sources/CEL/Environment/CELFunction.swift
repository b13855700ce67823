/// A function that expressions may call: its overloads for the checker, its code for the evaluator.
package struct CELFunction: Sendable {
    /// As it is called; with a dot for namespaces: `size`, `math.greatest`.
    package let name: String
    package let signatures: [CELSignature]
    let bodies: [Body]
    /// Whether equal arguments give equal results, so that calls on constants can be made at compile time.
    let isPure: Bool

    /// Code per number of arguments, the receiver included. Arguments are never errors; a body answers
    /// `.error` for values of types it does not take, and reports work that grows with its input to the frame.
    package enum Body: Sendable {
        case unary(@Sendable (CELValue, inout CELFrame) -> CELValue)
        case binary(@Sendable (CELValue, CELValue, inout CELFrame) -> CELValue)
        case ternary(@Sendable (CELValue, CELValue, CELValue, inout CELFrame) -> CELValue)
        case variadic(@Sendable ([CELValue], inout CELFrame) -> CELValue)
    }

    package init(_ name: String, _ signatures: [CELSignature], isPure: Bool = true, _ bodies: Body...) {
        self.name = name
        self.signatures = signatures
        self.bodies = bodies
        self.isPure = isPure
    }

    /// Signatures as text, for the tables of the libraries.
    init(_ name: String, _ signatures: String..., do bodies: Body...) {
        self.name = name
        self.signatures = signatures.map { text in
            guard let signature = CELSignature(text) else { preconditionFailure("malformed signature: \(text)") }
            return signature
        }
        self.bodies = bodies
        self.isPure = true
    }

    /// The code for this number of arguments, or nil.
    func body(for count: Int) -> Body? {
        bodies.first { body in
            switch body {
            case .unary: count == 1
            case .binary: count == 2
            case .ternary: count == 3
            case .variadic: true
            }
        }
    }

    /// Whether the function can be called in this form with this many arguments, types aside.
    func accepts(isMember: Bool, count: Int) -> Bool {
        signatures.contains { $0.isMember == isMember && $0.parameters.count == count }
    }
}

extension CELValue {
    static let noSuchOverload = CELValue.error(CELEvaluationError(.noSuchOverload))

    static func failure(_ code: CELEvaluationError.Code) -> CELValue { .error(CELEvaluationError(code)) }

    static func failure(_ code: CELEvaluationError.Code, _ detail: @autoclosure () -> String) -> CELValue {
        .error(CELEvaluationError(code, detail()))
    }
}
