#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What tells one state of some files from another without reading them.
struct FileFingerprint: Equatable, Sendable {
    /// The state of one file.
    struct Entry: Equatable, Sendable {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        var exists = false
    }

    private(set) var entries: [Entry]

    static func of(_ paths: [String]) -> FileFingerprint {
        FileFingerprint(entries: paths.map(entry))
    }

    mutating func add(_ paths: [String]) {
        entries += paths.map(Self.entry)
    }

    /// Follows symbolic links, so that a link that is turned to another file counts as a change.
    private static func entry(_ path: String) -> Entry {
        var status = stat()
        guard stat(path, &status) == 0 else { return Entry() }
        return Entry(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int64(status.st_mtim.tv_nsec), exists: true)
    }
}
