internal import Bytes

// What every key passes before it is kept, whatever text it came from.

extension KeyImporter {
    /// RSA moduli beyond this make each verification cost too much.
    private static var maxModulusBits: Int { 8192 }

    /// Keeps the key, or says why not. `declared` is what `alg` and the like leave of its algorithms.
    mutating func admit(
        _ material: KeyMaterial, declared: AlgorithmSet, kid: [UInt8]?, _ label: KeyLabel
    ) {
        let most = material.type == .oct ? Self.maxSecrets : Self.maxKeys
        guard keys.count < most else {
            if !findings.contains(where: { $0.code == .tooManyKeys }) {
                let kind = material.type == .oct ? "shared secrets" : "keys"
                report(.error, .tooManyKeys, "Only the first \(most) \(kind) are used.")
            }
            return
        }
        guard isWellFormed(material, label) else { return }
        guard let (algorithms, isWeak) = strength(of: material, declared, label) else { return }
        guard let key = VerificationKey(material, kid: kid, algorithms: algorithms, isWeak: isWeak) else {
            return report(.error, .notAKey, key: label, "The numbers are not those of a key of this type.")
        }
        guard noteDuplicates(of: key, label) else { return }
        noteRepetition(in: material, label)
        if let sample = SampleKeys.origin(of: key) {
            report(
                .warning, .sampleKey, key: label,
                "This key is a published sample (\(sample)): strangers can have tokens that it verifies.")
        }
        keys.append(key)
    }

    private mutating func isWellFormed(_ material: KeyMaterial, _ label: KeyLabel) -> Bool {
        switch material {
        case .rsa(let modulus, let exponent):
            guard let last = exponent.last, last & 1 == 1, exponent != [1], exponent.count <= 4 else {
                report(.error, .notAKey, key: label, "The public exponent is not an odd number from 3 to 2^32.")
                return false
            }
            guard material.bits <= Self.maxModulusBits else {
                report(
                    .error, .keyTooLarge, key: label,
                    "The modulus has \(material.bits) bits; more than \(Self.maxModulusBits) are not used.")
                return false
            }
            guard let low = modulus.last, low & 1 == 1 else {
                report(.error, .notAKey, key: label, "The modulus is even.")
                return false
            }
        case .ed25519(let key):
            guard !Ed25519Point.isUnsafe(key) else {
                report(.error, .notAKey, key: label, "The point has a small order or no canonical form.")
                return false
            }
        default: break
        }
        return true
    }

    /// The algorithms that are left, and whether the key is below the floor; nil if it is left out.
    private mutating func strength(
        of material: KeyMaterial, _ declared: AlgorithmSet, _ label: KeyLabel
    ) -> (AlgorithmSet, isWeak: Bool)? {
        let strong = Self.strongAlgorithms(of: material, declared)
        if strong == declared { return (declared, false) }
        let floor = material.type == .oct ? 1 : 1024
        let size = "\(material.bits) bits"
        if options.allowWeak, material.bits >= floor {
            report(
                .warning, .weakKeyAdmitted, key: label,
                "The key is weak (\(size)); it is used because weak keys are allowed.")
            return (declared, true)
        }
        // A secret for any algorithm serves those it is long enough for.
        if !strong.isEmpty { return (strong, false) }
        report(.error, .weakKey, key: label, "The key is too weak (\(size)) and is not used.")
        return nil
    }

    /// What the key serves at full strength (RFC 7518 §3.2, §3.3).
    private static func strongAlgorithms(of material: KeyMaterial, _ declared: AlgorithmSet) -> AlgorithmSet {
        switch material {
        case .rsa(let modulus, _):
            material.bits < 2048 || ROCA.isFingerprinted(modulus) ? [] : declared
        case .secret(let bytes):
            AlgorithmSet(declared.algorithms.filter { bytes.count >= $0.hashByteCount })
        default: declared
        }
    }

    /// A secret that repeats itself is guessed as fast as what it repeats.
    private mutating func noteRepetition(in material: KeyMaterial, _ label: KeyLabel) {
        guard case .secret(let bytes) = material, let period = Self.period(of: bytes) else { return }
        report(
            .warning, .secretRepeats, key: label,
            "The secret is the same \(period == 1 ? "byte" : "\(period) bytes") again and again: it is easily guessed.")
    }

    /// What the secret repeats, in bytes; nil if nothing, or nothing shorter than the longest hash.
    private static func period(of secret: [UInt8]) -> Int? {
        (1..<64).first { period in
            period * 2 <= secret.count && (period..<secret.count).allSatisfy { secret[$0] == secret[$0 - period] }
        }
    }

    /// False if the very key is there already.
    private mutating func noteDuplicates(of key: VerificationKey, _ label: KeyLabel) -> Bool {
        if keys.contains(where: {
            $0.thumbprint == key.thumbprint && $0.kid == key.kid && $0.algorithms == key.algorithms
        }) {
            report(.note, .duplicateKey, key: label, "The key stands in the document twice.")
            return false
        }
        if let kid = key.kid, keys.contains(where: { $0.kid == kid && $0.type == key.type }) {
            report(
                .warning, .duplicateKid, key: label,
                "Another key of this type has the same kid; both are tried, in order.")
        }
        return true
    }
}

/// Public keys that verify what nobody signed (RFC 8032 §5.1.7, RFC 8037 §5).
enum Ed25519Point {
    /// Whether the encoding is not canonical (y ≥ 2^255 − 19) or the point is one of the eight of
    /// small order.
    static func isUnsafe(_ encoded: [UInt8]) -> Bool {
        guard encoded.count == 32 else { return true }
        var y = encoded
        y[31] &= 0x7F
        if y[31] == 0x7F, y[1..<31].allSatisfy({ $0 == 0xFF }), y[0] >= 0xED { return true }
        return smallOrder.contains(y)
    }

    /// The y coordinates of the points of order 1, 2, 4 and 8, little-endian.
    private static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]
}
