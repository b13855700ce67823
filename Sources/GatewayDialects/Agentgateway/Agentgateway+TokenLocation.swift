import Bytes
import GatewayModel

extension AgentgatewayShapes {
    static let tokenLocation = ObjectShape(
        "a location",
        [
            .optional("header", .object(headerLocation), "The token stands in a header."),
            .optional("queryParameter", .object(parameterLocation), "The token stands in the query of the URL."),
            .optional("cookie", .object(cookieLocation), "The token stands in a cookie."),
            .optional(
                "expression", .string,
                "The token is what this CEL expression answers about the request as received. Where it fails, or "
                    + "answers null or an empty text, there is no token. A token that leaves is taken out of every "
                    + "header, cookie and parameter that its text stands in; agentgateway leaves it there."),
        ],
        exactlyOne: ["header", "queryParameter", "cookie", "expression"])

    static let headerLocation = ObjectShape(
        "a header location",
        [
            .required("name", .string, "The header's name."),
            .optional(
                "prefix", .string,
                "What stands before the token, its blank included, in any case. Default: the whole value is the token."),
        ])

    static let parameterLocation = ObjectShape(
        "a query parameter location", [.required("name", .string, "The parameter's name.")])

    static let cookieLocation = ObjectShape(
        "a cookie location", [.required("name", .string, "The cookie's name.")])
}

extension AgentgatewayDecoder {
    /// The places of a credential, in order; nil where none are written.
    ///
    /// - Parameter single: the field for one place, beside ours for several.
    func tokenLocations(_ reader: MappingReader, single: String = "location") -> [TokenLocation]? {
        let location = reader.mapping(single).flatMap(tokenLocation)
        guard let items = reader.nonEmptyItems("locations") else { return location.map { [$0] } }
        if reader.has(single), let place = reader.node("locations")?.provenance {
            findings.error(
                "several_of_one", "`\(single)` and `locations` exclude each other", at: place,
                hint: "put all places into `locations`")
        }
        let locations = items.compactMap { item in
            MappingReader(item, AgentgatewayShapes.tokenLocation, findings: findings).flatMap(tokenLocation)
        }
        for (index, location) in locations.enumerated() where locations[..<index].contains(location) {
            findings.error(
                "location_duplicate", "`locations` has this place already: every token there would be two",
                at: items[index].provenance, hint: "remove one of them")
        }
        return locations
    }

    func tokenLocation(_ reader: MappingReader) -> TokenLocation? {
        guard let entry = reader.theOne() else { return nil }
        let kind = entry.key
        if kind == "expression" {
            return entry.value.text(findings).map { .expression(Expression($0, at: entry.value.provenance)) }
        }
        guard let place = reader.mapping(kind) else { return nil }
        switch kind {
        case "header": return headerLocation(place)
        case "queryParameter": return place.text("name").map(TokenLocation.queryParameter)
        default: return place.node("name").flatMap(cookieName).map(TokenLocation.cookie)
        }
    }

    private func headerLocation(_ reader: MappingReader) -> TokenLocation? {
        let name = reader.node("name").flatMap(headerName)
        let prefix = reader.text("prefix", allowingEmpty: true)
        if let prefix, let node = reader.node("prefix") { checkPrefix(prefix, at: node.provenance) }
        if name == "authorization", !reader.has("prefix") {
            findings.warning(
                "prefix_missing", "without `prefix` the whole `Authorization` is the token, its scheme included",
                at: reader.place, hint: "add `prefix: \"Bearer \"`")
        }
        return name.map { .header(name: $0, prefix: prefix ?? "") }
    }

    private func checkPrefix(_ prefix: String, at place: Provenance) {
        if !prefix.utf8.allSatisfy(\.isFieldValueByte) {
            findings.error("prefix_invalid", "`prefix` holds characters that no header value has", at: place)
        } else if let last = prefix.utf8.last, last.isASCIILetter || last.isASCIIDigit {
            findings.warning(
                "prefix_without_blank", "`prefix` ends in a letter: the token would begin with the blank after it",
                at: place, hint: "write it in quotes with the blank: \"\(prefix) \"")
        }
    }

    private func cookieName(_ node: DocumentNode) -> String? {
        guard let name = node.text(findings) else { return nil }
        guard name.utf8.allSatisfy(\.isTokenCharacter) else {
            findings.error("cookie_invalid", "\(node.label) is no cookie name", at: node.provenance)
            return nil
        }
        return name
    }
}
