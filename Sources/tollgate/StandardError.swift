#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Writing to the standard error stream, unbuffered.
struct StandardError: TextOutputStream {
    func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(STDERR_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                guard count > 0 else { return }
                written += count
            }
        }
    }

    static func print(_ text: String) {
        StandardError().write(text + "\n")
    }
}

enum StandardOutput {
    /// Sends what `print` holds back when the output is a pipe.
    static func flush() {
        fflush(nil)
    }
}
