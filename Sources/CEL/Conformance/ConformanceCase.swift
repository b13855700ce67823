internal import Bytes

/// One case of a conformance file: an expression, what it may refer to, and what must come of it.
struct ConformanceCase {
    let id: String
    let file: String
    let needsProto: Bool
    private let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
        id = json["id"]?.string ?? "?"
        file = json["file"]?.string ?? "?"
        needsProto = json["needs_proto"]?.boolean ?? false
    }

    private func flag(_ name: String) -> Bool { json[name]?.boolean ?? false }

    /// Nil where the case holds, otherwise what came instead.
    func miss() -> String? {
        let expression = json["expr"]?.string ?? ""
        var setting = Setting()
        setting.environment.container = json["container"]?.string ?? ""
        setting.environment.checking = flag("disable_check") ? .parseOnly : .typed
        for declaration in json["type_env"].map({ Array($0.elements) }) ?? [] { setting.declare(declaration) }
        for binding in json["bindings"].map({ Array($0.members) }) ?? [] {
            guard setting.bind(binding.name.string ?? "", binding.value) else { return "the binding can't be read" }
        }
        guard let expected = json["expect"] else { return "nothing is expected" }
        let program: CELProgram
        do throws(CELCompileError) {
            program = try CELProgram(expression, environment: setting.environment)
        } catch {
            return expected["eval_error"] == nil ? error.description : nil
        }
        if let type = expected["deduced_type"]?.string, program.type.description != type {
            return "type \(program.type.description), expected \(type)"
        }
        return flag("check_only") ? nil : outcome(of: program, setting.activation, expected)
    }

    private func outcome(of program: CELProgram, _ activation: Activation, _ expected: JSONValue) -> String? {
        let result = program.evaluate(activation).value
        if expected["eval_error"] != nil {
            return result.isError ? nil : "\(result.debugText), expected an error"
        }
        guard let value = expected["value"] else { return nil }
        guard let wanted = ConformanceValue.decode(value) else { return "the expected value can't be read" }
        if ConformanceValue.areSame(result, wanted) { return nil }
        return "\(result.debugText), expected \(wanted.debugText)"
    }

    struct Activation: CELActivation {
        var values: [CELValue] = []

        func resolve(_ attribute: Int) -> CELValue { values[attribute] }
    }

    /// What a case declares and binds.
    private struct Setting {
        var environment = CELEnvironment()
        var activation = Activation()

        mutating func declare(_ json: JSONValue) {
            if let name = json["ident"]?.string {
                declare(name, Self.type(json["type"]?.string ?? "dyn"))
            } else if let name = json["function"]?.string {
                var signatures: [CELSignature] = []
                for overload in json["overloads"].map({ Array($0.elements) }) ?? [] {
                    let parameters = (overload["params"].map { Array($0.elements) } ?? []).map {
                        Self.type($0.string ?? "dyn")
                    }
                    signatures.append(
                        CELSignature(
                            isMember: overload["instance"]?.boolean ?? false, parameters: parameters,
                            result: Self.type(overload["result"]?.string ?? "dyn")))
                }
                environment.declare(CELFunction(name, signatures, .variadic { _, _ in .failure(.unknownFunction) }))
            }
        }

        private mutating func declare(_ name: String, _ type: CELType) {
            environment.declare(name, type, id: activation.values.count)
            activation.values.append(.failure(.unknownVariable, name))
        }

        /// Type texts of the files, where type parameters and messages are marked as such.
        private static func type(_ text: String) -> CELType {
            var plain = text
            for (mark, name) in [
                ("message:google.protobuf.Duration", "duration"), ("message:google.protobuf.Timestamp", "timestamp"),
                ("param:", ""), ("message:", ""),
            ] {
                plain = replacing(mark, with: name, in: plain)
            }
            return CELType(plain) ?? .dyn
        }

        private static func replacing(_ old: String, with new: String, in text: String) -> String {
            var result = ""
            var rest = text[...]
            while !rest.isEmpty {
                if rest.hasPrefix(old) {
                    result += new
                    rest.removeFirst(old.count)
                } else {
                    result.append(rest.removeFirst())
                }
            }
            return result
        }

        mutating func bind(_ name: String, _ json: JSONValue) -> Bool {
            guard let value = ConformanceValue.decode(json) else { return false }
            if environment.attribute(name) == nil { declare(name, .dyn) }
            if let id = environment.attribute(name)?.id { activation.values[id] = value }
            return true
        }
    }
}
