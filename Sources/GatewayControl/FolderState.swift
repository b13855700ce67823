internal import Bytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What stands where a folder is expected.
package enum FolderState {
    case there
    case missing(String)
    case other(String)

    package init(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            self = .there
            return
        }
        let reason = systemMessage(errno)
        self = errno == ENOENT ? .missing(reason) : .other(reason)
    }

    /// Why a missing folder cannot be made; nil where it can. The one it stands in has to be there.
    package static func whyNotMade(_ path: String) -> String? {
        // Without what stands behind the last slash, however often that is written.
        var rest = path[...]
        while rest.last == "/" { rest.removeLast() }
        while let last = rest.last, last != "/" { rest.removeLast() }
        while rest.last == "/" { rest.removeLast() }
        let parent = rest.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : String(rest)
        let state = FolderState(parent)
        if case .missing(let reason) = state { return "`\(parent)`: \(reason)" }
        if access(parent, W_OK | X_OK) == 0 { return nil }
        let reason = if case .other(let reason) = state { reason } else { systemMessage(errno) }
        return "`\(parent)`: \(reason)"
    }
}
