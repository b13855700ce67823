internal import Bytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Files that a command writes.
enum OutputFile {
    struct Failure: Error { let reason: String }

    /// Writes a secret that only its owner can read (0600). A file that is there is never overwritten.
    static func create(secret bytes: [UInt8], at path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw lastFailure() }
        defer { close(descriptor) }
        try write(bytes, to: descriptor)
    }

    /// Replaces a file in one step, so that a gateway that watches it never reads half of it.
    static func replace(_ path: String, with bytes: [UInt8], isSecret: Bool) throws(Failure) {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw lastFailure() }
        do throws(Failure) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let failure = lastFailure()
            unlink(temporary)
            throw failure
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw lastFailure() }
            written += count
        }
    }

    private static func lastFailure() -> Failure { Failure(reason: systemMessage(errno)) }
}
