internal import GatewayModel

/// Reads the files that users and their passwords stand in.
enum UserFileLoader {
    /// Some hundred thousand users.
    private static let maxBytes = 16 << 20

    /// What the files hold, by path. A file that cannot be read is an error where it is named.
    static func load(for configuration: GatewayConfiguration) -> ([String: [UInt8]], [Diagnostic]) {
        var files: [String: [UInt8]] = [:]
        var diagnostics: [Diagnostic] = []
        for (path, provenance) in configuration.userFiles where files[path] == nil {
            switch TextFile.readBytes(path, maxBytes: maxBytes) {
            case .success(let bytes): files[path] = bytes
            case .failure(let error):
                diagnostics.append(
                    Diagnostic(
                        .error, "user_file_unreadable", "cannot read the users in `\(path)`: \(error)", at: provenance,
                        hint: "the path is relative to the folder the gateway runs in, not to this file"))
            }
        }
        return (files, diagnostics)
    }
}

extension GatewayConfiguration {
    /// The files of users, each with the place that names it.
    var userFiles: [(path: String, provenance: Provenance)] {
        attachments.compactMap { attachment in
            guard case .basic(let policy) = attachment.policy, case .file(let path) = policy.users.origin else {
                return nil
            }
            return (path, policy.users.provenance)
        }
    }
}
