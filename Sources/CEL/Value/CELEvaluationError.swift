/// What an evaluation dies of: a value that travels through the expression and may be absorbed by
/// `&&`, `||` and the quantifiers.
package struct CELEvaluationError: Error, Sendable {
    package enum Code: String, Sendable, CaseIterable {
        case noSuchOverload = "no_such_overload"
        case noSuchKey = "no_such_key"
        case noSuchMember = "no_such_member"
        case unknownVariable = "unknown_variable"
        case unknownFunction = "unknown_function"
        case indexOutOfRange = "index_out_of_range"
        case divideByZero = "divide_by_zero"
        case modulusByZero = "modulus_by_zero"
        case overflow
        case range
        case conversion
        case invalidArgument = "invalid_argument"
        case invalidUTF8 = "invalid_utf8"
        case invalidRegex = "invalid_regex"
        case unsupportedKeyType = "unsupported_key_type"
        case duplicateKey = "duplicate_key"
        case noneDereference = "none_dereference"
        case notABoolean = "not_a_boolean"
        case failed
        /// The evaluation cost more than its budget; never absorbed.
        case budgetExceeded = "budget_exceeded"
        /// Internal: a bound value nobody has read yet.
        case unset
    }

    package let code: Code
    /// Byte offset of the failing operation in the source; -1 where it is not known.
    package internal(set) var offset: Int32 = -1
    private let detailText: DetailText?

    private final class DetailText: Sendable {
        let text: String
        init(_ text: String) { self.text = text }
    }

    package init(_ code: Code) {
        self.code = code
        self.detailText = nil
    }

    package init(_ code: Code, _ detail: @autoclosure () -> String) {
        self.code = code
        self.detailText = DetailText(detail())
    }

    init(_ code: Code, at offset: Int32) {
        self.init(code)
        self.offset = offset
    }

    /// The error of selecting an entry that a map does not have; made once, with the plan.
    static func missing(_ name: CELBuffer, at offset: Int) -> CELEvaluationError {
        var error = CELEvaluationError(.noSuchKey, name.text)
        error.offset = Int32(truncatingIfNeeded: offset)
        return error
    }

    /// What the code alone does not say: the key, the type, the text.
    package var detail: String? { detailText?.text }

    package var message: String {
        let text = code.message
        return detail.map { "\(text): \($0)" } ?? text
    }
}

extension CELEvaluationError.Code {
    package var message: String {
        switch self {
        case .noSuchOverload: "no such overload"
        case .noSuchKey: "no such key"
        case .noSuchMember: "the type has no such member"
        case .unknownVariable: "unknown variable"
        case .unknownFunction: "unknown function"
        case .indexOutOfRange: "index out of range"
        case .divideByZero: "divide by zero"
        case .modulusByZero: "modulus by zero"
        case .overflow: "integer overflow"
        case .range: "value out of range"
        case .conversion: "type conversion error"
        case .invalidArgument: "invalid argument"
        case .invalidUTF8: "invalid UTF-8"
        case .invalidRegex: "invalid regular expression"
        case .unsupportedKeyType: "unsupported key type"
        case .duplicateKey: "failed with repeated key"
        case .noneDereference: "optional.none() dereference"
        case .notABoolean: "the result is not a boolean"
        case .failed: "failed"
        case .unset: "not computed"
        case .budgetExceeded: "the evaluation exceeded its budget"
        }
    }
}
