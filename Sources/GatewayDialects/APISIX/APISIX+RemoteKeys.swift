internal import Bytes
internal import GatewayModel

// Keys that are fetched: what Apache APISIX has in `openid-connect` alone, and we in credentials of `jwt-auth`, too.

/// What names a document with keys, or one that leads to them.
struct APISIXKeyPlace {
    var keys: RemoteKeys
    /// The issuer whose metadata it is; nil for the keys themselves.
    var issuer: String?

    /// Behind an issuer's name (OpenID Connect Discovery 1.0 §4).
    private static let wellKnown = "/.well-known/openid-configuration"

    /// Of the keys themselves.
    init(keySet text: String) throws(Problem) {
        keys = Self.remoteKeys(.keySet(try Self.url(text)))
    }

    /// - Parameters:
    ///   - metadata: the URL of an issuer's metadata.
    ///   - issuer: whose it is where the URL does not say, by ending with the well-known path.
    init(metadata text: String, issuer: String?) throws(Problem) {
        let url = try Self.url(text)
        guard let issuer = Self.issuer(of: text) ?? issuer else {
            throw Problem(
                message: "does not end with \(Self.wellKnown), so it does not say whose metadata it is; name the issuer"
            )
        }
        self.issuer = issuer
        keys = Self.remoteKeys(.metadata(url, issuer: issuer))
    }

    /// The end of a sentence that begins with the field.
    struct Problem: Error {
        var message: String
    }

    private static func url(_ text: String) throws(Problem) -> HTTPURL {
        do {
            return try HTTPURL(text)
        } catch {
            throw Problem(message: error.message)
        }
    }

    private static func issuer(of url: String) -> String? {
        url.hasSuffix(wellKnown) ? String(url.dropLast(wellKnown.count)) : nil
    }

    /// Whoever comes from APISIX has identity providers without TLS: they are asked, and warned about.
    private static func remoteKeys(_ place: RemoteKeys.Place) -> RemoteKeys {
        let day = Duration.seconds(86400)
        return RemoteKeys(
            place: place,
            request: RemoteRequestSettings(
                caFile: nil, headers: [], timeout: .seconds(10), maxBytes: 1 << 20, maxRedirects: 3,
                allowsHTTP: place.url.scheme == .http, refusesPrivateAddresses: false),
            refresh: RefreshSettings(
                shortest: .seconds(60), longest: day, usual: .seconds(900), minRefetchInterval: .seconds(10),
                staleLimit: day))
    }
}

extension APISIXDecoder {
    mutating func warn(ofHTTP keys: RemoteKeys, at place: Provenance) {
        guard keys.place.url.scheme == .http else { return }
        diagnostics.append(
            Diagnostic(
                .warning, "insecure_url", "keys fetched over http can be replaced by anyone on the way", at: place,
                hint: "use https"))
    }
}
