/// A function that expressions may call: its overloads for the checker, its code for the evaluator.
package struct CELFunction: Sendable {
    /// As it is called; with a dot for namespaces: `size`, `math.greatest`.
    package let name: String
    package let signatures: [CELSignature]
    let bodies: [Body]
    /// Whether equal arguments give equal results, so that calls on constants can be made at compile time.
    let isPure: Bool
    let absence: Absence

    /// How a call can be an error because something is not there. Deny rules that make such a call unguarded are
    /// pointed out (`CELAbsences`).
    package enum Absence: Sendable {
        case never
        /// What it looks for may not be there: a cookie, JSON in an empty text, the greatest of no numbers.
        case subject
        /// A position among its arguments may be past the end.
        case position
    }

    /// Code per number of arguments, the receiver included. Arguments are never errors; a body answers
    /// `.error` for values of types it does not take, and reports work that grows with its input to the frame.
    package enum Body: Sendable {
        case unary(@Sendable (CELValue, inout CELFrame) -> CELValue)
        case binary(@Sendable (CELValue, CELValue, inout CELFrame) -> CELValue)
        case ternary(@Sendable (CELValue, CELValue, CELValue, inout CELFrame) -> CELValue)
        case variadic(@Sendable ([CELValue], inout CELFrame) -> CELValue)
    }

    package init(
        _ name: String, _ signatures: [CELSignature], isPure: Bool = true, absence: Absence = .never, _ bodies: Body...
    ) {
        self.name = name
        self.signatures = signatures
        self.bodies = bodies
        self.isPure = isPure
        self.absence = absence
    }

    /// Signatures as text, for the tables of the libraries.
    init(_ name: String, _ signatures: String..., absence: Absence = .never, do bodies: Body...) {
        self.name = name
        self.signatures = signatures.map { text in
            guard let signature = CELSignature(text) else { preconditionFailure("malformed signature: \(text)") }
            return signature
        }
        self.bodies = bodies
        self.isPure = true
        self.absence = absence
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
