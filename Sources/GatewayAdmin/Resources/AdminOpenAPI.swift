internal import Bytes
internal import GatewayDialects

/// The calls of the Admin API as OpenAPI 3.1, made from the shapes that documents are checked against.
package enum AdminOpenAPI {
    /// As it is published: by lines, so that a change of it can be read.
    package static var text: String { JSONOutput(document).rendered() + "\n" }

    static let document: JSONTree = [
        "openapi": "3.1.0",
        "info": [
            "title": "Admin API of Tollgate", "version": "1",
            "description": "As API7 and Apache APISIX have it; Docs/Reference/APISIX.md has the differences.",
        ],
        "servers": [["url": .string(AdminRequest.root)]],
        "security": [["key": .array([])]],
        "paths": .object(JSONObjectTree(paths)),
        "components": [
            "securitySchemes": ["key": ["type": "apiKey", "in": "header", "name": "X-API-KEY"]],
            "schemas": .object(JSONObjectTree(schemas)),
            "responses": ["refusal": refusal],
        ],
    ]

    private static var schemas: [(String, JSONTree)] {
        APISIXKind.allCases.map { ($0.rawValue, $0.schema.json) } + [("item", item), ("list", list)]
    }

    /// With `gateway_group_id` there is `value` alone, and lists hold what else stands in it.
    private static let item: JSONTree = [
        "type": "object",
        "properties": [
            "key": ["type": "string"], "value": ["type": "object"], "createdIndex": ["type": "integer"],
            "modifiedIndex": ["type": "integer"],
        ],
        "required": ["value"],
    ]

    private static let list: JSONTree = [
        "type": "object",
        "properties": ["list": ["type": "array", "items": ["type": "object"]], "total": ["type": "integer"]],
        "required": ["list", "total"],
    ]

    private static let refusal: JSONTree = [
        "description": "What is wrong with the call.",
        "content": ["application/json": ["schema": [:]]],
    ]

    // MARK: - Paths

    private static var paths: [(String, JSONTree)] {
        let kinds = APISIXKind.ofGroups.filter { $0 != .credential }
        return gatewayGroups
            + kinds.flatMap { paths(of: $0, at: $0 == .secret ? "/secrets/vault" : "/\($0.collection)", []) }
            + paths(of: .credential, at: "/consumers/{username}/credentials", [parameter("username", in: "path")]) + [
                ("/plugins/list", ["get": reading("The plugins that are offered", ["type": "array"], [])]),
                (
                    "/plugins/{name}",
                    ["get": reading("The schema of a plugin", ["type": "object"], [parameter("name", in: "path")])]
                ),
                (
                    "/schema/validate/{collection}",
                    [
                        "post": operation(
                            "Check a document", [parameter("collection", in: "path")], body: ["type": "object"],
                            ["200": ["description": "It may be written."]])
                    ]
                ),
            ]
    }

    /// Those stand beside the others.
    private static var gatewayGroups: [(String, JSONTree)] {
        paths(of: .gatewayGroup, at: "/gateway_groups", []).map { path, item in
            var members = item.object ?? JSONObjectTree()
            members["servers"] = [["url": "/api"]]
            return (path, .object(members))
        }
    }

    private static func paths(
        of kind: APISIXKind, at path: String, _ parameters: [JSONTree]
    ) -> [(String, JSONTree)] {
        let words = kind.words
        let schema: JSONTree = ["$ref": .string("#/components/schemas/\(kind.rawValue)")]
        let group = parameter("gateway_group_id", in: "query")
        let filters = ["page", "page_size", "name", "label", "uri", "service_id", "upstream_id", "filter"]
        var collection = JSONObjectTree([
            ("get", reading("List each \(words)", ref("list"), parameters + ([group] + filters.map(query))))
        ])
        if kind.isMadeByPost {
            collection["post"] = operation(
                "Write a \(words) under an id of its own", parameters + [group], body: schema, written)
        }
        if kind == .consumer {
            collection["put"] = operation("Write a \(words)", parameters + [group], body: schema, written)
        }
        let one = parameters + [parameter("id", in: "path"), group]
        var item = JSONObjectTree([("get", reading("Read a \(words)", ref("item"), one))])
        item["put"] = operation("Write a \(words)", one + [condition], body: schema, written)
        if kind.isPatched {
            item["patch"] = operation(
                "Merge an object into a \(words), or apply a list of operations (RFC 6902)", one + [condition],
                body: [:],
                written)
        }
        item["delete"] = operation(
            "Delete a \(words)", one + [query("force"), condition], body: nil,
            ["200": ["description": "It is gone."]])
        return [(path, .object(collection)), ("\(path)/{id}", .object(item))]
    }

    private static let condition: JSONTree = parameter("If-Match", in: "header")

    private static func query(_ name: String) -> JSONTree { parameter(name, in: "query") }

    private static func parameter(_ name: String, in place: String) -> JSONTree {
        [
            "name": .string(name), "in": .string(place), "required": .boolean(place == "path"),
            "schema": ["type": "string"],
        ]
    }

    private static func ref(_ name: String) -> JSONTree { ["$ref": .string("#/components/schemas/\(name)")] }

    private static let written: JSONTree = [
        "200": ["description": "It is written, and served.", "content": ["application/json": ["schema": ref("item")]]],
        "201": ["description": "It is new, and served.", "content": ["application/json": ["schema": ref("item")]]],
    ]

    private static func reading(_ summary: String, _ schema: JSONTree, _ parameters: [JSONTree]) -> JSONTree {
        operation(
            summary, parameters, body: nil,
            ["200": ["description": "As asked for.", "content": ["application/json": ["schema": schema]]]])
    }

    private static func operation(
        _ summary: String, _ parameters: [JSONTree], body: JSONTree?, _ answers: JSONTree
    ) -> JSONTree {
        var members = JSONObjectTree([("summary", .string(summary)), ("parameters", .array(parameters))])
        if let body {
            members["requestBody"] = ["required": true, "content": ["application/json": ["schema": body]]]
        }
        var responses = answers.object ?? JSONObjectTree()
        for status in ["400", "401", "403", "404", "412", "429", "503"] {
            responses[status] = ["$ref": "#/components/responses/refusal"]
        }
        members["responses"] = .object(responses)
        return .object(members)
    }
}
