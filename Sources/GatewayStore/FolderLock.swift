internal import Bytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A lock on a folder that goes with its holder, however that ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: String) throws {
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw SQLiteStore.Failure.folder(folder, systemMessage(errno))
        }
        let descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteStore.Failure.folder(folder, systemMessage(errno))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw SQLiteStore.Failure.inUse(folder)
        }
        self.descriptor = descriptor
    }

    static func isMissing(_ path: String) -> Bool { access(path, F_OK) != 0 }

    deinit {
        close(descriptor)
    }
}
