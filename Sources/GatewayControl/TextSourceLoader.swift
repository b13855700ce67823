internal import GatewayModel

/// Reads the files that texts of a configuration stand in: users with their passwords, secrets for backends, bodies
/// of refusals.
enum TextSourceLoader {
    /// Some hundred thousand users.
    private static let maxBytes = 16 << 20

    /// What the files hold, by path. A file that cannot be read is an error where it is named.
    static func load(for configuration: GatewayConfiguration) -> ([String: [UInt8]], [Diagnostic]) {
        var files: [String: [UInt8]] = [:]
        var diagnostics: [Diagnostic] = []
        for file in configuration.textFiles where files[file.path] == nil {
            switch TextFile.readBytes(file.path, maxBytes: maxBytes) {
            case .success(let bytes): files[file.path] = bytes
            case .failure(let error):
                diagnostics.append(
                    Diagnostic(
                        .error, file.code, "cannot read the \(file.content) in `\(file.path)`: \(error)",
                        at: file.place,
                        hint: "the path is relative to the folder the gateway runs in, not to this file"))
            }
        }
        return (files, diagnostics)
    }
}

/// A file that holds a text of the configuration.
struct NamedTextFile {
    var path: String
    /// Where it is named.
    var place: Provenance
    /// In words.
    var content: String
    /// That of the diagnostic where it cannot be read.
    var code: String
}

extension GatewayConfiguration {
    var textFiles: [NamedTextFile] {
        var users: [TextSource] = []
        var bodies: [TextSource] = []
        var secrets = upstreams.flatMap(\.endpoints).compactMap(\.policies.authentication).flatMap(\.texts)
        for attachment in attachments {
            users += attachment.policy.passwordAuthentications.map(\.users)
            if case .backendAuthentication(let policy) = attachment.policy { secrets += policy.texts }
            if case .refusals(let form) = attachment.policy, let body = form.body { bodies.append(body.template) }
        }
        return Self.files(users, "users", "user_file_unreadable")
            + Self.files(secrets, "secret", "secret_file_unreadable")
            + Self.files(bodies, "body of refusals", "body_file_unreadable")
    }

    private static func files(_ texts: [TextSource], _ content: String, _ code: String) -> [NamedTextFile] {
        texts.compactMap { text in
            guard case .file(let path) = text.origin else { return nil }
            return NamedTextFile(path: path, place: text.provenance, content: content, code: code)
        }
    }
}
