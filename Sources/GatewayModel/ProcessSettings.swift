/// What concerns the whole process and is read once, at start.
package struct ProcessSettings: Equatable, Sendable {
    /// Event loops that serve traffic; nil: one per core.
    package var workerThreads: Int?
    /// Where metrics, keys and readiness are served.
    package var control: ControlListener
    /// Where what is served is shown: its routes and policies.
    package var admin: ControlListener
    /// Where readiness is served for itself.
    package var readiness: ControlListener
    /// Nil: there is none.
    package var adminAPI: AdminSettings?
    package var accessLog: AccessLogFormat
    package var logLevel: LogLevel
    package var logFormat: LogFormat
    /// How long requests in service may take to end once the process is told to stop.
    package var drainTimeout: Duration

    package init(
        workerThreads: Int?, control: ControlListener, admin: ControlListener, readiness: ControlListener,
        adminAPI: AdminSettings? = nil, accessLog: AccessLogFormat, logLevel: LogLevel, logFormat: LogFormat,
        drainTimeout: Duration
    ) {
        self.workerThreads = workerThreads
        self.control = control
        self.admin = admin
        self.readiness = readiness
        self.adminAPI = adminAPI
        self.accessLog = accessLog
        self.logLevel = logLevel
        self.logFormat = logFormat
        self.drainTimeout = drainTimeout
    }
}

package enum ControlListener: Equatable, Sendable {
    case off
    /// `isRequired`: the process does not start where the address is taken.
    case on(StreamAddress, isRequired: Bool)

    /// Where nobody says otherwise.
    package static let standard = ControlListener.on(.network(host: "127.0.0.1", port: 15020), isRequired: false)
}

/// How a request is written to the access log.
package enum AccessLogFormat: String, Hashable, Sendable, CaseIterable {
    case off, text, json

    /// Asked for every request: `==` would compare the values' texts.
    package var isOff: Bool { if case .off = self { true } else { false } }
}

package enum LogFormat: String, Hashable, Sendable, CaseIterable {
    case text, json
}

package enum LogLevel: String, Hashable, Sendable, CaseIterable {
    case error, warning, info, debug
}
