import Bytes

@testable import CEL

/// Values by attribute id.
struct TestActivation: CELActivation {
    var values: [Int: CELValue] = [:]
    /// Kept alive for the values that borrow from them.
    var documents: [JSONDocument] = []

    func resolve(_ attribute: Int) -> CELValue { values[attribute] ?? .null }

    mutating func set(_ id: Int, json text: String) throws {
        let document = try JSONDocument(parsing: text)
        documents.append(document)
        values[id] = CELValue(json: document.root)
    }
}

/// An environment like the gateway's: `request` is typed, `jwt` dynamic.
enum TestEnvironment {
    static let path = 0
    static let headers = 1
    static let jwt = 2
    static let method = 3

    static let value: CELEnvironment = {
        var environment = CELEnvironment()
        environment.declare("request.path", .string, id: path)
        environment.declare("request.headers", .map(.string, .string), id: headers)
        environment.declare("request.method", .string, id: method)
        environment.declare("jwt", .dyn, id: jwt)
        return environment
    }()

    static func activation(
        path: String = "/admin", jwt: String? = #"{"sub":"a","groups":["users","admins"],"level":3}"#
    ) throws -> TestActivation {
        var activation = TestActivation()
        activation.values[Self.path] = .string(path)
        activation.values[headers] = .map([(.string("host"), .string("example.com"))])
        if let jwt { try activation.set(Self.jwt, json: jwt) }
        return activation
    }
}

/// The value of an expression, as text; errors as `error: code`.
func evaluate(
    _ source: String, _ activation: TestActivation = TestActivation(),
    in environment: CELEnvironment = TestEnvironment.value, budget: Int = CELProgram.defaultBudget
) throws -> String {
    let program = try CELProgram(source, environment: environment)
    switch program.evaluate(activation, budget: budget) {
    case .error(let error): return "error: \(error.code.rawValue)"
    case let result: return result.value.debugText
    }
}

/// The rendered compile error of an expression, or nothing.
func compileError(_ source: String, in environment: CELEnvironment = TestEnvironment.value) -> CELCompileError? {
    do throws(CELCompileError) {
        _ = try CELProgram(source, environment: environment)
        return nil
    } catch {
        return error
    }
}
