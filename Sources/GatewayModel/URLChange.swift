/// What takes the place of a request's authority and path.
package struct URLChange: Equatable, Sendable {
    package enum Authority: Equatable, Sendable {
        /// That of the request, unless the server that it goes to is named in `Host`.
        case asReceived
        /// That of the request, wherever it goes.
        case client
        /// `host` or `host:port`, as it stands in a URL.
        case full(String)
        /// Another host, as it stands in a URL.
        case host(String)
        case port(Int)
        /// The address of the server that the request goes to, as the configuration writes it.
        case upstream
    }

    /// The query is kept in any case. Paths are canonical.
    package enum Path: Equatable, Sendable {
        case asReceived
        case full(String)
        /// In place of the prefix that the route matched by whole segments; empty: nothing.
        case prefix(String)
        /// What the expression answers: a path and, behind a question mark, a query that comes before the request's
        /// own. It need not be canonical.
        case computed(Expression)
    }

    package var authority: Authority
    package var path: Path

    package init(authority: Authority, path: Path) {
        self.authority = authority
        self.path = path
    }
}

/// An answer that sends the client elsewhere.
package struct RequestRedirect: Equatable, Sendable {
    package enum Location: Equatable, Sendable {
        /// The request's own with these changes; scheme and authority are always named.
        /// The scheme is `http` or `https`; nil: that of the connection.
        case changed(scheme: String?, URLChange)
        /// What the expression answers, which may be relative; an empty text: the request goes on.
        case computed(Expression)
    }

    package var location: Location
    /// 200 to 599; 301, 302, 303, 307 or 308 as a rule.
    package var status: Int
    /// Of requests that are neither GET nor HEAD; nil: `status`.
    package var statusOfOthers: Int?

    package init(location: Location, status: Int, statusOfOthers: Int? = nil) {
        self.location = location
        self.status = status
        self.statusOfOthers = statusOfOthers
    }
}
