/// Users with passwords (RFC 7617).
package struct BasicAuthentication: Equatable, Sendable {
    package var handling: CredentialHandling
    package var users: UserFile

    package init(handling: CredentialHandling, users: UserFile) {
        self.handling = handling
        self.users = users
    }
}

/// Users and the hashes of their passwords in the format of `htpasswd`: a line `NAME:HASH` for each.
package struct UserFile: Equatable, Sendable {
    package enum Origin: Hashable, Sendable {
        /// The text itself.
        case inline(String)
        /// A path as the user wrote it, relative to the folder the process runs in.
        case file(String)
    }

    package var origin: Origin
    package var provenance: Provenance

    package init(origin: Origin, provenance: Provenance) {
        self.origin = origin
        self.provenance = provenance
    }
}
