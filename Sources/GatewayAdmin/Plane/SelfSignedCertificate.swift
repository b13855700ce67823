internal import Bytes
internal import Crypto
internal import JOSE
internal import NIOSSL

/// A certificate for `localhost` that signs itself, for an Admin API that nobody gave another one.
package struct SelfSignedCertificate: Sendable {
    /// PEM.
    package let certificate: String
    package let key: String

    /// About two years: clients refuse longer ones.
    private static let lifetimeSeconds: Int64 = 825 * 86400

    /// - Parameters:
    ///   - now: Unix seconds.
    ///   - timestamp: a moment as RFC 3339 in UTC, without fractions.
    package init(now: Int64, timestamp: (Int64) -> String) throws {
        let key = P256.Signing.PrivateKey()
        let name = DERWriter.sequence(
            DERWriter.element(
                0x31, DERWriter.sequence(DERWriter.objectIdentifier([2, 5, 4, 3]) + DERWriter.text("localhost"))))
        let algorithm = DERWriter.sequence(DERWriter.objectIdentifier([1, 2, 840, 10045, 4, 3, 2]))
        let validity = DERWriter.sequence(
            DERWriter.time(timestamp(now - 3600)) + DERWriter.time(timestamp(now + Self.lifetimeSeconds)))
        var serial = [UInt8](repeating: 0, count: 16).map { _ in UInt8.random(in: 0...255) }
        serial[0] = serial[0] & 0x7F | 0x40
        let body = DERWriter.sequence(
            DERWriter.element(0xA0, DERWriter.integer([2])) + DERWriter.integer(serial) + algorithm + name + validity
                + name + Array(key.publicKey.derRepresentation) + Self.extensions)
        let signature = try key.signature(for: body)
        let certificate = DERWriter.sequence(
            body + algorithm + DERWriter.element(0x03, [0] + Array(signature.derRepresentation)))
        self.certificate = PEMText.block("CERTIFICATE", certificate)
        self.key = key.pemRepresentation + "\n"
    }

    /// Whether a certificate in PEM is good for another day.
    package static func holds(_ certificate: String, now: Int64) -> Bool {
        guard let first = try? NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).first else { return false }
        return Int64(first.notValidAfter) > now + 86400
    }

    /// RFC 5280 §4.2: names, no authority, for servers.
    private static var extensions: [UInt8] {
        let names = DERWriter.sequence(
            DERWriter.element(0x82, Array("localhost".utf8)) + DERWriter.element(0x87, [127, 0, 0, 1])
                + DERWriter.element(0x87, [UInt8](repeating: 0, count: 15) + [1]))
        let constraints = DERWriter.sequence([])
        let usage = DERWriter.sequence(DERWriter.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 3, 1]))
        let all = [([2, 5, 29, 17], names), ([2, 5, 29, 19], constraints), ([2, 5, 29, 37], usage)]
        let list = all.flatMap { identifier, content in
            DERWriter.sequence(DERWriter.objectIdentifier(identifier) + DERWriter.element(0x04, content))
        }
        return DERWriter.element(0xA3, DERWriter.sequence(list))
    }
}
