/// How a server is found to be out of order, and in order again.
package struct HealthChecks: Hashable, Sendable {
    /// Whose they are, in metrics and the log. Upstreams of one name share what is known of a server.
    package var name: String
    /// How the server is asked; nil: it is not.
    package var probe: HealthProbe?
    /// What answers to requests say of it; nil: nothing.
    package var answers: HealthCriteria?
    /// True of answers that speak against it; nil: their statuses say it.
    package var unhealthyAnswer: Expression?
    /// After how long it is back in service whatever it has shown; nil: never.
    package var outage: Duration?

    package init(
        name: String, probe: HealthProbe?, answers: HealthCriteria?, unhealthyAnswer: Expression? = nil,
        outage: Duration? = nil
    ) {
        self.name = name
        self.probe = probe
        self.answers = answers
        self.unhealthyAnswer = unhealthyAnswer
        self.outage = outage
    }
}

/// What speaks for a server, and what against it.
package struct HealthCriteria: Hashable, Sendable {
    /// Statuses of answers that are in neither list say nothing.
    package var healthyStatuses: [Int]
    package var unhealthyStatuses: [Int]
    /// How much of each, in a row, brings a server back, or takes it out of service: 254 at most; 0: none does.
    package var successes: Int
    package var statusFailures: Int
    package var connectionFailures: Int
    package var timeouts: Int
    /// Failures of all kinds make one row, which `statusFailures` bounds.
    package var addsUpFailures: Bool

    package init(
        healthyStatuses: [Int], unhealthyStatuses: [Int], successes: Int, statusFailures: Int,
        connectionFailures: Int, timeouts: Int, addsUpFailures: Bool = false
    ) {
        self.addsUpFailures = addsUpFailures
        self.healthyStatuses = healthyStatuses
        self.unhealthyStatuses = unhealthyStatuses
        self.successes = successes
        self.statusFailures = statusFailures
        self.connectionFailures = connectionFailures
        self.timeouts = timeouts
    }
}

/// What a server is asked so that it shows how it is.
package struct HealthProbe: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A connection that is taken is enough.
        case connection
        /// A request of HTTP/1.1.
        case request(Request)
    }

    package struct Request: Hashable, Sendable {
        package var method: String
        /// A target in origin form.
        package var target: String
        /// What `Host` says; nil: the server's address.
        package var host: String?
        /// Field lines without line ends.
        package var fields: [String]
        package var body: String
        /// Nil: plain text.
        package var tls: BackendTLS?

        package init(
            method: String, target: String, host: String?, fields: [String], body: String, tls: BackendTLS?
        ) {
            self.method = method
            self.target = target
            self.host = host
            self.fields = fields
            self.body = body
            self.tls = tls
        }
    }

    package var kind: Kind
    /// Nil: the server's own.
    package var port: Int?
    /// For the whole of a probe.
    package var timeout: Duration
    /// Servers of one name that are asked at a time.
    package var concurrency: Int
    /// From one probe to the next, of a server that is in service, and of one that is not.
    package var healthyInterval: Duration
    package var unhealthyInterval: Duration
    package var criteria: HealthCriteria

    package init(
        kind: Kind, port: Int?, timeout: Duration, concurrency: Int, healthyInterval: Duration,
        unhealthyInterval: Duration, criteria: HealthCriteria
    ) {
        self.kind = kind
        self.port = port
        self.timeout = timeout
        self.concurrency = concurrency
        self.healthyInterval = healthyInterval
        self.unhealthyInterval = unhealthyInterval
        self.criteria = criteria
    }
}
