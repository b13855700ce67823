internal import Bytes
internal import GatewayModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Keys as they were fetched last, so that a restart serves while the identity provider is away.
package struct FetchedKeys: Equatable, Sendable {
    /// A JWK Set of public keys.
    package var document: [UInt8]
    /// Unix seconds.
    package var fetchedAt: Int64
    package var lifetime: Duration

    package init(document: [UInt8], fetchedAt: Int64, lifetime: Duration) {
        self.document = document
        self.fetchedAt = fetchedAt
        self.lifetime = lifetime
    }
}

/// What keys are kept for: where they came from, whose they are, and whose word there was for that. Keys are never used
/// for anything else.
package struct KeyBinding: Hashable, Sendable {
    package var url: String
    package var issuers: [String]
    /// The file of the authorities that vouched for the server; nil: the system's.
    package var authorities: String?

    package init(url: String, issuers: [String], authorities: String? = nil) {
        self.url = url
        self.issuers = issuers
        self.authorities = authorities
    }
}

/// A folder of key sets, one file each, for the gateway's own account only.
package struct KeyStore: Sendable {
    private let folder: String

    /// Why a folder can't be used.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Opens the folder `keys` of a data folder; makes both where they are missing.
    package init(data path: String) throws(Failure) {
        folder = path + "/keys"
        for folder in [path, folder] {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                let code = errno
                let reason = FolderState.whyNotMade(folder) ?? systemMessage(code)
                throw Failure(description: "cannot make the folder `\(folder)`: \(reason)")
            }
        }
        guard access(folder, R_OK | W_OK | X_OK) == 0 else {
            throw Failure(description: "cannot use the folder `\(folder)`: \(systemMessage(errno))")
        }
    }

    /// Larger than what is ever written.
    private static let maxBytes = 16 << 20

    /// The keys kept for this binding. Nil where there are none, where the file is of another binding, or where
    /// another account could have written it.
    package func load(_ binding: KeyBinding) -> FetchedKeys? {
        let path = path(binding)
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0, case .success(let bytes) = TextFile.readBytes(path, maxBytes: Self.maxBytes)
        else { return nil }
        return FetchedKeys(stored: bytes, for: binding)
    }

    /// Keeps keys, replacing the file as a whole. Throws where that fails; the file before stays.
    package func save(_ keys: FetchedKeys, _ binding: KeyBinding) throws(Failure) {
        let path = path(binding)
        // The file and the Admin API may keep the same keys at one time.
        let temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16)).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(temporary) }
        let isWritten =
            fchmod(descriptor, 0o600) == 0 && Self.write(keys.stored(for: binding), to: descriptor)
            && fsync(descriptor) == 0
        let failure = Self.failure(temporary)
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            let failure = isWritten ? Self.failure(path) : failure
            unlink(temporary)
            throw failure
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(description: "cannot write `\(path)`: \(systemMessage(errno))")
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Two bindings may share a name: then one displaces the other, and what is read names its binding.
    private func path(_ binding: KeyBinding) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let parts = [binding.url] + binding.issuers + (binding.authorities.map { ["by \($0)"] } ?? [])
        for byte in parts.joined(separator: "\n").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return "\(folder)/\(String(repeating: "0", count: 16 - digits.count))\(digits).json"
    }
}

extension FetchedKeys {
    fileprivate func stored(for binding: KeyBinding) -> [UInt8] {
        var text = Array(#"{"url":"#.utf8)
        JSONString.write(binding.url, to: &text)
        text += Array(#","issuers":["#.utf8)
        for (index, issuer) in binding.issuers.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSONString.write(issuer, to: &text)
        }
        text.append(UInt8(ascii: "]"))
        if let authorities = binding.authorities {
            text += Array(#","authorities":"#.utf8)
            JSONString.write(authorities, to: &text)
        }
        text += Array(",\"fetchedAt\":\(fetchedAt),\"lifetime\":\(lifetime.components.seconds),\"keySet\":".utf8)
        return text + document + Array("}\n".utf8)
    }

    fileprivate init?(stored bytes: [UInt8], for binding: KeyBinding) {
        let limits = JSONLimits(maxBytes: bytes.count, maxDepth: 16, maxNodes: 65536)
        guard let root = try? JSONDocument(parsing: bytes, limits: limits).root, root.isObject,
            root["url"]?.decodedBytes == Array(binding.url.utf8), let issuers = root["issuers"], issuers.isArray,
            issuers.elements.map({ $0.decodedBytes ?? [] }) == binding.issuers.map({ Array($0.utf8) }),
            root["authorities"]?.decodedBytes == binding.authorities.map({ Array($0.utf8) }),
            let fetchedAt = root["fetchedAt"]?.integer, let lifetime = root["lifetime"]?.integer,
            let keySet = root["keySet"], keySet.isObject
        else { return nil }
        self.init(document: Array(bytes[keySet.range]), fetchedAt: fetchedAt, lifetime: .seconds(lifetime))
    }
}
