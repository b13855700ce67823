/// Where documents are kept: what the Admin API wrote, as it was written.
///
/// Every commit is one revision, and is durable when it has been answered. Each implementation passes one suite of
/// tests (`Tests/GatewayStoreTests`).
package protocol DocumentStore: Sendable {
    /// All documents in the order they were first written, and the revision they stand at.
    func load() async throws -> StoredDocuments

    /// Makes all of the changes or none of them. Answers the new revision.
    ///
    /// - Throws: `DocumentConflict` where a document is not as a change expects it.
    func commit(_ changes: [DocumentChange], audit: AuditEntry) async throws -> Int64

    /// What was changed, the latest first; as far as `HistoryRetention` lets it be remembered.
    func auditTrail(limit: Int) async throws -> [AuditRecord]

    /// The changes that make the documents what they were at a revision.
    ///
    /// - Throws: `RevisionUnknown` where that is not remembered.
    func changes(backTo revision: Int64) async throws -> [DocumentChange]
}

/// What tells documents apart: the same kind and id may be in every gateway group.
package struct DocumentKey: Hashable, Sendable {
    /// The id of the gateway group that the document belongs to; empty for what belongs to none.
    package var group: String
    package var kind: String
    package var id: String

    /// Documents of stores that knew no groups are in this one.
    package static let standardGroup = "default"

    package init(group: String = Self.standardGroup, kind: String, id: String) {
        self.group = group
        self.kind = kind
        self.id = id
    }
}

/// How much of what was changed by whom is remembered. Documents themselves are never forgotten.
package struct HistoryRetention: Equatable, Sendable {
    /// Revisions whose changes are remembered, the latest first.
    package var maxRevisions: Int64
    /// Seconds; nil: however old they are.
    package var maxAge: Int64?

    package static let standard = HistoryRetention(maxRevisions: 100_000, maxAge: nil)
    /// Of old revisions, one commit forgets so many at most: it is not to wait for a million of them.
    static let maxForgottenAtOnce: Int64 = 1000

    package init(maxRevisions: Int64, maxAge: Int64?) {
        self.maxRevisions = maxRevisions
        self.maxAge = maxAge
    }
}

package struct StoredDocument: Equatable, Sendable {
    package var key: DocumentKey
    package var body: String
    /// The revision that wrote it first, and the one that wrote it last.
    package var createdRevision: Int64
    package var modifiedRevision: Int64
    /// Its place among the changes that wrote it first.
    package var place: Int

    package init(
        key: DocumentKey, body: String, createdRevision: Int64, modifiedRevision: Int64, place: Int = 0
    ) {
        self.key = key
        self.body = body
        self.createdRevision = createdRevision
        self.modifiedRevision = modifiedRevision
        self.place = place
    }
}

package struct StoredDocuments: Equatable, Sendable {
    package var documents: [StoredDocument]
    /// Of an empty store 0.
    package var revision: Int64

    package init(documents: [StoredDocument], revision: Int64) {
        self.documents = documents
        self.revision = revision
    }
}

package struct DocumentChange: Equatable, Sendable {
    package enum Expectation: Equatable, Sendable {
        case anything
        case absent
        /// It stands at this revision.
        case revision(Int64)
    }

    package var key: DocumentKey
    /// Nil deletes it.
    package var body: String?
    package var expectation: Expectation

    package init(key: DocumentKey, body: String?, expectation: Expectation = .anything) {
        self.key = key
        self.body = body
        self.expectation = expectation
    }
}

extension DocumentChange {
    /// - Parameter actual: the revision the document stands at; nil where it is not there.
    func check(_ actual: Int64?) throws {
        let isMet =
            switch expectation {
            case .anything: true
            case .absent: actual == nil
            case .revision(let expected): actual == expected
            }
        if !isMet { throw DocumentConflict(key: key, actual: actual) }
    }
}

/// A document is not as a change expected it.
package struct DocumentConflict: Error, Equatable {
    package let key: DocumentKey
    /// The revision it stands at; nil where it is not there.
    package let actual: Int64?
}

/// A revision that documents can't be brought back to.
package struct RevisionUnknown: Error, Equatable, CustomStringConvertible {
    package let revision: Int64
    /// Those that they can.
    package let known: ClosedRange<Int64>

    package init(revision: Int64, known: ClosedRange<Int64>) {
        self.revision = revision
        self.known = known
    }

    package var description: String {
        "revision \(revision) is not remembered; documents can be brought back to \(known.lowerBound) up to "
            + "\(known.upperBound)"
    }
}

/// Who changed something, and from where. Holds no secret.
package struct AuditEntry: Equatable, Sendable {
    /// Unix seconds.
    package var time: Int64
    /// The name of the key that was used.
    package var actor: String
    /// The address the request came from.
    package var origin: String
    /// The method and path.
    package var action: String

    package init(time: Int64, actor: String, origin: String, action: String) {
        self.time = time
        self.actor = actor
        self.origin = origin
        self.action = action
    }
}

package struct AuditRecord: Equatable, Sendable {
    package var revision: Int64
    package var entry: AuditEntry
    package var keys: [DocumentKey]
}
