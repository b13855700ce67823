internal import Bytes

/// Who a workload is, by the standard SPIFFE-ID: `spiffe://example.org/ns/default/sa/web`.
package struct SPIFFEID: Equatable, Sendable {
    package let text: String
    package let trustDomain: String
    /// In their order; none is empty.
    package let segments: [String]

    /// Of the standard's §2.
    private static let maxBytes = 2048

    /// Nil where the text is none: one is canonical as it stands, or not one at all.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes, text.hasPrefix(Self.scheme) else { return nil }
        let parts = text.utf8.dropFirst(Self.scheme.utf8.count)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let domain = parts.first, domain.allSatisfy({ Self.isPlain($0) && $0.asciiLowercased == $0 }) else {
            return nil
        }
        let dots: [[UInt8]] = [[0x2E], [0x2E, 0x2E]]
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isPlain) }),
            !parts.dropFirst().contains(where: { part in dots.contains { part.elementsEqual($0) } })
        else { return nil }
        self.text = text
        trustDomain = String(decoding: domain, as: UTF8.self)
        segments = parts.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    }

    /// Namespace and service account, where its path is `/ns/NAMESPACE/sa/ACCOUNT`, as service meshes write it.
    package var workload: (namespace: String, serviceAccount: String)? {
        guard segments.count == 4, segments[0] == "ns", segments[2] == "sa" else { return nil }
        return (segments[1], segments[3])
    }

    private static let scheme = "spiffe://"

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte.isURIUnreserved && byte != UInt8(ascii: "~")
    }

    /// The ID in a certificate, which has one at most (X509-SVID §2).
    static func only(
        among names: [CertificateNames.Alternative]
    ) -> Result<SPIFFEID?, CertificateNames.Fault> {
        let candidates = names.compactMap { name in
            if case .uri(let text) = name, text.prefix(7).lowercased() == "spiffe:" { text } else { nil }
        }
        guard candidates.count <= 1 else { return .failure(.ambiguous) }
        guard let candidate = candidates.first else { return .success(nil) }
        return SPIFFEID(candidate).map { .success($0) } ?? .failure(.malformed)
    }
}
