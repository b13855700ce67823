/// What expressions may refer to: variables, functions, and how strictly they are checked.
///
/// Build one, then compile any number of programs against it; programs keep nothing of it.
package struct CELEnvironment: Sendable {
    package enum Checking: Sendable {
        /// Types and names are checked; what is dynamic is checked at evaluation.
        case typed
        /// Names and types that do not fit are errors of the evaluation.
        case parseOnly
    }

    /// A variable, or a member of one, that activations can resolve.
    package struct Attribute: Sendable {
        /// Dotted path: `jwt`, `request.path`.
        package let path: String
        package let type: CELType
        /// What the activation is asked for.
        package let id: Int
        /// Whether there may be no value: then `has()` is false, and reading it is an error.
        package let isOptional: Bool
        /// Why expressions of this environment may not read it, as a sentence; nil where they may.
        package let refusal: String?
    }

    package var checking = Checking.typed
    package var limits = CELLimits()
    /// Names are looked up inside this dotted name first, then in what encloses it.
    package var container = ""

    private(set) var attributes: [String: Attribute] = [:]
    /// Names below each declared prefix: `request` → `path`, `headers`, …
    private(set) var members: [String: [String]] = [:]
    private var functions: [String: CELFunction] = [:]
    private(set) var namespaces: Set<String> = []
    /// Why a function is not there, by its name; as sentences.
    private var refusedFunctions: [String: String] = [:]

    /// An environment with the standard functions and the extension libraries, and no variables.
    package init() {
        self = Self.library
    }

    private init(functions list: [CELFunction]) {
        for function in list { declare(function) }
    }

    private static let library = CELEnvironment(functions: CELLibrary.all)

    /// Declares what `path` names: a root (`jwt`) or a member of a root whose members are all declared
    /// (`request.path`). The id is what the activation will be asked for; ids are the host's, from 0.
    ///
    /// A root that may be null has type `dyn`; a member without a value is `isOptional`. What is declared with a
    /// `refusal` does not compile where it is read, typed or not.
    package mutating func declare(
        _ path: String, _ type: CELType, id: Int, isOptional: Bool = false, refusal: String? = nil
    ) {
        attributes[path] = Attribute(path: path, type: type, id: id, isOptional: isOptional, refusal: refusal)
        var parts = path.split(separator: ".").map(String.init)
        while let last = parts.popLast(), !parts.isEmpty {
            let parent = parts.joined(separator: ".")
            var names = members[parent] ?? []
            if !names.contains(last) { names.append(last) }
            members[parent] = names
        }
    }

    /// Declares a function, or replaces the one of that name.
    package mutating func declare(_ function: CELFunction) {
        functions[function.name] = function
        if let dot = function.name.lastIndex(of: ".") { namespaces.insert(String(function.name[..<dot])) }
    }

    /// Takes a function away, or says why there is none of that name.
    package mutating func refuse(function name: String, _ reason: String) {
        functions[name] = nil
        refusedFunctions[name] = reason
    }

    func refusal(ofFunction name: String) -> String? { refusedFunctions[name] }

    /// The function of that name, or nil.
    package func function(_ name: String) -> CELFunction? { functions[name] }

    package var functionNames: some Sequence<String> { functions.keys }

    /// All that is declared, in the order of their names: for reference pages.
    package var allFunctions: [CELFunction] { functions.values.sorted { $0.name < $1.name } }
    package var allAttributes: [Attribute] { attributes.values.sorted { $0.path < $1.path } }

    package func attribute(_ path: String) -> Attribute? { attributes[path] }

    /// First names of the declared paths.
    var rootNames: [String] { attributes.keys.map { String($0.prefix { $0 != "." }) } }

    /// The names that `name` may stand for, the innermost first.
    func candidates(_ name: String, isAbsolute: Bool) -> [String] {
        if isAbsolute || container.isEmpty { return [name] }
        var names: [String] = []
        var scope = container[...]
        while !scope.isEmpty {
            names.append("\(scope).\(name)")
            scope = scope.lastIndex(of: ".").map { scope[..<$0] } ?? ""
        }
        return names + [name]
    }
}
