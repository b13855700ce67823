/// RSA keys of the Infineon library of CVE-2017-15361, whose factors can be found.
///
/// Its primes are of the form k·M + (65537^a mod M) with M a product of small primes, so the modulus is
/// a power of 65537 modulo each of them: which a random modulus is with a chance below 2^-100
/// (Nemec et al., "The Return of Coppersmith's Attack", 2017, §3).
enum ROCA {
    static func isFingerprinted(_ modulus: [UInt8]) -> Bool {
        primes.allSatisfy { prime in
            let residue = modulus.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % prime }
            var power: UInt32 = 1
            repeat {
                if power == residue { return true }
                power = power * (65537 % prime) % prime
            } while power != 1
            return false
        }
    }

    private static let primes: [UInt32] = (3...167).filter { candidate in
        !(2..<candidate).contains { candidate % $0 == 0 }
    }
}
