/// Which other sites' scripts may ask, and what browsers let them see (the Fetch standard, "CORS protocol").
package struct CORS: Equatable, Sendable {
    package enum Origins: Equatable, Sendable {
        /// `*`: every site, without credentials.
        case any
        case listed([OriginPattern])
    }

    /// Names of methods or headers.
    package enum Names: Equatable, Sendable {
        case none
        /// `*`: whatever is asked for.
        case any
        case listed([String])
    }

    package var origins: Origins
    /// Whether cookies and other credentials of the site's visitor may go along; never with `Origins.any`.
    package var allowsCredentials: Bool
    package var methods: Names
    package var headers: Names
    package var exposedHeaders: Names
    /// For how long a browser may keep the answer to a pre-flight; nil: as long as it likes.
    package var maxAgeSeconds: Int64?

    package init(
        origins: Origins, allowsCredentials: Bool, methods: Names, headers: Names, exposedHeaders: Names,
        maxAgeSeconds: Int64?
    ) {
        self.origins = origins
        self.allowsCredentials = allowsCredentials
        self.methods = methods
        self.headers = headers
        self.exposedHeaders = exposedHeaders
        self.maxAgeSeconds = maxAgeSeconds
    }
}

/// Origins (RFC 6454): scheme, host and port.
package struct OriginPattern: Hashable, Sendable {
    /// `http` or `https`.
    package var scheme: String
    /// In lower case; each `*` stands for any characters.
    package var host: String
    package var port: Int

    package init(scheme: String, host: String, port: Int) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }
}
