internal import NIOSSL

/// Why TLS cannot be spoken as it is written.
struct TLSFault: Error {
    var message: String
    var hint: String?
}

/// Reads what stands in the files of TLS.
enum TLSFile {
    /// At least one.
    static func certificates(_ bytes: [UInt8], _ name: String) throws -> [NIOSSLCertificate] {
        let found = try read(name, hint: "it has to hold PEM certificates") {
            try NIOSSLCertificate.fromPEMBytes(bytes)
        }
        guard !found.isEmpty else { throw TLSFault(message: "\(name) holds no certificate") }
        return found
    }

    static func key(_ bytes: [UInt8]) throws -> NIOSSLPrivateKey {
        try read("the key file", hint: "it has to hold one PEM private key without a passphrase") {
            try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        }
    }

    private static func read<Value>(_ name: String, hint: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw TLSFault(message: "\(name) cannot be read", hint: hint)
        }
    }
}
