internal import GatewayModel
internal import Passwords

extension Compiler {
    mutating func basicAuthenticator(_ index: Int, _ policy: BasicAuthentication) -> BasicAuthenticator {
        shared(\.basicAuthenticators, index) { $0.basicAuthenticator(policy) }
    }

    mutating func basicAuthenticator(_ policy: BasicAuthentication) -> BasicAuthenticator {
        BasicAuthenticator(
            policy, locations: locations(policy.handling, of: .basicAuth), users: users(policy.users))
    }

    /// One user without a usable password does not lock out the others, but an empty file would let nobody in.
    private mutating func users(_ file: TextSource) -> [KnownUser] {
        // Where it could not be read, that has been reported.
        guard let text = content(of: file) else { return [] }
        var users: [KnownUser] = []
        var names: Set<String> = []
        // By scalars: CR and LF together are one character.
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = String(line.last == "\r" ? line.dropLast() : line)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            if let user = user(line, number: index + 1, file.provenance, &names) { users.append(user) }
        }
        if users.isEmpty {
            report(
                Diagnostic(.error, "no_usable_password", "no user has a password that is usable", at: file.provenance))
        }
        return users
    }

    private mutating func user(
        _ line: String, number: Int, _ place: Provenance, _ names: inout Set<String>
    ) -> KnownUser? {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
            warn("it is not `NAME:HASH`", "write it with `htpasswd -nB NAME`", number, place)
            return nil
        }
        let name = String(line[..<colon])
        guard names.insert(name).inserted else {
            warn("`\(name)` is there already, and the first counts", "remove one of them", number, place)
            return nil
        }
        let text = String(line[line.index(after: colon)...])
        do throws(PasswordHash.Problem) {
            return KnownUser(name: name, hash: try PasswordHash(text), text: text)
        } catch {
            warn(
                "the password of `\(name)` \(error.sentence)", "hash it anew with `htpasswd -nB \(name)`", number, place
            )
            return nil
        }
    }

    private mutating func warn(_ problem: String, _ hint: String, _ number: Int, _ place: Provenance) {
        report(
            Diagnostic(
                .warning, "password_unusable", "line \(number) of the users is left out: \(problem)", at: place,
                hint: hint))
    }
}

extension PasswordHash.Problem {
    fileprivate var sentence: String {
        switch self {
        case .unreadable: "is no hash that `htpasswd` writes, or is cut"
        case .crypt: "is of the old `crypt`, which looks at eight characters"
        case .shaCrypt: "is a SHA-crypt of the C library, which is not offered"
        case .tooCostly: "costs too much to check: bcrypt of a cost above \(Bcrypt.maxCost)"
        }
    }
}
