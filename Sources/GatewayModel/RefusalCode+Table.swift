extension RefusalCode {
    /// The row of this code. `Docs/Refusals.md` is made from it.
    package var entry: Entry {
        switch self {
        case .malformedRequest:
            Entry(
                400, .client, "the request is malformed", remedy: "Send a request that follows RFC 9112 to the letter.")
        case .ambiguousTarget:
            Entry(
                400, .client, "the request target can be read in two ways",
                remedy:
                    "Send the path without %2F, %5C, %00, encoded dot segments, backslashes, control characters or a fragment."
            )
        case .ambiguousFraming:
            Entry(
                400, .client, "the length of the request body can be read in two ways",
                remedy: "Send either one Content-Length or one `Transfer-Encoding: chunked`, never both.")
        case .hostInvalid:
            Entry(
                400, .client, "the Host is missing, doubled or invalid",
                remedy: "Send exactly one valid Host that agrees with the target.")
        case .misdirected:
            Entry(
                421, .client, retry: true, "the connection is not for this host",
                remedy: "Open a connection of its own, with the host as TLS server name.")
        case .targetTooLong:
            Entry(
                414, .client, "the request target is too long", remedy: "Shorten the URL, or move data into the body.")
        case .headTooLarge:
            Entry(
                431, .client, "the request header section is too large",
                remedy: "Send fewer or shorter headers (a cookie jar is the usual cause).")
        case .methodNotSupported:
            Entry(501, .client, "the method is not supported", remedy: "CONNECT and TRACE are not forwarded.")
        case .versionNotSupported:
            Entry(505, .client, "the HTTP version is not supported", remedy: "Speak HTTP/1.1 or HTTP/1.0.")
        case .codingNotSupported:
            Entry(
                501, .client, "the transfer coding is not supported",
                remedy: "Use `chunked` alone; compress with Content-Encoding.")
        case .expectationFailed:
            Entry(417, .client, "the expectation is not supported", remedy: "Only `Expect: 100-continue` is known.")
        case .bodyTooLarge:
            Entry(413, .client, "the request body is too large", remedy: "Send less, or raise the limit of the route.")
        case .requestTimeout:
            Entry(
                408, .client, retry: true, "the request took too long to arrive",
                remedy: "Send the whole request in time.")

        case .tokenMissing:
            Entry(
                401, .client, challenge: .bearer, "no bearer token found",
                remedy: "Send `Authorization: Bearer TOKEN`, or the token where this route expects it.")
        case .tokenAmbiguous:
            Entry(
                400, .client, challenge: .invalidRequest, "the request carries more than one token",
                remedy: "Send one token, in one place.")
        case .tokenTooLarge:
            Entry(
                401, .client, challenge: .invalidToken, "the token is too large",
                remedy: "Put less into the token, or raise maxTokenBytes.")
        case .tokenMalformed:
            Entry(
                401, .client, challenge: .invalidToken, "the token is malformed",
                remedy: "Send a compact JWS: three base64url parts, a JSON object in the first two, names unique.")
        case .tokenEncrypted:
            Entry(
                401, .client, challenge: .invalidToken, "the token is encrypted",
                remedy: "Have the issuer sign tokens (JWS) instead of encrypting them (JWE).")
        case .tokenAlgorithm:
            Entry(
                401, .client, challenge: .invalidToken, "the token's algorithm is not allowed",
                remedy: "Sign with an algorithm that the issuer's keys and the configuration allow; `none` never is.")
        case .tokenCriticalHeader:
            Entry(
                401, .client, challenge: .invalidToken, "the token demands an extension that is not understood",
                remedy: "Issue tokens without `crit`.")
        case .tokenType:
            Entry(
                401, .client, challenge: .invalidToken, "the token is of another type",
                remedy: "Send an access token (`typ` absent, JWT or at+jwt).")
        case .tokenBound:
            Entry(
                401, .client, challenge: .invalidToken, "the token is bound to a key and came without its proof",
                remedy: "Send the proof of possession, or a token without `cnf`.")
        case .keyUnknown:
            Entry(
                401, .client, challenge: .invalidToken, retry: true, "the token is signed with an unknown key",
                remedy: "Check that the issuer's key set holds the key; keys just rotated may need a moment.")
        case .keysUnavailable:
            Entry(
                503, .gateway, retry: true, "the keys to check the token with are not available",
                remedy: "Ask `tollgate jwks status`, or `/keys`, why the issuer's keys could not be fetched.")
        case .signatureInvalid:
            Entry(
                401, .client, challenge: .invalidToken, "the token's signature is invalid",
                remedy: "Get a fresh token; never edit one.")
        case .issuerUnknown:
            Entry(
                401, .client, challenge: .invalidToken, "the token is from an unknown issuer",
                remedy: "Compare the token's `iss` with the configured issuer, byte for byte.")
        case .audienceMismatch:
            Entry(
                401, .client, challenge: .invalidToken, "the token is for another audience",
                remedy: "Ask the issuer for a token whose `aud` holds one of the configured audiences.")
        case .subjectNotAllowed:
            Entry(
                401, .client, challenge: .invalidToken, "the token's subject is not allowed",
                remedy: "Compare the token's `sub` with the configured subjects.")
        case .tokenExpired:
            Entry(
                401, .client, challenge: .invalidToken, "the token has expired",
                remedy: "Get a fresh token; check the clocks if it is fresh.")
        case .tokenNotYetValid:
            Entry(
                401, .client, challenge: .invalidToken, retry: true, "the token is not valid yet",
                remedy: "Check the clocks of issuer and gateway.")
        case .tokenLifetime:
            Entry(
                401, .client, challenge: .invalidToken, "the token lives too long",
                remedy: "Have the issuer issue tokens of a shorter life.")
        case .claimMissing:
            Entry(
                401, .client, challenge: .invalidToken, "the token lacks a required claim",
                remedy:
                    "Have the issuer add the claim, which the access log names (`missing`); `exp` is required by default."
            )
        case .claimMismatch:
            Entry(
                401, .client, challenge: .invalidToken, "a claim of the token does not have the required value",
                remedy: "Compare the token's claims with the configured rules.")
        case .claimMalformed:
            Entry(
                401, .client, challenge: .invalidToken, "a claim of the token is malformed",
                remedy: "Registered claims must have the types of RFC 7519 §4.1.")
        case .scopeInsufficient:
            Entry(
                403, .client, challenge: .insufficientScope, "the token lacks a required scope",
                remedy: "Ask the issuer for a token with the scope named in the challenge.")
        case .claimUnforwardable:
            Entry(
                403, .client, "a claim of the token cannot be handed on",
                remedy:
                    "In `claimsToHeaders`, write what is no short ASCII by `encoding: percent`, lists by `format: json`."
            )

        case .apiKeyMissing:
            Entry(
                401, .client, challenge: .apiKey, "no API Key found",
                remedy: "Send the API key where this route expects it; by default `Authorization: Bearer KEY`.")
        case .apiKeyInvalid:
            Entry(
                401, .client, challenge: .apiKey, "invalid credentials",
                remedy: "Compare the key with those configured; a `keyHash` is the SHA-256 of the key alone.")
        case .basicMissing:
            Entry(
                401, .client, challenge: .basic, "no basic auth credentials found",
                remedy: "Send `Authorization: Basic`, with user and password.")
        case .basicMalformed:
            Entry(
                401, .client, challenge: .basic, "malformed credentials",
                remedy: "Send `Authorization: Basic` and the base64 of `user:password`.")
        case .basicInvalid:
            Entry(
                401, .client, challenge: .basic, "invalid credentials",
                remedy: "Check user and password against the `htpasswd` of the route.")
        case .passwordsBusy:
            Entry(
                503, .gateway, retry: true, "too many passwords wait to be checked",
                remedy: "Try again; find out who sends so many passwords, or lower the cost of their hashes.")
        case .hmacMissing:
            Entry(
                401, .client, challenge: .hmac, "the request is not signed",
                remedy: "Send `Authorization: Signature`, with `keyId`, `algorithm`, `headers` and `signature`.")
        case .hmacScheme:
            Entry(
                401, .client, challenge: .hmac, "the request is not signed",
                remedy: "Send the scheme `Signature` in `Authorization`; this route takes no other.")
        case .hmacMalformed:
            Entry(
                401, .client, challenge: .hmac, "the signature cannot be read",
                remedy:
                    "Send `keyId`, `algorithm`, `headers` and `signature` once each, in quotes, and `Authorization` once."
            )
        case .hmacDate:
            Entry(
                401, .client, challenge: .hmac, "the request's date is not near now",
                remedy: "Send one `Date` like `Sun, 06 Nov 1994 08:49:37 GMT`, not further from now than `clock_skew`.")
        case .hmacUncovered:
            Entry(
                401, .client, challenge: .hmac, "the signature does not cover what it has to",
                remedy: "Name all of `signed_headers` in `headers`, and send each header that is named there once.")
        case .hmacInvalid:
            Entry(
                401, .client, challenge: .hmac, "the signature is not valid",
                remedy: "Compare `keyId`, secret, algorithm and the text that was signed (Docs/Reference/APISIX.md).")
        case .hmacDigest:
            Entry(
                401, .client, challenge: .hmac, "the body is not the one of `Digest`",
                remedy: "Send `Digest: SHA-256=` once, with the base64 of the SHA-256 of the body.")
        case .credentialsAmbiguous:
            Entry(
                400, .client, "the request carries a credential more than once",
                remedy: "Send one credential of a kind, in one place.")
        case .credentialsMissing:
            Entry(
                401, .client, "no credentials found",
                remedy: "Send one of the credentials that the challenges and the body name.")
        case .credentialsInvalid:
            Entry(
                401, .client, "none of the credentials is valid",
                remedy: "Read in the body what each of them was refused for; send only the one that is meant.")

        case .consumerUnnamed:
            Entry(
                401, .client, challenge: .invalidToken, "the token names no consumer",
                remedy: "Put the credential's key into the claim that the route reads it from.")
        case .consumerUnknown:
            Entry(
                401, .client, challenge: .invalidToken, "no consumer has this credential",
                remedy: "Give a consumer a credential with the key that the request names.")
        case .consumerUnproven:
            Entry(
                401, .client, challenge: .bearer, "no credential that is sent is a consumer's",
                remedy: "Send one of the credentials that the route takes; the consumer's name is in none of them.")
        case .consumerMissing:
            Entry(
                401, .gateway, challenge: .bearer, "the anonymous consumer is not configured",
                remedy: "Write the consumer that the route names for requests without a proof.")
        case .consumerGroupMissing:
            Entry(
                503, .gateway, "the group of the consumer is not configured",
                remedy: "Write the consumer group that the consumer names, or take `group_id` from the consumer.")

        case .authorizationDenied:
            Entry(
                403, .client, "authorization failed",
                remedy: "The caller is known but no rule lets the request pass; read the route's authorization rules.")
        case .authorizationBudget:
            Entry(
                403, .gateway, "authorization failed",
                remedy: "An authorization rule ran out of its cost budget: simplify it.")
        case .bodyExceedsBuffer:
            Entry(
                413, .client, "the request body is too large to be checked",
                remedy: "Send less, or raise `config.limits.bufferedBodyBytes`: rules of this route read the body.")
        case .bodyBuffersFull:
            Entry(
                503, .gateway, retry: true, "too many request bodies are being checked",
                remedy: "Try again; or raise `config.limits.bufferedBytes`.")
        case .rateLimited:
            Entry(
                429, .client, retry: true, "rate limit exceeded",
                remedy: "Wait as long as `Retry-After` says, or raise the `localRateLimit` of the route.")
        case .rateLimitUnknown:
            Entry(
                500, .gateway, "the rate limit of the request is unknown",
                remedy: "Give variables in `limit-count` a default (`${http_quota ?? 10}`), or set `allow_degradation`."
            )
        case .routeNotFound:
            Entry(404, .client, "route not found", remedy: "No route matches host, path, method, headers and query.")

        case .noBackend:
            Entry(503, .gateway, "no valid backends", remedy: "Give the route a backend with a weight above 0.")
        case .upstreamUnresolved:
            Entry(
                503, .upstream, retry: true, "the upstream's name has no address",
                remedy: "Check the backend's name, and the name server that this machine asks.")
        case .upstreamUnreachable:
            Entry(
                502, .upstream, retry: true, "the upstream cannot be reached",
                remedy: "Check that the backend listens at its configured address.")
        case .upstreamUntrusted:
            Entry(
                502, .upstream, "the upstream is not who it has to be",
                remedy:
                    "Its certificate is not valid, of no trusted authority or for another name: see `backendTLS.root` and `hostname`."
            )
        case .upstreamTLSFailed:
            Entry(
                502, .upstream, "no TLS with the upstream",
                remedy: "See whether the upstream speaks TLS on that port, and whether it asks for a certificate.")
        case .upstreamConnectTimeout:
            Entry(
                504, .upstream, retry: true, "the upstream did not accept a connection in time",
                remedy: "Check the network to the backend and its load.")
        case .upstreamClosed:
            Entry(
                502, .upstream, retry: true, "the upstream closed the connection without an answer",
                remedy: "Look into the backend's log: it dropped the request.")
        case .upstreamMalformed:
            Entry(
                502, .upstream, "the upstream's answer is malformed",
                remedy: "The backend's response breaks RFC 9112; the log names where.")
        case .upstreamTimeout:
            Entry(
                504, .upstream, retry: true, "the upstream did not answer in time",
                remedy: "Look at the backend's latency, or raise the route's timeout.")
        case .answerExceedsBuffer:
            Entry(
                502, .upstream, "the upstream's answer is too large to be changed",
                remedy: """
                    Raise `config.limits.bufferedBodyBytes` (`max_resp_body_size` of `response-rewrite`), let patterns find \
                    less, or leave `body` out of the transformation.
                    """)
        case .answerEncoded:
            Entry(
                502, .upstream, "the upstream's answer is compressed, and cannot be searched",
                remedy: """
                    Have the backend heed `Accept-Encoding: identity`, which it gets where `filters` of \
                    `response-rewrite` search its answers.
                    """)
        case .upstreamBusy:
            Entry(
                503, .upstream, retry: true, "too many requests wait for the upstream",
                remedy: "Slow down, or raise the limits of the upstream's pool.")
        case .notReady:
            Entry(
                503, .gateway, retry: true, "the gateway is not ready",
                remedy: "It is starting or shutting down; try again.")
        }
    }
}
