internal import ArgumentParser
internal import GatewayModel

/// What concerns the Admin API of a gateway that has no file; with a file it stands there, under `config.admin`.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Without a file: where traffic is taken, by the gateway group `default` or the one before `=`; may be "
                + "repeated. (default: \(AdminSettings.standardListen))", valueName: "[group=]address"),
        transform: GroupAddressArgument.argument)
    var listen: [GroupAddressArgument] = []

    @Option(
        help: ArgumentHelp(
            "Without a file: where the Admin API is. (default: 127.0.0.1:7443, plain 127.0.0.1:9180)",
            valueName: "address"), transform: ListenAddress.argument)
    var adminListen: ListenAddress?

    @Flag(help: "Serve the Admin API without TLS, as Apache APISIX does.")
    var adminPlain = false

    @Option(
        help: ArgumentHelp(
            "A file of keys for the Admin API: a key, or lines of `name admin|viewer key [gateway group]`.",
            valueName: "file"))
    var adminKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "The key of the Admin API, for tests: others see it in the list of processes.", valueName: "key"))
    var adminKey: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the secrets that documents refer to as `$secret://path/from/there`.", valueName: "folder"))
    var secretsDir: String?

    @Flag(help: "Hide secrets in answers of the Admin API from admins, too; viewers never see any.")
    var maskSecrets = false

    @OptionGroup var storeKey: StoreKeyOptions

    @OptionGroup var history: HistoryOptions

    /// - Parameter folder: of the documents.
    func settings(folder: String) -> AdminSettings {
        let written = Dictionary(grouping: listen, by: \.group).mapValues { $0.map(\.address) }
        let standard = [GatewayGroup.standardID: [AdminSettings.standardListen]]
        return AdminSettings(
            address: adminListen ?? AdminSettings.standardAddress(isPlain: adminPlain), isPlain: adminPlain,
            folder: named(folder, by: "--data"), keyFile: named(adminKeyFile, by: "--admin-key-file"),
            secretsFolder: named(secretsDir, by: "--secrets-dir"), storeKeyFile: storeKey.path,
            masksSecrets: maskSecrets, listen: written.merging(standard) { own, _ in own },
            keptRevisions: history.keepHistory, keptDays: history.keepHistoryDays,
            place: .init(Provenance(document: "--data"), address: Provenance(document: "--admin-listen")))
    }

    private func named(_ path: String?, by option: String) -> NamedPath? {
        path.map { NamedPath($0, at: Provenance(document: option)) }
    }

    /// The options that are written.
    var given: [String] {
        let all: [(String, Bool)] = [
            ("--listen", !listen.isEmpty), ("--admin-listen", adminListen != nil), ("--admin-plain", adminPlain),
            ("--admin-key-file", adminKeyFile != nil), ("--admin-key", adminKey != nil),
            ("--secrets-dir", secretsDir != nil), ("--mask-secrets", maskSecrets),
            ("--store-key-file", storeKey.storeKeyFile != nil), ("--keep-history", history.keepHistory != nil),
            ("--keep-history-days", history.keepHistoryDays != nil),
        ]
        return all.filter(\.1).map(\.0)
    }
}
