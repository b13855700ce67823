internal import Bytes
package import GatewayModel
package import JOSE

/// What has happened to a key source, in Unix seconds and counts since the start.
package struct KeySourceRecord: Sendable {
    package var attemptedAt: Int64?
    package var succeededAt: Int64?
    package var fetches: UInt64 = 0
    package var failures: UInt64 = 0
    package var notModified: UInt64 = 0
    /// Why the last fetch failed; nil where it did not.
    package var error: RemoteFailure?
}

/// How a remote key source stands at a moment.
package struct KeySourceStatus: Sendable {
    package enum Condition: String, Sendable {
        case fresh
        /// Older than it should be; in use until it is too old.
        case stale
        /// There are no keys: none were ever fetched, or they have died.
        case none
    }

    /// Where it is fetched from, without a query.
    package var name: String
    /// Where the issuer's metadata says the keys are.
    package var keySetName: String?
    package var issuers: [String]
    package var condition: Condition
    package var record: KeySourceRecord
    package var nextFetchAt: Int64
    /// When the keys die.
    package var expiresAt: Int64?
    package var now: Int64
    package var keys: [VerificationKey]
    package var findings: [KeyFinding]
}

extension KeySourceStatus {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("url", name)
        object.add("keySet", keySetName)
        object.add("issuers", issuers)
        object.add("state", condition.rawValue)
        object.add("lastFetch", record.attemptedAt)
        object.add("lastSuccess", record.succeededAt)
        object.add("nextFetch", nextFetchAt)
        object.add("expires", expiresAt)
        object.add("fetches", Int64(clamping: record.fetches))
        object.add("failures", Int64(clamping: record.failures))
        object.add("notModified", Int64(clamping: record.notModified))
        object.add("error", record.error?.description)
        object.add("keys", keys.map(\.statusJSON))
        object.add("findings", findings.filter { $0.severity > .note }.map(Self.json))
        return object.text
    }

    private static func json(_ finding: KeyFinding) -> [UInt8] {
        var object = JSONObjectWriter()
        object.add("key", finding.keyIndex.map { Int64($0) })
        object.add("kid", finding.kid)
        object.add("code", finding.code.rawValue)
        object.add("message", finding.message)
        return object.text
    }
}
