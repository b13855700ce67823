internal import Bytes

/// A JWS signature algorithm the gateway offers, as named in RFC 7518, 8037, 9864 and 9964.
///
/// There is no `none` and no `RSA1_5`: what is not in this list has no code path.
package enum SignatureAlgorithm: UInt8, Sendable, CaseIterable {
    case hs256, hs384, hs512
    case rs256, rs384, rs512
    case ps256, ps384, ps512
    case es256, es384, es512
    /// RFC 8037; polymorphic by name, but the gateway has Ed25519 keys only.
    case edDSA
    /// The fully specified name of RFC 9864.
    case ed25519
    case mlDSA65, mlDSA87

    /// The value of `alg`.
    package var name: StaticString {
        switch self {
        case .hs256: "HS256"
        case .hs384: "HS384"
        case .hs512: "HS512"
        case .rs256: "RS256"
        case .rs384: "RS384"
        case .rs512: "RS512"
        case .ps256: "PS256"
        case .ps384: "PS384"
        case .ps512: "PS512"
        case .es256: "ES256"
        case .es384: "ES384"
        case .es512: "ES512"
        case .edDSA: "EdDSA"
        case .ed25519: "Ed25519"
        case .mlDSA65: "ML-DSA-65"
        case .mlDSA87: "ML-DSA-87"
        }
    }

    /// The algorithm of exactly that name; RFC 7515 §4.1.1 compares case-sensitively.
    package init?(name: Span<UInt8>) {
        for algorithm in Self.allCases where name.equals(algorithm.name) {
            self = algorithm
            return
        }
        return nil
    }

    /// The algorithm of exactly that name.
    package init?(name: String) {
        let bytes = Array(name.utf8)
        self.init(name: bytes.span)
    }

    /// Whether the key is a shared secret.
    package var isSymmetric: Bool { rawValue <= Self.hs512.rawValue }

    /// The hash's output in bytes; for a shared secret also its least length (RFC 7518 §3.2).
    var hashByteCount: Int {
        switch self {
        case .hs256, .rs256, .ps256, .es256: 32
        case .hs384, .rs384, .ps384, .es384: 48
        case .hs512, .rs512, .ps512, .es512, .edDSA, .ed25519, .mlDSA65, .mlDSA87: 64
        }
    }
}

extension SignatureAlgorithm: CustomStringConvertible {
    package var description: String { "\(name)" }
}

/// A set of algorithms, as a bit map.
package struct AlgorithmSet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package init(_ algorithms: some Sequence<SignatureAlgorithm>) {
        self.rawValue = algorithms.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    @inline(__always)
    package func contains(_ algorithm: SignatureAlgorithm) -> Bool {
        rawValue & (1 << UInt32(algorithm.rawValue)) != 0
    }

    /// The members in the order of declaration.
    package var algorithms: [SignatureAlgorithm] { SignatureAlgorithm.allCases.filter(contains) }

    package static let symmetric = AlgorithmSet(SignatureAlgorithm.allCases.filter(\.isSymmetric))
    package static let publicKey = AlgorithmSet(SignatureAlgorithm.allCases.filter { !$0.isSymmetric })
    package static let rsaPKCS1 = AlgorithmSet([.rs256, .rs384, .rs512])
    package static let rsaPSS = AlgorithmSet([.ps256, .ps384, .ps512])
    package static let ed25519 = AlgorithmSet([.edDSA, .ed25519])
}
