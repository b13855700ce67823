import CEL
import Foundation
import GatewayDialects
import GatewayEngine
import GatewayModel
import Testing

/// Expressions of a file that has to be able to go back to agentgateway.
@Suite struct `An expression that agentgateway has to take` {
    typealias Documents = `An expression that reads what nothing fills`

    /// What is refused in a document, and nothing else may be.
    private static func additions(_ document: String) throws -> [Diagnostic] {
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: document, documentName: "test", environment: [:])
        #expect(!diagnostics.hasErrors, "\(diagnostics)")
        let (_, findings) = Compiler.compile(
            try #require(configuration), keys: KeyMaterial(), keepingTo: .agentgateway)
        let errors = findings.filter { $0.severity == .error }
        #expect(errors.allSatisfy { $0.code == "expression_extension" }, "\(errors)")
        return AgentgatewayDialect.presented(errors, text: document, documentName: "test", environment: [:])
    }

    private static func rule(_ expression: String) -> String {
        Documents.document("authorization: {rules: [{deny: '\(expression)'}]}")
    }

    struct Addition: Sendable, CustomTestStringConvertible {
        let expression: String
        let name: String
        var instead: String?
        var testDescription: String { expression }
    }

    @Test(arguments: [
        Addition(expression: #"gateway.name == "a""#, name: "gateway.name", instead: "`proxy.gateway.name`"),
        Addition(expression: #"has(gateway.listener)"#, name: "gateway.listener", instead: "`proxy.listener.name`"),
        Addition(expression: #"gateway["name"] == "a""#, name: "gateway.name", instead: "`proxy.gateway.name`"),
        Addition(expression: #"route.name == "a""#, name: "route.name", instead: "`proxy.route.name`"),
        Addition(expression: "!source.tls", name: "source.tls", instead: #"`request.scheme == "https"`"#),
        Addition(
            expression: #"request.query.a == "1""#, name: "request.query",
            instead: #"`request.uri.query("name")`, which answers a list"#),
        Addition(
            expression: #"consumer.name == "a""#, name: "consumer",
            instead: "the claims, `jwt`, or what the key has, `apiKey`"),
        Addition(expression: "jwt.groups.distinct() == []", name: "distinct()"),
        Addition(expression: "jwt.groups.sortBy(e, e.name)[0] == 1", name: "sortBy()"),
        Addition(expression: "cel.bind(x, jwt.sub, x == x)", name: "cel.bind()", instead: "`x.with(name, y)`"),
        Addition(
            expression: "jwt.a.removeKeys(k, true) == {}", name: "removeKeys()", instead: "`filterKeys(k, !(test))`"),
        Addition(expression: "jwt.a.all(k, v, k == v)", name: "all() with 3 arguments"),
        Addition(expression: #"jwt.?sub.orValue("") == """#, name: "?", instead: "`default(a.b, x)`"),
        Addition(expression: #"toJson(jwt) == jwt.toJson()"#, name: "A.toJson() -> string", instead: "`toJson(x)`"),
        Addition(
            expression: #"cidr("10.0.0.0/8").containsCIDR("10.0.0.0/9")"#,
            name: "net.CIDR.containsCIDR(string) -> bool", instead: "`containsCIDR(cidr(text))`"),
        Addition(expression: "type(jwt.groups) == list", name: "list"),
        Addition(expression: #"sets.intersects(jwt.a, ["b"])"#, name: "sets.intersects()"),
    ])
    func `may use nothing that is ours`(_ addition: Addition) throws {
        let found = try Self.additions(Self.rule(addition.expression))
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.message.hasPrefix("`\(addition.name)` is an addition of Tollgate") == true, "\(found)")
        #expect(
            found.first?.hint == addition.instead.map { "write \($0)" }
                ?? "write it without, where both have to read it")
    }

    @Test(arguments: [
        #"jwt.sub == "a" && has(jwt.team) && default(jwt.n, 1) > 2 && "x" in jwt.groups"#,
        #"coalesce(jwt.a, jwt.b, "c").lowerAscii().startsWith("c") || max(1, 2) == math.greatest(1, 2)"#,
        #"jwt.groups.exists(g, g == "a") && jwt.groups.map(g, g != "b", g.upperAscii()).size() == 1"#,
        #"cidr("10.0.0.0/8").containsIP(source.address) && ip("10.0.0.1").family() == 4"#,
        #"jwt.rooms.with(r, r.filterKeys(k, k == "a")) == {} && request.uri.query("a") == ["b"]"#,
        #"request.headers.cookie("a") == "b" && json(request.body).a == 1 && jsonField("{}", "a") == 1"#,
        #"proxy.gateway.name == "a" && source.subjectCn == "b" && request.startTime.getHours() == 3"#,
        #"jwt.metadata.gateway.name == "no attribute" && jwt.source.tls"#,
        #"jwt.groups.all(gateway, gateway.name == "a variable")"#,
    ])
    func `may use what both have`(_ expression: String) throws {
        #expect(try Self.additions(Self.rule(expression)).isEmpty)
    }

    @Test(arguments: Documents.places)
    func `is looked into wherever it stands`(_ place: Documents.Place) throws {
        let found = try Self.additions(Documents.document(place.policies.replacing("jwt.", with: "consumer.")))
        #expect(found.map { $0.message.prefix(10) } == ["`consumer`"], "\(place.policies)")
    }

    @Test func `is looked into in the log, at backends and where a credential is looked for`() throws {
        let documents = [
            Documents.document(top: "frontendPolicies: {accessLog: {filter: source.tls}}"),
            Documents.document(top: "frontendPolicies: {accessLog: {add: {tls: source.tls}}}"),
            Documents.document(backend: "policies: {transformations: {request: {set: {x-a: string(gateway.name)}}}}"),
            Documents.document(
                backend: "policies: {health: {unhealthyExpression: source.tls, eviction: {duration: 1s}}}"),
            Documents.document(
                "jwtAuth: {mode: strict, issuer: a, jwks: '{\"keys\":[]}', location: {expression: request.query.t}}"),
        ]
        for document in documents {
            let found = try Self.additions(document)
            #expect(found.count == 1, "\(found) in \(document)")
        }
    }

    @Test func `is refused at the file's line and column, each use of it`() throws {
        let document = """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    authorization:
                      rules:
                      - deny: |
                          jwt.sub == "a" ||
                            !source.tls && route.name == "b"
                  backends: [{host: "a.test:80"}]
            """
        let found = try Self.additions(document)
        #expect(found.map(\.provenance.description) == ["test:10:25", "test:10:38"])
    }

    // MARK: - The table

    @Test func `finds all that the table lists among what is declared`() {
        let original = OriginalVocabulary.agentgateway
        let functions = RequestEnvironment.transformation.allFunctions
        let forms = Set(functions.flatMap { function in function.signatures.map { $0.text(of: function.name) } })
        #expect(original.functions.subtracting(functions.map(\.name)).isEmpty)
        #expect(original.lackedForms.subtracting(forms).isEmpty)
        let macros = Set(CELMacroReference.all.flatMap(\.keys))
        #expect(original.macros.subtracting(macros).isEmpty)
        #expect(Set(original.instead.keys).subtracting(macros).subtracting(functions.map(\.name)).isEmpty)
        #expect(
            functions.allSatisfy { function in
                !original.functions.contains(function.name)
                    || function.signatures.contains { original.has($0, of: function.name) }
            })
    }

    @Test(.enabled(if: Conformance.isPresent))
    func `marks as ours just those attributes that agentgateway's schema has not`() throws {
        let published = try PublishedAttributes()
        for attribute in RequestAttribute.allCases {
            let entry = attribute.entry
            #expect(published.paths.contains(entry.path) == (entry.ours == nil), "\(entry.path)")
        }
    }
}

/// What `cel.schema.json` says that expressions of agentgateway can read.
private struct PublishedAttributes {
    private(set) var paths: Set<String> = []

    init() throws {
        let data = Data(try Conformance.read("cel.schema.json").utf8)
        collect(try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]), below: [])
    }

    private mutating func collect(_ schema: [String: Any], below path: [String]) {
        for (name, member) in schema["properties"] as? [String: [String: Any]] ?? [:] {
            paths.insert((path + [name]).joined(separator: "."))
            collect(member, below: path + [name])
        }
    }
}
