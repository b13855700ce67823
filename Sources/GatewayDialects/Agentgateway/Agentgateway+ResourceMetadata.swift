import Bytes
import GatewayModel

extension AgentgatewayShapes {
    /// The spelling of `mcpAuthentication.resourceMetadata`, as far as that has one.
    static let resourceMetadata = ObjectShape(
        "a resourceMetadata",
        [
            .required(
                "resource", .string,
                "The URL of the resource as clients know it, without query. `https`; `http` is taken with a warning."),
            .ours(
                "authorizationServers", .list(of: .string),
                "The issuers that clients may get tokens from. Default: the policy's own, where they are `https` URLs."),
            .ours("scopesSupported", .list(of: .string), "Scopes that clients may ask for. Default: not said."),
            .ours("resourceName", .string, "What people call the resource. Default: not said."),
            .ours("resourceDocumentation", .string, "The URL of a page for developers. Default: not said."),
        ])
}

extension AgentgatewayDecoder {
    func resourceMetadata(_ reader: MappingReader, of policy: JWTAuthentication) -> ResourceMetadata? {
        let document = document(reader, of: policy)
        guard let node = reader.node("resource"), let text = node.text(findings), let url = url(ofResource: node) else {
            return nil
        }
        // RFC 9728 §3.1: between host and path, and a slash that is all of the path is none.
        let origin = text.hasSuffix(url.target) ? text.dropLast(url.target.count) : text[...]
        let path = "/.well-known/oauth-protected-resource" + (url.target == "/" ? "" : url.target)
        return ResourceMetadata(url: origin + path, path: path, document: document, provenance: node.provenance)
    }

    private func document(_ reader: MappingReader, of policy: JWTAuthentication) -> [UInt8] {
        let servers =
            reader.node("authorizationServers")?.texts(findings)
            ?? policy.issuers.flatMap(\.names).filter { $0.hasPrefix("https://") }
        var document = JSONObjectText()
        document.add("resource", reader.text("resource") ?? "")
        if !servers.isEmpty { document.add("authorization_servers", servers) }
        if let scopes = reader.node("scopesSupported")?.texts(findings) { document.add("scopes_supported", scopes) }
        document.add("bearer_methods_supported", policy.locations.compactMap(\.bearerMethod))
        if let name = reader.text("resourceName") { document.add("resource_name", name) }
        if let page = reader.text("resourceDocumentation") { document.add("resource_documentation", page) }
        return document.text
    }

    private func url(ofResource node: DocumentNode) -> HTTPURL? {
        guard let text = node.text(findings) else { return nil }
        do throws(HTTPURL.Problem) {
            let url = try HTTPURL(text)
            if url.target.contains("?") { throw .query }
            if url.scheme == .http {
                findings.warning(
                    "insecure_url", "`resource` is an `http` URL: clients are to refuse it (RFC 9728 §1.2)",
                    at: node.provenance, hint: "write `https`")
            }
            return url
        } catch {
            findings.error("url_invalid", "`resource` \(error.message)", at: node.provenance)
            return nil
        }
    }
}

extension TokenLocation {
    /// RFC 6750 §2, where it knows the place.
    fileprivate var bearerMethod: String? {
        switch self {
        case .header(let name, _): name.lowercased() == "authorization" ? "header" : nil
        case .queryParameter(let name): name == "access_token" ? "query" : nil
        case .cookie, .expression: nil
        }
    }
}

/// A JSON object of texts and lists of them.
private struct JSONObjectText {
    private var members: [UInt8] = []

    var text: [UInt8] { Array("{".utf8) + members + Array("}".utf8) }

    mutating func add(_ name: String, _ value: String) {
        begin(name)
        JSONString.write(value, to: &members)
    }

    mutating func add(_ name: String, _ values: [String]) {
        begin(name)
        members.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { members.append(UInt8(ascii: ",")) }
            JSONString.write(value, to: &members)
        }
        members.append(UInt8(ascii: "]"))
    }

    private mutating func begin(_ name: String) {
        if !members.isEmpty { members.append(UInt8(ascii: ",")) }
        JSONString.write(name, to: &members)
        members.append(UInt8(ascii: ":"))
    }
}
