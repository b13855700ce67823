internal import ArgumentParser
internal import Bytes
internal import GatewayControl
internal import GatewayStore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The key that documents are encrypted by.
struct StoreKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Encrypt stored documents by the key in this file, outside the folder of the store: 32 bytes or more.",
            valueName: "file"))
    var storeKeyFile: String?

    /// A store that reads and writes through the key.
    func sealing(_ store: SQLiteStore, folder: String) throws -> SealedStore {
        try Self.sealing(store, keyFile: storeKeyFile, folder: folder)
    }

    static func sealing(_ store: SQLiteStore, keyFile: String?, folder: String) throws -> SealedStore {
        let secret = try keyFile.map { try Self.secret($0, folder: folder) }
        do throws(SealedStore.Failure) {
            return try SealedStore(store, secret: secret)
        } catch {
            throw Exit.usage("\(error).")
        }
    }

    /// The bytes of the file without white space around them. Beside what it protects it would protect nothing.
    private static func secret(_ path: String, folder: String) throws -> [UInt8] {
        let bytes: [UInt8]
        switch TextFile.readBytes(path, maxBytes: 4096) {
        case .success(let content): bytes = content
        case .failure(let error): throw Exit.usage("cannot read the key file `\(path)`: \(error).")
        }
        if let file = resolved(path), let folder = resolved(folder), file.hasPrefix(folder + "/") {
            throw Exit.usage(
                "the key file `\(path)` is in the folder that it protects.",
                hint: "keep it where a copy of that folder "
                    + "does not take it along")
        }
        let isBlank = { (byte: UInt8) in byte == ASCII.space || byte == ASCII.lineFeed || byte == 0x0D }
        return Array(bytes.trimming(while: isBlank))
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
