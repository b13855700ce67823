internal import GatewayAdmin
internal import GatewayControl
internal import GatewayModel
internal import GatewayTransport
internal import Logging

// What opens the Admin API, and what it shows its clients that it is.

extension AdminSettings {
    /// The variable that a key may stand in.
    private static let keyVariable = "TOLLGATE_ADMIN_KEY"

    /// The keys that open the Admin API; a new one is kept in the folder where none is given.
    ///
    /// - Parameter given: on the command line.
    static func keys(
        _ given: String? = nil, _ files: AdminFiles, environment: [String: String], logger: Logger
    ) throws -> [AdminKey] {
        if let given {
            logger.warning("--admin-key shows the key to everyone on this machine; use --admin-key-file")
            return [try key(given, from: "--admin-key")]
        }
        if let keys = files.keys { return keys }
        if let key = environment[keyVariable], !key.isEmpty { return [try self.key(key, from: keyVariable)] }
        return [try generatedKey(in: "\(files.folder)/admin-key", logger)]
    }

    /// Says once of each key that can be guessed whose it is, and never what it is.
    static func warn(ofGuessable keys: [AdminKey], _ logger: Logger) {
        for key in keys where !key.isBeyondGuessing {
            logger.warning(
                "the \(key.role.rawValue) key of `\(key.name)` is shorter than \(AdminKey.unguessableBytes) characters or has fewer than \(AdminKey.unguessableKinds) different ones: it could be guessed, and wrong keys of others lock it out; `openssl rand -hex 16` makes a better one"
            )
        }
    }

    private static func key(_ secret: String, from place: String) throws -> AdminKey {
        guard !secret.isEmpty else { throw Exit.usage("the key in \(place) is empty.") }
        return AdminKey(name: "admin", role: .admin, secret: secret)
    }

    private static func generatedKey(in path: String, _ logger: Logger) throws -> AdminKey {
        if case .success(let text) = TextFile.read(path, maxBytes: 4096),
            let known = text.split(whereSeparator: \.isWhitespace).first
        {
            logger.info("the key of the Admin API is in \(path)")
            return AdminKey(name: "admin", role: .admin, secret: String(known))
        }
        let secret = RandomSecret.text()
        do {
            try OutputFile.create(secret: Array((secret + "\n").utf8), at: path)
        } catch {
            throw Exit.usage("cannot write the key of the Admin API to `\(path)`: \(error.reason).")
        }
        StandardError.print("The key of the Admin API is in \(path)")
        return AdminKey(name: "admin", role: .admin, secret: secret)
    }

    // MARK: - TLS

    /// The certificate in the folder; a new one where there is none that holds.
    func security(folder: String) throws -> AdminServer.Security {
        if isPlain { return .plain }
        let certificate = "\(folder)/admin-certificate.pem"
        let key = "\(folder)/admin-certificate-key.pem"
        if case .success(let chain) = TextFile.read(certificate, maxBytes: 1 << 20),
            case .success(let secret) = TextFile.read(key, maxBytes: 1 << 20),
            SelfSignedCertificate.holds(chain, now: WallClock.now())
        {
            return .tls(certificate: chain, key: secret)
        }
        let made = try SelfSignedCertificate(now: WallClock.now()) { CalendarTime(unixSeconds: $0).rfc3339() }
        do throws(OutputFile.Failure) {
            try OutputFile.replace(key, with: Array(made.key.utf8), isSecret: true)
            try OutputFile.replace(certificate, with: Array(made.certificate.utf8), isSecret: false)
        } catch {
            throw Exit.usage("cannot write the certificate of the Admin API to `\(folder)`: \(error.reason).")
        }
        return .tls(certificate: made.certificate, key: made.key)
    }
}
