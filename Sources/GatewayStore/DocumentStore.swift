/// Where documents are kept: what the Admin API wrote, as it was written.
///
/// Every commit is one revision, and is durable when it has been answered. Each implementation passes one suite of tests
/// (`Tests/GatewayStoreTests`).
package protocol DocumentStore: Sendable {
    /// All documents in the order they were first written, and the revision they stand at.
    func load() async throws -> StoredDocuments

    /// Makes all of the changes or none of them. Answers the new revision.
    ///
    /// - Throws: `DocumentConflict` where a document is not as a change expects it.
    func commit(_ changes: [DocumentChange], audit: AuditEntry) async throws -> Int64

    /// What was changed, the latest first.
    func auditTrail(limit: Int) async throws -> [AuditRecord]

    /// The changes that make the documents what they were at a revision.
    ///
    /// - Throws: `RevisionUnknown` where that is not remembered.
    func changes(backTo revision: Int64) async throws -> [DocumentChange]
}

package struct DocumentKey: Hashable, Sendable {
    package var kind: String
    package var id: String

    package init(kind: String, id: String) {
        self.kind = kind
        self.id = id
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
