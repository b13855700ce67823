internal import Bytes
package import GatewayControl
package import GatewayModel
internal import GatewayStore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What a start reads for the Admin API, and all that is wrong with it at once: a check of a configuration and a start
/// ask the same.
package struct AdminFiles: Sendable {
    /// Where documents are stored; empty where nobody says, which is an error.
    package private(set) var folder = ""
    /// Nil: no file names any.
    package private(set) var keys: [AdminKey]?
    /// What the key is made of that documents are encrypted by; nil: they are not.
    package private(set) var storeSecret: [UInt8]?
    package private(set) var diagnostics: [Diagnostic] = []

    private static let maxKeyFileBytes = 1 << 20
    private static let maxStoreKeyBytes = 4096
    private static let pathHint = "the path is relative to the folder the gateway runs in, not to this file"

    /// - Parameter data: the folder of the process.
    package init(_ settings: AdminSettings, data: String?) {
        if let folder = settings.folder ?? data.map({ NamedPath($0, at: settings.place.whole) }) {
            self.folder = folder.path
            switch FolderState(folder.path) {
            case .there: break
            case .missing:
                if let reason = FolderState.whyNotMade(folder.path) { report(folder, "make the folder", reason) }
            case .other(let reason): report(folder, "use the folder", reason)
            }
        } else {
            error(
                "field_missing", "the Admin API has no folder for its documents", at: settings.place.whole,
                hint: "name one with `config.admin.data` or --data")
        }
        if let folder = settings.secretsFolder {
            switch FolderState(folder.path) {
            case .there: break
            case .missing(let reason), .other(let reason): report(folder, "use the folder of secrets", reason)
            }
        }
        if let file = settings.keyFile { readKeys(file) }
        if let file = settings.storeKeyFile { readStoreKey(file, protecting: folder) }
        warnOfPlainText(settings)
    }

    /// The key of a store alone.
    package init(storeKey file: NamedPath, of folder: String) {
        self.folder = folder
        readStoreKey(file, protecting: folder)
    }

    private mutating func warnOfPlainText(_ settings: AdminSettings) {
        guard settings.isPlain, !settings.address.isLoopback else { return }
        diagnostics.append(
            Diagnostic(
                .warning, "admin_plain",
                "the Admin API takes its keys without TLS at \(settings.address), which other machines may reach",
                at: settings.place.address, hint: "serve it with TLS, or on 127.0.0.1"))
    }

    // MARK: - Keys

    private mutating func readKeys(_ file: NamedPath) {
        let text: String
        switch TextFile.read(file.path, maxBytes: Self.maxKeyFileBytes) {
        case .success(let content): text = content
        case .failure(let failure): return report(file, "read the key file", "\(failure)")
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var keys: [AdminKey] = []
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.isEmpty { continue }
            if let key = AdminKey(words: words) {
                keys.append(key)
            } else {
                error(
                    "admin_key_invalid",
                    "line \(index + 1) of the key file `\(file.path)` is neither a key nor "
                        + "`name admin|viewer key [gateway group]`", at: file.provenance)
            }
        }
        if lines.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) {
            error(
                "admin_key_invalid", "the key file `\(file.path)` is empty", at: file.provenance,
                hint: "`openssl rand -hex 16` makes a key")
        }
        self.keys = keys
    }

    /// The bytes of the file without white space around them. Beside what it protects it would protect nothing.
    private mutating func readStoreKey(_ file: NamedPath, protecting folder: String) {
        switch TextFile.readBytes(file.path, maxBytes: Self.maxStoreKeyBytes) {
        case .success(let bytes):
            let isBlank = { (byte: UInt8) in byte == ASCII.space || byte == ASCII.lineFeed || byte == 0x0D }
            let secret = Array(bytes.trimming(while: isBlank))
            storeSecret = secret
            if secret.count < SealedStore.minSecretBytes {
                error("store_key_invalid", "\(SealedStore.Failure.keyTooShort)", at: file.provenance)
            }
        case .failure(let failure): report(file, "read the key file", "\(failure)")
        }
        if let path = Self.resolved(file.path), let folder = Self.resolved(folder), path.hasPrefix(folder + "/") {
            error(
                "store_key_invalid", "the key file `\(file.path)` is in the folder that it protects",
                at: file.provenance, hint: "keep it where a copy of that folder does not take it along")
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    // MARK: - Findings

    private mutating func report(_ named: NamedPath, _ what: String, _ reason: String) {
        error(
            "admin_file_unreadable", "cannot \(what) `\(named.path)`: \(reason)", at: named.provenance,
            hint: named.provenance.line > 0 ? Self.pathHint : nil)
    }

    private mutating func error(_ code: String, _ message: String, at place: Provenance, hint: String? = nil) {
        diagnostics.append(Diagnostic(.error, code, message, at: place, hint: hint))
    }
}

extension AdminKey {
    /// A line of a key file.
    fileprivate init?(words: [String]) {
        if words.count == 1 {
            self.init(name: "admin", role: .admin, secret: words[0])
            return
        }
        guard words.count == 3 || words.count == 4, let role = AdminRole(rawValue: words[1]) else { return nil }
        self.init(name: words[0], role: role, group: words.count == 4 ? words[3] : nil, secret: words[2])
    }
}
