import Foundation
import GatewayDialects
import GatewayModel
import Testing

/// agentgateway's own examples and schema, where they lie beside the checkout.
///
/// They are looked for in the folder `TOLLGATE_CONFORMANCE_DIR` names, by default
/// `../shared/conformance`, and are no part of this repository.
enum Conformance {
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_CONFORMANCE_DIR"] { return URL(filePath: path) }
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.deletingLastPathComponent().appending(path: "shared/conformance")
    }()

    static let agentgateway = folder.appending(path: "agentgateway")

    static let isPresent: Bool = {
        let isPresent = FileManager.default.fileExists(atPath: agentgateway.path)
        if !isPresent { print("SKIPPED: agentgateway's examples are not at \(agentgateway.path)") }
        return isPresent
    }()

    /// All YAML files of the examples.
    static let files: [String] = {
        let examples = agentgateway.appending(path: "examples")
        guard isPresent, let paths = FileManager.default.enumerator(atPath: examples.path) else { return [] }
        return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    /// Those for agentgateway itself; the others are manifests and files for compose and helm.
    static let examples = files.filter { path in
        path.hasSuffix("/config.yaml")
            || (try? read("examples/\(path)"))?.contains("agentgateway.dev/schema/config") == true
    }

    static func read(_ path: String) throws -> String {
        try String(contentsOf: agentgateway.appending(path: path), encoding: .utf8)
    }
}

@Suite(.enabled(if: Conformance.isPresent)) struct `The examples of agentgateway` {
    /// Errors that say a feature is missing, or that keys over http need a word of the user's; any other would
    /// claim that a good file is bad.
    private static let notOffered: Set = ["field_not_offered", "value_not_offered", "insecure_url"]

    @Test(arguments: Conformance.examples)
    func `decode, or are refused for what is not offered and nothing else`(_ example: String) throws {
        let text = try Conformance.read("examples/\(example)")
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: text, documentName: example, environment: Self.environment(naming: text))
        let errors = diagnostics.filter { $0.severity == .error }
        let unexpected = errors.filter { !Self.notOffered.contains($0.code) }
        #expect(unexpected.isEmpty, "\(unexpected.map { $0.rendered(source: text) }.joined())")
        #expect((configuration == nil) == !errors.isEmpty)
    }

    @Test func `are there`() {
        #expect(Conformance.examples.count >= 35)
        #expect(Conformance.examples.contains("traffic-http/config.yaml"))
    }

    @Test(arguments: Set(Conformance.files).subtracting(Conformance.examples).sorted())
    func `for other programs are refused without a crash`(_ file: String) throws {
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: try Conformance.read("examples/\(file)"), documentName: file, environment: [:])
        #expect(configuration == nil)
        #expect(diagnostics.hasErrors)
    }

    /// Every variable the text could mean, so that none is missing.
    private static func environment(naming text: String) -> [String: String] {
        let names = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "_" }
        return Dictionary(names.map { (String($0), "value") }) { first, _ in first }
    }
}

@Suite(.enabled(if: Conformance.isPresent)) struct `The schema of agentgateway` {
    /// Our objects and the definitions of theirs that they read.
    static let pairs: [(shape: ObjectShape, definition: String)] = AgentgatewayDialect.shapesByDefinition

    @Test func `has no field that we take for unknown`() throws {
        let data = Data(try Conformance.read("config.schema.json").utf8)
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
        for (shape, name) in Self.pairs {
            let object = name.isEmpty ? schema : try #require(definitions[name], "no definition \(name)")
            let theirs = Self.properties(of: object)
            let known = Set(shape.fields.map(\.name))
            #expect(!theirs.isEmpty, "\(name)")
            #expect(theirs.subtracting(known).isEmpty, "\(name)")
        }
    }

    /// The names of an object's fields, in whichever of its forms.
    private static func properties(of object: [String: Any]) -> Set<String> {
        var names = Set((object["properties"] as? [String: Any] ?? [:]).keys)
        for key in ["oneOf", "anyOf", "allOf"] {
            for form in object[key] as? [[String: Any]] ?? [] { names.formUnion(properties(of: form)) }
        }
        return names
    }
}
