internal import Bytes
internal import Crypto

/// A store whose documents are encrypted (AES-256-GCM) by a key that is kept elsewhere: who has the folder alone reads
/// which documents there are, and not what is in them.
///
/// A document that was stored without a key is read as it is, and sealed when it is written the next time.
package struct SealedStore: DocumentStore {
    package enum Failure: Error, CustomStringConvertible, Equatable {
        case keyMissing
        case keyWrong(DocumentKey)
        case keyTooShort

        package var description: String {
            switch self {
            case .keyMissing: "the documents of the store are encrypted; name their key with --store-key-file"
            case .keyWrong(let key):
                "the \(key.kind) \(key.id) of the store is encrypted by another key than that of --store-key-file"
            case .keyTooShort: "the key of the store has to have 32 bytes or more (`openssl rand -hex 32`)"
            }
        }
    }

    private let base: any DocumentStore
    /// Nil: what is written is not sealed, and what is sealed can't be read.
    private let key: SymmetricKey?

    /// Stands in front of what is sealed: no JSON begins so.
    private static let mark = "sealed:1:"
    package static let minSecretBytes = 32

    /// - Parameter secret: what the key is made of; nil: there is none.
    package init(_ base: any DocumentStore, secret: [UInt8]?) throws(Failure) {
        self.base = base
        guard let secret else {
            key = nil
            return
        }
        guard secret.count >= Self.minSecretBytes else { throw .keyTooShort }
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("tollgate store".utf8), outputByteCount: 32)
    }

    package func load() async throws -> StoredDocuments {
        var stored = try await base.load()
        for index in stored.documents.indices {
            let document = stored.documents[index]
            stored.documents[index].body = try opened(document.body, document.key)
        }
        return stored
    }

    package func commit(_ changes: [DocumentChange], audit: AuditEntry) async throws -> Int64 {
        var changes = changes
        for index in changes.indices {
            changes[index].body = try changes[index].body.map { try sealed($0, changes[index].key) }
        }
        return try await base.commit(changes, audit: audit)
    }

    package func auditTrail(limit: Int) async throws -> [AuditRecord] { try await base.auditTrail(limit: limit) }

    package func changes(backTo revision: Int64) async throws -> [DocumentChange] {
        var changes = try await base.changes(backTo: revision)
        for index in changes.indices {
            changes[index].body = try changes[index].body.map { try opened($0, changes[index].key) }
        }
        return changes
    }

    // MARK: - One document

    private func sealed(_ body: String, _ document: DocumentKey) throws -> String {
        guard let key else { return body }
        let box = try AES.GCM.seal(Array(body.utf8), using: key, authenticating: Self.context(document))
        let bytes = Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        return Self.mark + String(decoding: Base64URL.encode(bytes.span), as: UTF8.self)
    }

    private func opened(_ body: String, _ document: DocumentKey) throws -> String {
        guard body.hasPrefix(Self.mark) else { return body }
        guard let key else { throw Failure.keyMissing }
        let text = Array(body.utf8.dropFirst(Self.mark.utf8.count))
        guard let bytes = try? Base64URL.decode(text.span), let box = try? AES.GCM.SealedBox(combined: bytes),
            let content = try? AES.GCM.open(box, using: key, authenticating: Self.context(document)),
            let opened = String(validating: content, as: UTF8.self)
        else { throw Failure.keyWrong(document) }
        return opened
    }

    /// One document's body can't take another one's place.
    private static func context(_ document: DocumentKey) -> [UInt8] {
        // As it was before there were groups, for those that have none but this one.
        let group = document.group == DocumentKey.standardGroup ? "" : "\(document.group)\0"
        return Array("\(group)\(document.kind)\0\(document.id)".utf8)
    }
}
