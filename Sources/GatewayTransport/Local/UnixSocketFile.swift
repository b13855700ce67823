internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The file of a Unix socket, which outlives whoever listened there.
enum UnixSocketFile {
    /// Removes a socket that nobody listens at any more, as a process that was killed leaves it.
    ///
    /// Throws an `IOError`: `EADDRINUSE` where somebody listens, `EEXIST` where something else stands.
    static func makeWay(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw IOError(errnoCode: errno, reason: path)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw IOError(errnoCode: EEXIST, reason: path) }
        guard try !isListenedAt(path) else { throw IOError(errnoCode: EADDRINUSE, reason: path) }
        guard unlink(path) == 0 else { throw IOError(errnoCode: errno, reason: path) }
    }

    private static func isListenedAt(_ path: String) throws -> Bool {
        let descriptor = socket(AF_UNIX, streamType, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: path) }
        defer { _ = close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // Whatever else fails says nothing of who listens: then it stays.
        return result == 0 || errno != ECONNREFUSED
    }

    private static var streamType: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_STREAM.rawValue)
        #else
            SOCK_STREAM
        #endif
    }

    /// Its owner and group may connect, nobody else.
    static func openToGroup(_ path: String) {
        _ = chmod(path, 0o660)
    }

    static func remove(_ path: String) {
        _ = unlink(path)
    }
}
