internal import Bytes
internal import GatewayModel

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

    /// Drops the text where nobody reads it for a second: the gateway's log never stops the gateway.
    func writeIfRead(_ text: String) {
        var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&request, 1, Self.patienceMilliseconds) > 0 { write(text) }
    }

    private static let patienceMilliseconds: Int32 = 1000

    static func print(_ text: String) {
        StandardError().write(text + "\n")
    }

    /// Findings about what has no lines to show.
    static func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            StandardError().write(TerminalText.lines(diagnostic.rendered(excerpt: nil)))
        }
    }
}

enum StandardOutput {
    /// Sends what `print` holds back when the output is a pipe.
    static func flush() {
        fflush(nil)
    }
}
