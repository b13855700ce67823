/// bcrypt (Provos and Mazières, 1999), as `htpasswd -B` writes it.
package struct Bcrypt: Equatable, Sendable {
    /// Binary logarithm of the number of rounds.
    package let cost: Int
    let salt: [UInt8]
    /// 23 bytes.
    let digest: [UInt8]

    /// Those of higher cost take seconds, on the one thread there is for it.
    package static let maxCost = 15

    /// `COST$`, 22 characters of salt, 31 of digest; nil for anything else.
    init?(_ text: Substring) {
        let characters = Array(text.utf8)
        guard characters.count == 56, characters[2] == UInt8(ascii: "$"),
            let cost = Int(text.prefix(2)), (4...31).contains(cost),
            let salt = Self.decode(characters[3..<25], count: 16),
            let digest = Self.decode(characters[25...], count: 23)
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    /// The digest of a password; each step of the cost doubles the time.
    func digest(_ password: [UInt8]) -> [UInt8] {
        // The NUL behind it counts; what is beyond 72 bytes never did.
        let key = Array((password + [0]).prefix(72))
        let zero = [UInt8](repeating: 0, count: 16)
        var cipher = Blowfish()
        cipher.expand(key: key, salt: salt)
        for _ in 0..<(1 << cost) {
            cipher.expand(key: key, salt: zero)
            cipher.expand(key: salt, salt: zero)
        }
        return Array(Self.encrypted(cipher).prefix(23))
    }

    private static func encrypted(_ cipher: Blowfish) -> [UInt8] {
        let text = Array("OrpheanBeholderScryDoubt".utf8)
        var output: [UInt8] = []
        for start in stride(from: 0, to: 24, by: 8) {
            var block = (word(text[start..<start + 4]), word(text[start + 4..<start + 8]))
            for _ in 0..<64 { block = cipher.encrypt(block) }
            for half in [block.0, block.1] {
                for shift in stride(from: UInt32(24), through: 0, by: -8) {
                    output.append(UInt8(truncatingIfNeeded: half >> shift))
                }
            }
        }
        return output
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    /// base64 with an alphabet of its own: `./A-Za-z0-9`, the most significant bits first, nothing behind.
    private static func decode(_ text: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
        var output: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return output.count == count ? output : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "."): 0
        case UInt8(ascii: "/"): 1
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65 + 2
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 97 + 28
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) - 48 + 54
        default: nil
        }
    }
}
