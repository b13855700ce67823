/// The Admin API of a process, and where the traffic that it configures is taken. Read once, at start.
package struct AdminSettings: Equatable, Sendable {
    /// Where the API is.
    package var address: ListenAddress
    /// Without TLS.
    package var isPlain: Bool
    /// The folder of the documents and of what else outlives the process; nil: that of the process.
    package var folder: NamedPath?
    /// The file of its keys; nil: one from the environment, or one that is made.
    package var keyFile: NamedPath?
    /// The folder that `$secret://` starts at; nil: there are no such secrets.
    package var secretsFolder: NamedPath?
    /// The file of the key that documents are encrypted by; nil: they are not.
    package var storeKeyFile: NamedPath?
    /// Hides secrets in answers from admins, too.
    package var masksSecrets: Bool
    /// Where gateway groups take their traffic, by their ids.
    package var listen: [String: [ListenAddress]]
    /// How many of the latest revisions the store remembers the changes of; nil: as many as it does by itself.
    package var keptRevisions: Int64?
    /// For how many days it does; nil: however old they are.
    package var keptDays: Int64?
    /// Where all this is asked for.
    package var place: Place

    package init(
        address: ListenAddress, isPlain: Bool, folder: NamedPath?, keyFile: NamedPath?, secretsFolder: NamedPath?,
        storeKeyFile: NamedPath?, masksSecrets: Bool, listen: [String: [ListenAddress]], keptRevisions: Int64?,
        keptDays: Int64?, place: Place
    ) {
        self.address = address
        self.isPlain = isPlain
        self.folder = folder
        self.keyFile = keyFile
        self.secretsFolder = secretsFolder
        self.storeKeyFile = storeKeyFile
        self.masksSecrets = masksSecrets
        self.listen = listen
        self.keptRevisions = keptRevisions
        self.keptDays = keptDays
        self.place = place
    }

    /// Where a setting stands makes it no other one.
    package struct Place: Equatable, Sendable {
        package var whole: Provenance
        package var address: Provenance

        package init(_ whole: Provenance, address: Provenance) {
            self.whole = whole
            self.address = address
        }

        package static func == (a: Place, b: Place) -> Bool { true }
    }

    /// Where the group `default` takes traffic unless somebody says otherwise.
    package static let standardListen = ListenAddress(host: "127.0.0.1", port: 9080)

    /// Where the API is unless somebody says otherwise.
    package static func standardAddress(isPlain: Bool) -> ListenAddress {
        ListenAddress(host: "127.0.0.1", port: isPlain ? 9180 : 7443)
    }
}

/// A file or folder that a configuration names.
package struct NamedPath: Equatable, Sendable {
    /// As it is written; relative to the folder the process runs in.
    package var path: String
    package var provenance: Provenance

    package init(_ path: String, at provenance: Provenance) {
        self.path = path
        self.provenance = provenance
    }

    /// Named elsewhere it is the same.
    package static func == (a: NamedPath, b: NamedPath) -> Bool { a.path == b.path }
}
