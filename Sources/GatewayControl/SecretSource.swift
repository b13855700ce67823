internal import Bytes
package import GatewayDialects

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Where secrets are that documents of the Admin API refer to.
package struct SecretSource: Sendable {
    private let environment: [String: String]
    /// Nil: there are no files.
    private let folder: String?

    /// Secrets are short.
    private static let maxBytes = 64 << 10

    package init(environment: [String: String], folder: String?) {
        self.environment = environment.filter { $0.key.hasPrefix(SecretReference.variablePrefix) }
        self.folder = folder
    }

    /// The secret itself, as it is now. A line end behind it is none of it.
    package func text(of reference: SecretReference) -> Result<String, SecretFailure> {
        let found: Result<String, SecretFailure> =
            switch reference {
            case .variable(let name, let member): variable(name, member)
            case .file(let names): file(names)
            }
        return found.flatMap { $0.isEmpty ? .failure(SecretFailure("it is empty")) : .success($0) }
    }

    private func variable(_ name: String, _ member: String?) -> Result<String, SecretFailure> {
        guard let value = environment[name] else {
            return .failure(SecretFailure("the gateway has no variable `\(name)`"))
        }
        guard let member else { return .success(value) }
        guard let document = try? JSONDocument(parsing: value), let text = document.root[member]?.string else {
            return .failure(SecretFailure("`\(name)` is no JSON object with a text `\(member)`"))
        }
        return .success(text)
    }

    private func file(_ names: [String]) -> Result<String, SecretFailure> {
        guard let folder else { return .failure(SecretFailure("--secrets-dir names no folder")) }
        // What mounts secrets makes links of them, within its folder.
        guard let root = Self.realPath(folder), let path = Self.realPath("\(folder)/\(names.joined(separator: "/"))")
        else {
            return .failure(SecretFailure("there is no such file below --secrets-dir"))
        }
        guard path.hasPrefix(root + "/") else {
            return .failure(SecretFailure("the file leads out of --secrets-dir"))
        }
        switch TextFile.read(path, maxBytes: Self.maxBytes) {
        case .success(let text): return .success(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        case .failure(let failure): return .failure(SecretFailure("the file can't be read: \(failure)"))
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
