/// `matches` and the functions that search and replace. A pattern that is a constant is compiled once, with
/// the expression (`RegexCallNode`); any other in every call.
extension CELLibrary {
    static let regexes: [CELFunction] = RegexOperation.allCases.map { operation in
        CELFunction(
            operation.rawValue, operation.signatures.compactMap { CELSignature($0) },
            .variadic { arguments, frame in
                guard arguments.count > 1, case .string(let pattern) = arguments[1] else { return .noSuchOverload }
                guard frame.spend(bytes: pattern.count * RegexOperation.compileCostPerByte) else {
                    return .failure(.budgetExceeded)
                }
                do throws(RegexError) {
                    let regex = try LinearRegex(pattern.text, for: .once)
                    frame.spend(regex.stepCount * 2)
                    return operation.run(regex, arguments, &frame)
                } catch {
                    return .failure(.invalidRegex, error.message)
                }
            })
    }
}

/// A function whose second argument is a pattern and whose first is the text.
enum RegexOperation: String, CaseIterable {
    case matches
    case regexReplace
    case replace = "regex.replace"
    case extract = "regex.extract"
    case extractAll = "regex.extractAll"

    static let compileCostPerByte = 64

    var signatures: [String] {
        switch self {
        case .matches: ["string.(string) -> bool", "(string, string) -> bool"]
        case .regexReplace: ["(string, string, string) -> string", "string.(string, string) -> string"]
        case .replace: ["(string, string, string) -> string", "(string, string, string, int) -> string"]
        case .extract: ["(string, string) -> optional(string)"]
        case .extractAll: ["(string, string) -> list(string)"]
        }
    }

    func run(_ regex: LinearRegex, _ arguments: [CELValue], _ frame: inout CELFrame) -> CELValue {
        guard case .string(let text)? = arguments.first else { return .noSuchOverload }
        let cost = self == .matches ? regex.costPerByte : regex.searchCostPerByte
        guard frame.spend(bytes: (text.count + 1).multipliedClamping(by: cost)) else {
            return .failure(.budgetExceeded)
        }
        switch self {
        case .matches: return unsafe .bool(regex.matches(text.bytes.span))
        case .extract, .extractAll: return extract(regex, text, &frame)
        case .replace, .regexReplace:
            guard arguments.count > 2, case .string(let template) = arguments[2] else { return .noSuchOverload }
            var limit = Int64.max
            if arguments.count > 3 {
                guard case .int(let given) = arguments[3] else { return .noSuchOverload }
                limit = given < 0 ? .max : given
            }
            return replace(regex, text, template, limit, &frame)
        }
    }

    private func extract(_ regex: LinearRegex, _ text: CELBuffer, _ frame: inout CELFrame) -> CELValue {
        guard regex.captureCount <= 1 else {
            return .failure(.invalidRegex, "more than one group in '\(rawValue)'")
        }
        let group = regex.captureCount
        var found: [CELValue] = []
        var matches = RegexMatches(regex, text)
        while let match = matches.next(&frame) {
            let start = match[group * 2]
            if start >= 0 { found.append(.string(text.slice(start..<match[group * 2 + 1]))) }
            if self == .extract { break }
        }
        if self == .extractAll { return .list(found) }
        return .optional(found.first.map { CELBox($0) })
    }

    private func replace(
        _ regex: LinearRegex, _ text: CELBuffer, _ template: CELBuffer, _ limit: Int64, _ frame: inout CELFrame
    ) -> CELValue {
        let parts: RegexTemplate
        do throws(CELEvaluationError) {
            parts = try RegexTemplate(template, for: regex, usesDollar: self == .regexReplace)
        } catch {
            return .error(error)
        }
        var output: [UInt8] = []
        var end = 0
        var left = limit
        var matches = RegexMatches(regex, text)
        while left > 0, let match = matches.next(&frame) {
            unsafe output.append(contentsOf: text.slice(end..<match[0]).bytes)
            unsafe parts.append(match, of: text.bytes.span, to: &output)
            guard frame.spend(bytes: output.count) else { return .failure(.budgetExceeded) }
            end = match[1]
            left -= 1
        }
        unsafe output.append(contentsOf: text.slice(end..<text.count).bytes)
        return .string(CELBuffer(copying: output))
    }
}

/// The matches of a regular expression in a text, one after the other.
private struct RegexMatches {
    private let regex: LinearRegex
    private let text: CELBuffer
    private var position = 0

    init(_ regex: LinearRegex, _ text: CELBuffer) {
        self.regex = regex
        self.text = text
    }

    mutating func next(_ frame: inout CELFrame) -> [Int]? {
        guard position <= text.count else { return nil }
        let cost = (text.count - position + 1).multipliedClamping(by: regex.searchCostPerByte)
        guard frame.spend(bytes: cost), let match = unsafe regex.firstMatch(in: text.bytes.span, from: position) else {
            return nil
        }
        position = unsafe LinearRegex.position(after: match, in: text.bytes.span)
        return match
    }
}

extension Int {
    func multipliedClamping(by other: Int) -> Int {
        let (product, overflowed) = multipliedReportingOverflow(by: other)
        return overflowed ? .max / 2 : product
    }
}

/// A call whose pattern is a constant.
final class RegexCallNode: PlanNode {
    private let operation: RegexOperation
    private let regex: LinearRegex
    private let arguments: [PlanNode]

    init(_ operation: RegexOperation, _ regex: LinearRegex, _ arguments: [PlanNode], _ offset: Int) {
        self.operation = operation
        self.regex = regex
        self.arguments = arguments
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        if operation == .matches { return matches(&frame) }
        var values: [CELValue] = []
        for argument in arguments {
            let value = argument.evaluate(&frame)
            if value.isError { return value }
            values.append(value)
        }
        return located(operation.run(regex, values, &frame))
    }

    private func matches(_ frame: inout CELFrame) -> CELValue {
        switch arguments[0].evaluate(&frame) {
        case .string(let text):
            guard frame.spend(bytes: (text.count + 1).multipliedClamping(by: regex.costPerByte)) else {
                return .failure(.budgetExceeded)
            }
            return unsafe .bool(regex.matches(text.bytes.span))
        case .error(let error): return .error(error)
        default: return failure(.noSuchOverload)
        }
    }
}
