/// Users with passwords (RFC 7617).
package struct BasicAuthentication: Equatable, Sendable {
    package var handling: CredentialHandling
    /// Users and the hashes of their passwords in the format of `htpasswd`: a line `NAME:HASH` for each.
    package var users: TextSource

    package init(handling: CredentialHandling, users: TextSource) {
        self.handling = handling
        self.users = users
    }
}
