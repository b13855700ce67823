import Foundation
import GatewayDialects
import GatewayModel
import Testing

/// The pages and schemas made from the field tables.
@Suite struct `The reference of a dialect` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Docs/Reference")

    @Test(
        arguments: [
            ("Agentgateway.md", AgentgatewayDialect.reference),
            ("agentgateway.schema.json", AgentgatewayDialect.jsonSchema),
            ("APISIX.md", APISIXDialect.reference),
        ])
    func `says what the code says`(file: String, text: String) throws {
        let url = Self.folder.appending(path: file)
        if GoldenCase.isRecording { try Data(text.utf8).write(to: url) }
        #expect(
            try String(contentsOf: url, encoding: .utf8) == text,
            "`make docs` brings it up to date, and so does TOLLGATE_RECORD=1")
    }

    @Test(arguments: GoldenCase.all)
    func `has a schema that takes what the dialect takes`(_ golden: GoldenCase) throws {
        guard let (node, _) = try golden.decoded(strictly: false) else { return }
        let problems = try SchemaValidator(AgentgatewayDialect.jsonSchema).problems(of: node)
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test(arguments: ["unknown-field", "binds-errors", "gateways-errors", "jwt-errors"])
    func `has a schema that refuses what the dialect refuses`(_ name: String) throws {
        let node = try #require(try GoldenCase(name: name).node())
        #expect(!(try SchemaValidator(AgentgatewayDialect.jsonSchema).problems(of: node).isEmpty))
    }

    @Test func `has text for every field that is offered`() {
        for (name, _, shape) in AgentgatewayDialect.shapes.entries {
            for field in shape.fields where field.status != .notOffered {
                #expect(!field.documentation.isEmpty, "\(name).\(field.name)")
            }
        }
    }
}

@Suite(.enabled(if: Conformance.isPresent)) struct `What is read strictly` {
    /// The proof that a file may go back: agentgateway's own schema takes it.
    @Test(arguments: GoldenCase.all)
    func `is valid by the schema of agentgateway`(_ golden: GoldenCase) throws {
        guard let (node, _) = try golden.decoded(strictly: true) else { return }
        let problems = try SchemaValidator(Conformance.read("config.schema.json")).problems(of: node)
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func `is much of what the golden cases have`() throws {
        #expect(try GoldenCase.all.count { try $0.decoded(strictly: true) != nil } >= 8)
    }
}

@Suite struct `An addition of Tollgate` {
    @Test(arguments: [
        ("config: {trustedProxies: [10.0.0.0/8]}", "field_extension", 1, 10),
        ("gatewayPolicies: []", "field_extension", 1, 1),
        (
            "policies: [{name: a, target: {gateway: default}, policy: {authorization: {rules: ['true']}}}]",
            "value_extension", 1, 19
        ),
        (
            "policies: [{name: {name: a}, target: {route: {name: r}}, policy: {authorization: {rules: ['true']}}}]",
            "field_missing_for_original", 1, 19
        ),
    ])
    func `is refused where it stands, when a file is read strictly`(
        part: String, code: String, line: Int, column: Int
    ) {
        let text = part + "\ngateways: {default: {port: 3000}}\nroutes: [{name: r, backends: [{host: 'a:1'}]}]\n"
        let lenient = AgentgatewayDialect.decode(text: text, documentName: "a.yaml", environment: [:])
        #expect(!lenient.1.hasErrors, "\(lenient.1)")
        let strict = AgentgatewayDialect.decode(text: text, documentName: "a.yaml", environment: [:], strictly: true)
        let found = strict.1.first { $0.code == code }
        #expect(found?.provenance.line == line && found?.provenance.column == column, "\(strict.1)")
    }
}

extension GoldenCase {
    func node() throws -> DocumentNode? {
        DocumentReader.read(
            text: try read("input.yaml"), documentName: "input.yaml", environment: try environment(),
            findings: Findings(dialectName: "agentgateway"))
    }

    /// The document and its model; nil where the dialect refuses it.
    func decoded(strictly: Bool) throws -> (DocumentNode, GatewayConfiguration)? {
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: try read("input.yaml"), documentName: "input.yaml", environment: try environment(),
            strictly: strictly)
        guard let configuration, !diagnostics.hasErrors, let node = try node() else { return nil }
        return (node, configuration)
    }
}
