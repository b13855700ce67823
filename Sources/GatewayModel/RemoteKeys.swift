/// Where keys are fetched from, and how.
package struct RemoteKeys: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        /// A JWK Set.
        case keySet(HTTPURL)
        /// The issuer's metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3), whose `issuer` has to be this one
        /// byte for byte and whose `jwks_uri` leads to the keys.
        case metadata(HTTPURL, issuer: String)

        package var url: HTTPURL {
            switch self {
            case .keySet(let url), .metadata(let url, _): url
            }
        }
    }

    package var place: Place
    package var request: RemoteRequestSettings
    package var refresh: RefreshSettings

    package init(place: Place, request: RemoteRequestSettings, refresh: RefreshSettings) {
        self.place = place
        self.request = request
        self.refresh = refresh
    }
}

/// How a remote document is asked for.
package struct RemoteRequestSettings: Hashable, Sendable {
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A PEM file of the authorities the server's certificate must lead to; nil: those the system trusts.
    package var caFile: String?
    /// Sent to the server that is named here, and to no other one that it leads to.
    package var headers: [Header]
    /// For one document, redirects included.
    package var timeout: Duration
    package var maxBytes: Int
    /// How many redirects are followed; they never leave the scheme.
    package var maxRedirects: Int
    /// Whether `http` is taken, here and for what a document leads to.
    package var allowsHTTP: Bool
    /// Whether servers at addresses that are not of the public Internet are refused.
    package var refusesPrivateAddresses: Bool

    package init(
        caFile: String?, headers: [Header], timeout: Duration, maxBytes: Int, maxRedirects: Int, allowsHTTP: Bool,
        refusesPrivateAddresses: Bool
    ) {
        self.caFile = caFile
        self.headers = headers
        self.timeout = timeout
        self.maxBytes = maxBytes
        self.maxRedirects = maxRedirects
        self.allowsHTTP = allowsHTTP
        self.refusesPrivateAddresses = refusesPrivateAddresses
    }
}

/// When keys are fetched again, and how long they are good for.
package struct RefreshSettings: Hashable, Sendable {
    /// What a server says of the keys' freshness counts between these bounds.
    package var shortest: Duration
    package var longest: Duration
    /// How long keys are fresh where the server does not say.
    package var usual: Duration
    /// Unknown keys cause at most one fetch in this time.
    package var minRefetchInterval: Duration
    /// How long keys that are no longer fresh are used while they can't be fetched. Then they die.
    package var staleLimit: Duration

    package init(
        shortest: Duration, longest: Duration, usual: Duration, minRefetchInterval: Duration, staleLimit: Duration
    ) {
        self.shortest = shortest
        self.longest = longest
        self.usual = usual
        self.minRefetchInterval = minRefetchInterval
        self.staleLimit = staleLimit
    }
}
