/// What a request dies of: the closed list.
///
/// The raw value is the API: it stands alike in the access log, the metric label, the
/// `Tollgate-Refusal` response header and the tests. Client text is fixed per code; details go to
/// the log, never the token.
package enum RefusalCode: String, Error, CaseIterable, Sendable {
    // The request as bytes
    case malformedRequest = "malformed_request"
    case ambiguousTarget = "ambiguous_target"
    case ambiguousFraming = "ambiguous_framing"
    case hostInvalid = "host_invalid"
    case misdirected = "misdirected"
    case targetTooLong = "target_too_long"
    case headTooLarge = "head_too_large"
    case methodNotSupported = "method_not_supported"
    case versionNotSupported = "version_not_supported"
    case codingNotSupported = "coding_not_supported"
    case expectationFailed = "expectation_failed"
    case bodyTooLarge = "body_too_large"
    case requestTimeout = "request_timeout"

    // The token
    case tokenMissing = "token_missing"
    case tokenAmbiguous = "token_ambiguous"
    case tokenTooLarge = "token_too_large"
    case tokenMalformed = "token_malformed"
    case tokenEncrypted = "token_encrypted"
    case tokenAlgorithm = "token_algorithm"
    case tokenCriticalHeader = "token_critical_header"
    case tokenType = "token_type"
    case tokenBound = "token_bound"
    case keyUnknown = "key_unknown"
    case keysUnavailable = "keys_unavailable"
    case signatureInvalid = "signature_invalid"
    case issuerUnknown = "issuer_unknown"
    case audienceMismatch = "audience_mismatch"
    case subjectNotAllowed = "subject_not_allowed"
    case tokenExpired = "token_expired"
    case tokenNotYetValid = "token_not_yet_valid"
    case tokenLifetime = "token_lifetime"
    case claimMissing = "claim_missing"
    case claimMismatch = "claim_mismatch"
    case claimMalformed = "claim_malformed"
    case scopeInsufficient = "scope_insufficient"
    case claimUnforwardable = "claim_unforwardable"

    // Other credentials
    case apiKeyMissing = "api_key_missing"
    case apiKeyInvalid = "api_key_invalid"
    case basicMissing = "basic_missing"
    case basicMalformed = "basic_malformed"
    case basicInvalid = "basic_invalid"
    case passwordsBusy = "passwords_busy"
    case hmacMissing = "hmac_missing"
    case hmacScheme = "hmac_scheme"
    case hmacMalformed = "hmac_malformed"
    case hmacDate = "hmac_date"
    case hmacUncovered = "hmac_uncovered"
    case hmacInvalid = "hmac_invalid"
    case hmacDigest = "hmac_digest"
    case credentialsAmbiguous = "credentials_ambiguous"
    case credentialsMissing = "credentials_missing"
    case credentialsInvalid = "credentials_invalid"
    // The consumer
    case consumerUnnamed = "consumer_unnamed"
    case consumerUnknown = "consumer_unknown"
    case consumerUnproven = "consumer_unproven"
    case consumerMissing = "consumer_missing"
    case consumerGroupMissing = "consumer_group_missing"

    // The decision
    case authorizationDenied = "authorization_denied"
    case authorizationBudget = "authorization_budget"
    case bodyExceedsBuffer = "body_exceeds_buffer"
    case bodyBuffersFull = "body_buffers_full"
    case rateLimited = "rate_limited"
    case rateLimitUnknown = "rate_limit_unknown"
    case routeNotFound = "route_not_found"

    // The upstream and the gateway itself
    case noBackend = "no_backend"
    case upstreamUnresolved = "upstream_unresolved"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamUntrusted = "upstream_untrusted"
    case upstreamTLSFailed = "upstream_tls_failed"
    case upstreamConnectTimeout = "upstream_connect_timeout"
    case upstreamClosed = "upstream_closed"
    case upstreamMalformed = "upstream_malformed"
    case upstreamTimeout = "upstream_timeout"
    case answerExceedsBuffer = "answer_exceeds_buffer"
    case answerEncoded = "answer_encoded"
    case upstreamBusy = "upstream_busy"
    case notReady = "not_ready"
}

extension RefusalCode {
    /// Whose doing it is.
    package enum Blame: String, Sendable {
        case client, upstream, gateway
    }

    /// The challenge that goes with the answer: RFC 6750 §3, or another scheme alone.
    package enum Challenge: Sendable, Equatable {
        case none
        /// No credentials were sent: the scheme and the realm alone.
        case bearer
        case invalidToken
        case invalidRequest
        case insufficientScope
        /// No registered scheme; RFC 9110 §15.5.2 asks for a challenge all the same.
        case apiKey
        /// RFC 7617 §2.
        case basic
        /// As APISIX's `hmac-auth` has it; no registered scheme.
        case hmac

        /// The authentication scheme, or nil.
        package var scheme: StaticString? {
            switch self {
            case .none: nil
            case .bearer, .invalidToken, .invalidRequest, .insufficientScope: "Bearer"
            case .apiKey: "ApiKey"
            case .basic: "Basic"
            case .hmac: "hmac"
            }
        }

        /// The `error` attribute, or nil.
        package var errorAttribute: StaticString? {
            switch self {
            case .none, .bearer, .apiKey, .basic, .hmac: nil
            case .invalidToken: "invalid_token"
            case .invalidRequest: "invalid_request"
            case .insufficientScope: "insufficient_scope"
            }
        }
    }

    /// One row of the published table.
    package struct Entry: Sendable {
        package let status: Int
        package let blame: Blame
        package let challenge: Challenge
        /// Whether the same request may succeed later.
        package let isWorthRetrying: Bool
        /// The fixed text for the client.
        package let text: StaticString
        /// What its reader should do.
        package let remedy: StaticString

        init(
            _ status: Int, _ blame: Blame, challenge: Challenge = .none, retry: Bool = false,
            _ text: StaticString, remedy: StaticString
        ) {
            self.status = status
            self.blame = blame
            self.challenge = challenge
            self.isWorthRetrying = retry
            self.text = text
            self.remedy = remedy
        }
    }
}
