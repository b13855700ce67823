/// When a token holds: its dates together with the rule they are measured by.
///
/// Kept with a verified token and asked again each time it is used.
package struct TokenTimes: Sendable, Equatable {
    /// `exp`, rounded up to whole seconds; the token is dead from here on (exclusive).
    package var expiresAt: Int64?
    /// `nbf`, rounded up.
    package var notBefore: Int64?
    /// `iat`, rounded up.
    package var issuedAt: Int64?
    package var clockSkewSeconds: Int64
    package var maxLifetimeSeconds: Int64?
    package var refusesFutureIssuedAt: Bool

    /// Checks the dates against the clock (RFC 7519 §4.1.4–4.1.6).
    ///
    /// The maximum lifetime bounds `exp − iat`; without `iat`, `exp − now`; without `exp`, the age
    /// `now − iat`. A token with neither date cannot show its lifetime.
    package func check(now: Int64) throws(TokenError) {
        if let expiresAt, now >= expiresAt.saturatingAdding(clockSkewSeconds) { throw .expired }
        let latest = now.saturatingAdding(clockSkewSeconds)
        if let notBefore, notBefore > latest { throw .notYetValid }
        if let issuedAt, issuedAt > latest, refusesFutureIssuedAt || maxLifetimeSeconds != nil {
            throw .issuedInFuture
        }
        if let maxLifetimeSeconds { try check(maxLifetimeSeconds, now: now) }
    }

    private func check(_ maximum: Int64, now: Int64) throws(TokenError) {
        switch (issuedAt, expiresAt) {
        case (let issuedAt?, let expiresAt?):
            if expiresAt.saturatingSubtracting(issuedAt) > maximum { throw .lifetimeTooLong }
        case (nil, let expiresAt?):
            let limit = maximum.saturatingAdding(clockSkewSeconds)
            if expiresAt.saturatingSubtracting(now) > limit { throw .lifetimeTooLong }
        case (let issuedAt?, nil):
            let limit = maximum.saturatingAdding(clockSkewSeconds)
            if now.saturatingSubtracting(issuedAt) > limit { throw .lifetimeTooLong }
        case (nil, nil):
            throw .expirationMissing
        }
    }
}
