internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let proxyRewrite = APISIXPlugin(
        name: "proxy-rewrite", priority: 1008, isAuthentication: false,
        schema: .object(
            .init(
                [
                    ("uri", .string(.init(min: 1, max: 4096, Patterns.rewrittenURI))),
                    (
                        "method",
                        .string(
                            .init(
                                choices: ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE"],
                                offered: ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]))
                    ), ("regex_uri", .array(of: .string(), minItems: 2)),
                    ("host", .string(.init(Patterns.rewrittenHost))), ("headers", headers),
                    (
                        "use_real_request_uri_unsafe",
                        .notOffered("what is forwarded is the path that was matched, and no other")
                    ),
                ], minProperties: 1)),
        check: { value in
            if let texts = value.strings("regex_uri"), texts.count % 2 != 0 {
                return "The length of regex_uri should be an even number"
            }
            return APISIXHeaders.problem(value["headers"])
        })

    private static let headers = APISIXSchema.one([
        .object(
            .init(
                [
                    ("add", APISIXHeaders.values), ("set", APISIXHeaders.values),
                    ("remove", .array(of: .string(.init(Patterns.headerName)), minItems: 1)),
                ], others: .forbidden, minProperties: 1)),
        .object(.init([], others: .all(APISIXHeaders.value), minProperties: 1)),
    ])
}

/// Changes of header fields, in their present form (`add`, `set`, `remove`) or the old one (what is to be set).
struct APISIXHeaders {
    var add: [(name: String, value: APISIXTemplate)] = []
    var set: [(name: String, value: APISIXTemplate)] = []
    var remove: [String] = []

    static let value = APISIXSchema.one([.string(), .number()])
    static let values = APISIXSchema.object(
        .init([], others: .all(.one([value, .array(of: value, minItems: 1)])), minProperties: 1))

    init(_ value: JSONTree?) {
        guard let value else { return }
        guard Self.isPresentForm(value) else {
            set = Self.fields(value)
            removeEmpty()
            return
        }
        // Lines, in the plugin that changes answers.
        add =
            value.strings("add").map { lines in
                lines.compactMap { line in
                    guard let colon = line.firstIndex(of: ":") else { return nil }
                    return (
                        line[..<colon].withoutOuterSpaces,
                        APISIXTemplate(line[line.index(after: colon)...].withoutOuterSpaces)
                    )
                }
            } ?? Self.fields(value["add"])
        set = Self.fields(value["set"])
        remove = value.strings("remove") ?? []
        removeEmpty()
    }

    /// To set a header to nothing is to remove it.
    private mutating func removeEmpty() {
        remove += set.filter { $0.value.parts.isEmpty }.map(\.name)
        set.removeAll { $0.value.parts.isEmpty }
    }

    private static func isPresentForm(_ value: JSONTree) -> Bool {
        ["add", "set", "remove"].contains { value[$0]?.object != nil || value[$0]?.array != nil }
    }

    private static func fields(_ value: JSONTree?) -> [(name: String, value: APISIXTemplate)] {
        (value?.object?.entries ?? []).flatMap { name, value in
            (value.array ?? [value]).map { (name, APISIXTemplate($0.string ?? $0.text)) }
        }
    }

    /// What is wrong with the old form.
    static func problem(_ value: JSONTree?) -> String? {
        guard let value, !isPresentForm(value) else { return nil }
        for (name, value) in value.object?.entries ?? [] {
            if name.isEmpty { return "invalid field length in header" }
            if !name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }) {
                return "invalid field character in header"
            }
            if let text = value.string, !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
                return "invalid value character in header"
            }
        }
        return nil
    }

    var isEmpty: Bool { add.isEmpty && set.isEmpty && remove.isEmpty }

    /// The fixed value of `Host`, which is no field like the others: it says who is asked.
    mutating func takeHost() -> String? {
        guard let index = set.firstIndex(where: { $0.name.lowercased() == "host" && $0.value.isConstant }) else {
            return nil
        }
        return set.remove(at: index).value.constant
    }

    func fields(
        _ variables: APISIXVariables, captures: ((Int) -> String)? = nil, at place: Provenance
    ) -> Transformation.Change {
        func field(_ field: (name: String, value: APISIXTemplate)) -> Transformation.Field {
            Transformation.Field(
                name: field.name,
                value: Expression(field.value.expression(variables, captures: captures), at: place), provenance: place)
        }
        return Transformation.Change(
            add: add.map(field), set: set.map(field),
            remove: remove.map { HeaderMutation.Field(name: $0, value: "", provenance: place) }, replace: nil,
            body: nil,
            metadata: [])
    }
}

/// `proxy-rewrite` at one place.
struct ProxyRewrite {
    let value: JSONTree
    let variables: APISIXVariables
    let place: Provenance
    private let headers: APISIXHeaders
    private let hostHeader: String?

    init(_ value: JSONTree, _ variables: APISIXVariables, at place: Provenance) {
        self.value = value
        self.variables = variables
        self.place = place
        var headers = APISIXHeaders(value["headers"])
        hostHeader = headers.takeHost()
        self.headers = headers
    }

    var host: String? { value["host"]?.string ?? hostHeader }

    private var substitution: APISIXSubstitution? {
        value["uri"] == nil ? value.strings("regex_uri").map(APISIXSubstitution.init) : nil
    }

    /// Nil: it stays.
    var path: URLChange.Path? {
        if let uri = value["uri"]?.string {
            // A question mark that a variable brings is part of the path.
            let text = APISIXTemplate(uri).expression(variables, escaped: { "\($0).replace('?', '%3F')" })
            return .computed(Expression(text, at: place))
        }
        return substitution.map { .computed(Expression($0.expression(otherwise: "request.path"), at: place)) }
    }

    /// Of the method and headers; nil where neither changes.
    var fields: Transformation.Change? {
        let method = value["method"]?.string
        if headers.isEmpty, method == nil { return nil }
        var change = headers.fields(variables, captures: substitution.map { $0.capture }, at: place)
        if let method {
            change.set.append(
                Transformation.Field(
                    name: ":method", value: Expression(method.celLiteral, at: place), provenance: place))
        }
        return change
    }
}
