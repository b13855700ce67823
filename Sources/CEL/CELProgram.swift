/// A compiled expression: immutable, evaluated any number of times from any thread.
package final class CELProgram: @unchecked Sendable {  // Safe: nodes are immutable once planned.
    package let source: String
    /// The type the checker found; `dyn` for a program that was only parsed.
    package let type: CELType
    /// Ids of the attributes an evaluation may ask for, ascending.
    package let attributes: [Int]
    private let root: PlanNode
    private let slotCount: Int

    /// Steps an evaluation may take unless told otherwise: some milliseconds.
    package static let defaultBudget = 200_000

    /// Compiles `source`; throws every issue found.
    package convenience init(_ source: String, environment: CELEnvironment) throws(CELCompileError) {
        try self.init(CELParsedExpression(source, in: environment))
    }

    /// Throws every issue found.
    package init(_ parsed: CELParsedExpression) throws(CELCompileError) {
        switch parsed.environment.checking {
        case .typed:
            let outcome = parsed.checked
            guard outcome.issues.isEmpty else { throw CELCompileError(parsed.source, outcome.issues) }
            type = outcome.type
        case .parseOnly: type = .dyn
        }
        var planner = Planner(parsed.environment)
        do throws(CELIssue) {
            root = try planner.plan(parsed.root)
        } catch {
            throw CELCompileError(parsed.source, [error])
        }
        source = parsed.source
        slotCount = planner.slotCount
        attributes = planner.attributes.sorted()
    }

    /// The value the program always has, where that is known without evaluating it.
    package var constant: CELValue? { root.constant }

    /// Evaluates the program. The result may borrow from the activation: use it, or take `owned`, before
    /// the memory behind the activation goes.
    package func evaluate<Activation: CELActivation & ~Copyable>(
        _ activation: borrowing Activation, budget: Int = CELProgram.defaultBudget
    ) -> CELResult {
        CELResult(Self.evaluate(root, slotCount: slotCount, activation, budget: budget))
    }

    static func evaluate<Activation: CELActivation & ~Copyable>(
        _ root: PlanNode, slotCount: Int, _ activation: borrowing Activation, budget: Int
    ) -> CELValue {
        unsafe withUnsafePointer(to: activation) { pointer in
            unsafe withUnsafeTemporaryAllocation(of: CELValue.self, capacity: max(1, slotCount)) { slots in
                unsafe slots.initialize(repeating: .null)
                defer { unsafe slots.deinitialize() }
                guard let locals = slots.baseAddress else { return .failure(.failed) }
                var frame = unsafe CELFrame(
                    activation: UnsafeRawPointer(pointer), type: Activation.self, locals: locals, budget: budget)
                let value = root.evaluate(&frame)
                return frame.isExhausted ? .failure(.budgetExceeded) : value
            }
        }
    }
}

/// The outcome of an evaluation.
package enum CELResult: Sendable {
    case bool(Bool)
    case value(CELValue)
    case error(CELEvaluationError)

    @inline(__always)
    init(_ value: CELValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .error(let error): self = .error(error)
        default: self = .value(value)
        }
    }

    /// The result as a value; errors included.
    package var value: CELValue {
        switch self {
        case .bool(let value): .bool(value)
        case .value(let value): value
        case .error(let error): .error(error)
        }
    }

    /// The result of a condition: anything but `true` is false here, errors and other types included.
    package var isTrue: Bool {
        if case .bool(true) = self { return true }
        return false
    }
}
