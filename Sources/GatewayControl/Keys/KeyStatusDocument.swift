internal import Bytes
internal import JOSE

/// What `/keys` answers.
package enum KeyStatusDocument {
    /// `{"sources": [...]}`, moments in Unix seconds: first what is fetched, then what the configuration holds or
    /// names.
    package static func text(remote: [KeySourceStatus], local: [LocalKeySource]) -> String {
        var object = JSONObjectWriter()
        object.add("sources", remote.map(\.json) + local.map(\.json))
        return String(decoding: object.text, as: UTF8.self) + "\n"
    }
}

extension LocalKeySource {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        switch place {
        case .file(let path): object.add("file", path)
        case .inline(let place): object.add("inline", place)
        }
        object.add("issuers", issuers)
        object.add("state", "loaded")
        object.add("keys", keys.map(\.statusJSON))
        return object.text
    }
}

extension VerificationKey {
    /// The key in an answer of `/keys`; of a shared secret nothing that helps guessing it.
    var statusJSON: [UInt8] {
        var object = JSONObjectWriter()
        object.add("kid", kid.map { $0.span.text })
        object.add("kty", type.rawValue)
        object.add("crv", curve)
        object.add("bits", Int64(bits))
        object.add("algorithms", algorithms.algorithms.map { "\($0)" })
        object.add("thumbprint", thumbprintText)
        object.add("weak", isWeak ? "true" : nil)
        return object.text
    }
}
