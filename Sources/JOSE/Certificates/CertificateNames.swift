internal import Bytes

/// What an X.509 certificate (RFC 5280 §4.1) calls its subject and its issuer.
///
/// Signature and dates are not looked at: whoever asks has verified them. The authority that signed may still have
/// copied whatever its customer wrote, so what two readers could understand in two ways is an error here, for the
/// name it is about: an empty text, control characters, characters of other sets than ASCII and UTF-8, two common
/// names, an alternative name that reads like one of another kind.
package struct CertificateNames: Sendable {
    package enum Fault: String, Error, Sendable {
        /// No certificate, or a name that is not well-formed.
        case malformed
        /// There are several, and none of them is the right one.
        case ambiguous
        /// More than `maxBytes`, `maxAttributes` or `maxAlternatives`.
        case tooLarge
    }

    /// An alternative name (RFC 5280 §4.2.1.6) of one of the kinds that are text, or an address.
    package enum Alternative: Equatable, Sendable {
        case dns(String)
        case uri(String)
        case email(String)
        /// 4 or 16 bytes.
        case address([UInt8])
    }

    /// `C=DE, O=Example, CN=alice`: attributes in their order, the special characters of RFC 4514 §2.4 escaped, so that
    /// no value passes for an attribute. Empty where there is none.
    package let subject: Result<String, Fault>
    package let issuer: Result<String, Fault>
    /// Of the subject; nil where it has none.
    package let commonName: Result<String?, Fault>
    /// In their order; those of other kinds are left out.
    package let alternatives: Result<[Alternative], Fault>
    /// The one URI among them that is a SPIFFE ID; nil where there is none.
    package let spiffeID: Result<SPIFFEID?, Fault>

    package static let maxBytes = 16 << 10
    package static let maxAlternatives = 256

    /// Reads a certificate in DER, whole.
    package init(der: [UInt8]) {
        do throws(Fault) {
            var parts = try Parts(der)
            let subject = DistinguishedName.reading(&parts.subject)
            self.subject = subject.map(\.text)
            commonName = subject.flatMap { $0.commonName }
            issuer = DistinguishedName.reading(&parts.issuer).map(\.text)
            let alternatives = Self.alternatives(parts.alternatives)
            self.alternatives = alternatives
            spiffeID = alternatives.flatMap { SPIFFEID.only(among: $0) }
        } catch {
            subject = .failure(error)
            issuer = .failure(error)
            commonName = .failure(error)
            alternatives = .failure(error)
            spiffeID = .failure(error)
        }
    }

    /// Where the names stand.
    private struct Parts {
        var subject: DERReader
        var issuer: DERReader
        /// The content of the extension, once for each time it is there.
        var alternatives: [[UInt8]] = []

        init(_ der: [UInt8]) throws(Fault) {
            guard der.count <= CertificateNames.maxBytes else { throw .tooLarge }
            var reader = DERReader(der)
            guard var certificate = reader.enter(0x30), reader.isAtEnd, var body = certificate.enter(0x30) else {
                throw .malformed
            }
            if body.nextTag == 0xA0, !body.skip() { throw .malformed }
            // Serial number, signature algorithm.
            guard body.skip(), body.skip(), let issuer = body.enter(0x30), body.skip(),
                let subject = body.enter(0x30), body.skip()
            else { throw .malformed }
            self.issuer = issuer
            self.subject = subject
            // Unique identifiers.
            while let tag = body.nextTag, tag != 0xA3 { guard body.skip() else { throw .malformed } }
            guard !body.isAtEnd else { return }
            guard var explicit = body.enter(0xA3), body.isAtEnd, var extensions = explicit.enter(0x30), explicit.isAtEnd
            else { throw .malformed }
            while !extensions.isAtEnd { try read(&extensions) }
        }

        private mutating func read(_ extensions: inout DERReader) throws(Fault) {
            guard var one = extensions.enter(0x30), let identifier = one.content(0x06) else { throw .malformed }
            // Whether it is critical.
            if one.nextTag == 0x01, !one.skip() { throw .malformed }
            guard let value = one.content(0x04), one.isAtEnd else { throw .malformed }
            if identifier == ObjectIdentifier.subjectAlternativeName { alternatives.append(value) }
        }
    }

    // MARK: - Alternative names

    private static func alternatives(_ extensions: [[UInt8]]) -> Result<[Alternative], Fault> {
        // RFC 5280 §4.2: of each extension there is one.
        guard extensions.count <= 1 else { return .failure(.ambiguous) }
        guard let content = extensions.first else { return .success([]) }
        var reader = DERReader(content)
        guard var names = reader.enter(0x30), reader.isAtEnd else { return .failure(.malformed) }
        var found: [Alternative] = []
        var count = 0
        while let tag = names.nextTag {
            count += 1
            guard count <= maxAlternatives else { return .failure(.tooLarge) }
            guard let content = names.content(tag) else { return .failure(.malformed) }
            do throws(Fault) {
                if let name = try Alternative(tag, content) { found.append(name) }
            } catch {
                return .failure(error)
            }
        }
        return .success(found)
    }
}

extension CertificateNames.Alternative {
    /// Nil for a kind that is left out.
    fileprivate init?(_ tag: UInt8, _ content: [UInt8]) throws(CertificateNames.Fault) {
        switch tag {
        case 0x81: self = .email(try Self.text(content, Self.isEmail))
        case 0x82: self = .dns(try Self.text(content, Self.isDNS))
        case 0x86: self = .uri(try Self.text(content, Self.isURI))
        case 0x87:
            guard content.count == 4 || content.count == 16 else { throw .malformed }
            self = .address(content)
        // otherName, x400Address, directoryName, ediPartyName, registeredID.
        case 0xA0, 0xA3, 0xA4, 0xA5, 0x88: return nil
        default: throw .malformed
        }
    }

    private static func text(
        _ content: [UInt8], _ isOfItsKind: ([UInt8]) -> Bool
    ) throws(CertificateNames.Fault) -> String {
        guard isOfItsKind(content) else { throw .malformed }
        return content.span.text
    }

    /// Labels of letters, digits, hyphens and underscores, the first of which may be an asterisk; the last is not
    /// all digits, so that no address is one.
    private static func isDNS(_ name: [UInt8]) -> Bool {
        var labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.first?.elementsEqual([UInt8(ascii: "*")]) == true { labels.removeFirst() }
        guard let last = labels.last, !last.allSatisfy(\.isASCIIDigit) else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty
                && label.allSatisfy {
                    $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }

    /// A scheme (RFC 3986 §3.1), a colon, and something of what a URI may have.
    private static func isURI(_ name: [UInt8]) -> Bool {
        guard let colon = name.firstIndex(of: UInt8(ascii: ":")), colon + 1 < name.count,
            name[0].isASCIILetter
        else { return false }
        let isScheme = name[..<colon].allSatisfy {
            $0.isASCIILetter || $0.isASCIIDigit || [0x2B, 0x2D, 0x2E].contains($0)
        }
        return isScheme && name.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// One at sign with something on both sides (RFC 5280 §4.2.1.6), and nothing that a URI begins with.
    private static func isEmail(_ name: [UInt8]) -> Bool {
        let parts = name.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && name.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }
}
