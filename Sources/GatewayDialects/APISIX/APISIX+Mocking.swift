internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let mocking = APISIXPlugin(
        name: "mocking", priority: 10900, isAuthentication: false,
        schema: .object(
            .init(
                [
                    ("delay", .integer(min: 0, max: 300, default: 0)),
                    ("response_status", .integer(min: 200, max: 599, default: 200)),
                    ("content_type", .string(.init(Patterns.fieldValue, default: Mocking.contentType))),
                    ("response_example", .string()), ("response_schema", .object(.init([]))),
                    ("with_mock_header", .boolean(default: true)),
                    (
                        "response_headers",
                        .object(.init([], others: .all(APISIXHeaders.value), minProperties: 1))
                    ),
                ], anyOf: [["response_example"], ["response_schema"]])),
        check: { value in
            let type = (value["content_type"]?.string ?? Mocking.contentType).prefix { $0 != ";" }
            if !["application/xml", "application/json", "text/plain", "text/html", "text/xml"].contains(type) {
                return "unsupported content type!"
            }
            guard value["response_example"] == nil, !["application/json", "text/plain"].contains(type) else {
                return nil
            }
            return
                "`response_schema` for the type `\(type)` is part of APISIX and not offered in this version; write a "
                + "`response_example`"
        })
}

/// `mocking` at one place.
struct Mocking {
    let value: JSONTree
    let variables: APISIXVariables
    let place: Provenance

    static let contentType = "application/json;charset=utf8"

    var response: DirectResponse {
        let headers = (value["response_headers"]?.object?.entries ?? []).map { name, value in
            field(name, APISIXTemplate(value.string ?? value.text).expression(variables))
        }
        let mark = value["with_mock_header"]?.boolean == false ? [] : [field("x-mock-by", "'Tollgate'")]
        let type = field("content-type", (value["content_type"]?.string ?? Self.contentType).celLiteral)
        return DirectResponse(
            choices: [
                DirectResponse.Choice(
                    status: value["response_status"]?.integer ?? 200, body: body, headers: [type] + mark + headers,
                    condition: nil)
            ])
    }

    /// Nil: at once.
    var delay: RequestDelay? {
        guard let seconds = value["delay"]?.integer, seconds > 0 else { return nil }
        return .fixed(.seconds(seconds))
    }

    private func field(_ name: String, _ value: String) -> Transformation.Field {
        Transformation.Field(name: name, value: Expression(value, at: place), provenance: place)
    }

    private var body: DirectResponse.Body {
        guard let example = value["response_example"]?.string else {
            return .bytes(Array(Self.example(of: value["response_schema"] ?? [:]).text.utf8))
        }
        let template = APISIXTemplate(example)
        return template.isConstant
            ? .bytes(Array(example.utf8)) : .expression(Expression(template.expression(variables), at: place))
    }

    /// A value of a JSON Schema, always the same: the examples that it names, else the plainest value of each type.
    private static func example(of schema: JSONTree) -> JSONTree {
        let type = schema["type"]?.string?.lowercased()
        if let example = schema["example"] {
            return type == "integer" ? example.roundedDown : example
        }
        switch type {
        case "string": return "string"
        case "number", "integer": return 1
        case "boolean": return true
        case "array": return schema["items"].map { [example(of: $0)] } ?? []
        default:
            let members = (schema["properties"]?.object?.entries ?? []).map { ($0.name, example(of: $0.value)) }
            return .object(JSONObjectTree(members))
        }
    }
}

extension JSONTree {
    /// The integer that is not above a number; anything else as it is.
    fileprivate var roundedDown: JSONTree {
        guard case .number(let text) = self, let number = Double(text),
            let integer = Int64(exactly: number.rounded(.down))
        else { return self }
        return .integer(integer)
    }
}
