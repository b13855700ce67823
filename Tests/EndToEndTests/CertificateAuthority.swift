import Foundation

/// Certificates that openssl makes for a test, in a folder of their own.
final class CertificateAuthority {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-tls-\(UUID().uuidString)")

    static let isAvailable = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(
            ["req", "-x509"] + Self.newKey + ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2"])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The authority's own certificate.
    var certificate: String { path("ca.pem") }

    /// Signs a new certificate for a name or an IPv4 address; it stands in `NAME.pem`, its key in `NAME.key`.
    @discardableResult
    func sign(_ name: String) throws -> (certificate: String, key: String) {
        try sign(name, newKey: Self.newKey)
    }

    /// The same with an RSA key.
    func signRSA(_ name: String) throws -> (certificate: String, key: String) {
        try sign(name, newKey: ["-newkey", "rsa:2048", "-nodes"])
    }

    /// The same for a client.
    ///
    /// - Parameters:
    ///   - subject: as openssl has it; nil: with the name as its common name.
    ///   - names: alternative names as openssl has them.
    func sign(
        client name: String, subject: String? = nil, names: String
    ) throws -> (certificate: String, key: String) {
        try sign(name, newKey: Self.newKey, subject: subject, names: names)
    }

    private func sign(
        _ name: String, newKey: [String], subject: String? = nil, names: String? = nil
    ) throws -> (certificate: String, key: String) {
        try run(
            ["req", "-utf8"] + newKey
                + ["-keyout", "\(name).key", "-out", "\(name).csr", "-subj", subject ?? "/CN=\(name)"])
        let kind = name.allSatisfy { $0.isNumber || $0 == "." } ? "IP" : "DNS"
        try "subjectAltName=\(names ?? "\(kind):\(name)")\n".write(
            to: folder.appending(path: "names"), atomically: true, encoding: .utf8)
        try run([
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "\(name).pem",
        ])
        return (path("\(name).pem"), path("\(name).key"))
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    private func run(_ arguments: [String]) throws { try HelperProcess.run("openssl", arguments, in: folder) }
}
