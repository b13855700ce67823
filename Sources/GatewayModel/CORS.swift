/// Which other sites' scripts may ask, and what browsers let them see (the Fetch standard, "CORS protocol").
package struct CORS: Equatable, Sendable {
    package enum Origins: Equatable, Sendable {
        /// `*`: every site, without credentials.
        case any
        case listed([OriginPattern])
        /// Texts, compared as they are.
        case exact([String])
        /// Linear-time regular expressions, one of which is found in the origin.
        case matching([String])
        /// Whoever asks; `*` is said to who names no origin.
        case everyone
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
    /// Whether every answer says all that is permitted, and every OPTIONS is answered, pre-flight or not.
    package var isEager: Bool
    /// Whose scripts may see how long things took (`Timing-Allow-Origin`); nil: that is not said.
    package var timingOrigins: Origins?
    /// For how long a browser may keep the answer to a pre-flight; nil: as long as it likes.
    package var maxAgeSeconds: Int64?

    package init(
        origins: Origins, allowsCredentials: Bool, methods: Names, headers: Names, exposedHeaders: Names,
        maxAgeSeconds: Int64?, isEager: Bool = false, timingOrigins: Origins? = nil
    ) {
        self.isEager = isEager
        self.timingOrigins = timingOrigins
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
