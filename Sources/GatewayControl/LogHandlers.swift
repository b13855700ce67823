internal import Bytes
package import GatewayModel
package import Logging

/// The gateway's own log: one line per event on standard error, as text or as JSON.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: LogFormat
    private let write: @Sendable (String) -> Void
    private let timestamp: @Sendable () -> String

    /// - Parameters:
    ///   - timestamp: the present moment as text.
    ///   - write: takes a whole line with its line feed.
    package init(
        label: String, level: LogLevel, format: LogFormat, timestamp: @escaping @Sendable () -> String,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.format = format
        self.write = write
        self.timestamp = timestamp
        logLevel =
            switch level {
            case .error: .error
            case .warning: .warning
            case .info: .info
            case .debug: .debug
            }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        switch format {
        case .text: write("\(timestamp()) \(event.level) \(event.message)\n")
        case .json:
            var line = Array("{\"time\":\"\(timestamp())\",\"level\":\"\(event.level)\",\"message\":".utf8)
            JSONString.write("\(event.message)", to: &line)
            line += Array("}\n".utf8)
            write(String(decoding: line, as: UTF8.self))
        }
    }
}
