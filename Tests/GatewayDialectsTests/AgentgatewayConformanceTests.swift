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
            let claimed = shape.fields.filter { $0.status != .ours }.map(\.name)
            #expect(Set(claimed).subtracting(theirs).isEmpty, "\(name): these are ours")
            let needed = Set(object["required"] as? [String] ?? [])
            let asked =
                shape.fields.filter { $0.status == .required }.map(\.name) + shape.requiredByOriginal + shape.exactlyOne
            #expect(needed.subtracting(asked).isEmpty, "\(name): a file without these can't go back")
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
