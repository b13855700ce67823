import Bytes
import CEL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Measures expressions over one request; `Benchmarks/Expressions/run` starts it and compares.
///
/// Reads `{"request": {…}, "jwt": {…}, "expressions": […], "rules": […]}` from the standard input and prints, a line
/// each: nanoseconds per evaluation for every expression with its value, milliseconds for ten thousand rules made of
/// each pattern.
@main
struct ExpressionBenchmark {
    private static let rulesPerPattern = 10_000

    static func main() throws {
        var input = ""
        while let line = readLine(strippingNewline: false) { input += line }
        let document = try JSONDocument(parsing: input)
        let request = Request(document)
        for expression in document.root["expressions"].map({ Array($0.elements) }) ?? [] {
            let program = try CELProgram(expression.string ?? "", environment: request.environment)
            let (nanoseconds, value) = measure(program, request)
            print("evaluate \(nanoseconds) \(value)")
        }
        for pattern in document.root["rules"].map({ Array($0.elements) }) ?? [] {
            let parts = (pattern.string ?? "").split(separator: "#", omittingEmptySubsequences: false)
            let sources = (0..<rulesPerPattern).map { parts.joined(separator: "\($0)") }
            let time = try processorTime {
                for source in sources { _ = try CELProgram(source, environment: request.environment) }
            }
            print("compile \(time / 1e6)")
        }
    }

    /// Evaluates for about a tenth of a second.
    private static func measure(_ program: CELProgram, _ request: Request) -> (nanoseconds: Double, value: String) {
        var rounds = 1000
        while true {
            var held = 0
            let time = processorTime {
                for _ in 0..<rounds where program.evaluate(request).isTrue { held += 1 }
            }
            if time >= 1e8 { return (time / Double(rounds), held == rounds ? "true" : "false") }
            rounds *= 2
        }
    }

    /// Nanoseconds of the processor: other programs may run beside.
    private static func processorTime(_ body: () throws -> Void) rethrows -> Double {
        let start = now
        try body()
        return now - start
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

/// The request as a gateway shows it: members of `request` one by one, the claims as they lie in the token cache.
private struct Request: CELActivation {
    private(set) var environment = CELEnvironment()
    private var values: [CELValue] = []
    private let document: JSONDocument

    init(_ document: JSONDocument) {
        self.document = document
        for member in document.root["request"].map({ Array($0.members) }) ?? [] {
            let type: CELType = member.value.isObject ? .map(.string, .string) : .string
            environment.declare("request.\(member.name.string ?? "")", type, id: values.count)
            values.append(CELValue(json: member.value))
        }
        environment.declare("jwt", .dyn, id: values.count)
        values.append(document.root["jwt"].map { CELValue(json: $0) } ?? .null)
    }

    func resolve(_ attribute: Int) -> CELValue { values[attribute] }
}
