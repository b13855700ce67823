internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayModel
internal import GatewayStore

/// The key that documents are encrypted by.
struct StoreKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Encrypt stored documents by the key in this file, outside the folder of the store: 32 bytes or more.",
            valueName: "file"))
    var storeKeyFile: String?

    /// A store that reads and writes through the key.
    func sealing(_ store: SQLiteStore, folder: String) throws -> SealedStore {
        guard let path else { return try SealedStore(store, secret: nil) }
        return try SealedStore(store, secret: Exit.unlessMisused(AdminFiles(storeKey: path, of: folder)).storeSecret)
    }

    var path: NamedPath? { storeKeyFile.map { NamedPath($0, at: Provenance(document: "--store-key-file")) } }
}
