/// What takes the place of a request's authority and path.
package struct URLChange: Equatable, Sendable {
    package enum Authority: Equatable, Sendable {
        case asReceived
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
    /// `http` or `https`; nil: that of the connection.
    package var scheme: String?
    package var url: URLChange
    /// 301, 302, 303, 307 or 308.
    package var status: Int

    package init(scheme: String?, url: URLChange, status: Int) {
        self.scheme = scheme
        self.url = url
        self.status = status
    }
}
