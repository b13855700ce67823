package import Bytes

/// The protected header of a JWS, checked as RFC 7515 §4 and RFC 7797 say. Not yet trusted.
///
/// `jwk`, `jku`, `x5u` and `x5c` are never read: keys come from the configuration only.
package struct JWSHeader: Sendable {
    package let document: JSONDocument
    package let algorithm: SignatureAlgorithm
    package let kid: JSONValue?
    package let type: JSONValue?

    /// Decodes and checks the header part of a token.
    init(decoding part: Span<UInt8>) throws(TokenError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: try Base64URL.decode(part), limits: Self.limits)
        } catch let error as JSONError {
            throw error.reason == .duplicateName ? .duplicateName : .invalidHeaderJSON
        } catch {
            throw .invalidBase64URL
        }
        guard document.root.isObject else { throw .invalidHeaderJSON }
        try self.init(document)
    }

    private static let limits = JSONLimits(maxBytes: 16 << 10, maxDepth: 16, maxNodes: 1024)

    private init(_ document: JSONDocument) throws(TokenError) {
        self.document = document
        var found = Parameters()
        document.forEachRootMember { name, value in found.note(value, named: name) }
        let algorithm = found.algorithm.map(document.value(at:))
        kid = found.kid.map(document.value(at:))
        type = found.type.map(document.value(at:))
        let critical = found.critical.map(document.value(at:))
        let unencoded = found.unencoded.map(document.value(at:))
        guard let algorithm, algorithm.isString, kid?.isString ?? true, type?.isString ?? true else {
            throw .headerMalformed
        }
        if let critical { try Self.check(critical: critical, in: document) }
        if let unencoded {
            guard let isEncoded = unencoded.boolean else { throw .headerMalformed }
            guard isEncoded else { throw .unencodedPayload }
        }
        guard let known = Self.algorithm(algorithm) else { throw .unsupportedAlgorithm }
        self.algorithm = known
    }

    private static func algorithm(_ value: JSONValue) -> SignatureAlgorithm? {
        guard value.isPlainString else {
            let decoded = value.decodedBytes ?? []
            return SignatureAlgorithm(name: decoded.span)
        }
        let bytes = value.document.bytes
        return SignatureAlgorithm(name: bytes.span.extracting(value.range))
    }

    /// RFC 7515 §4.1.11: a non-empty list of unique names, all present, none of them registered,
    /// and every one understood. Only `b64` is.
    private static func check(critical: JSONValue, in document: JSONDocument) throws(TokenError) {
        guard critical.isArray, critical.count > 0 else { throw .headerMalformed }
        var seen: [[UInt8]] = []
        var isUnderstood = true
        for element in critical.elements {
            guard let name = element.decodedBytes, !seen.contains(name), document.root[name.span] != nil else {
                throw .headerMalformed
            }
            if Self.registered.contains(where: { name.span.equals($0) }) { throw .headerMalformed }
            isUnderstood = isUnderstood && element.equals("b64")
            seen.append(name)
        }
        guard isUnderstood else { throw .criticalHeaderNotUnderstood }
    }

    /// The names of RFC 7515 §4.1 and RFC 7518, which `crit` must not list.
    private static let registered: [StaticString] = [
        "alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit",
        "enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c",
    ]
}

extension JWSHeader {
    /// Where the values of the parameters that are read lie in the document.
    private struct Parameters {
        var algorithm: Int?
        var kid: Int?
        var type: Int?
        var critical: Int?
        var unencoded: Int?

        mutating func note(_ value: Int, named name: Span<UInt8>) {
            if name.equals("alg") {
                algorithm = value
            } else if name.equals("kid") {
                kid = value
            } else if name.equals("typ") {
                type = value
            } else if name.equals("crit") {
                critical = value
            } else if name.equals("b64") {
                unencoded = value
            }
        }
    }
}
