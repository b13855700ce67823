/// Blowfish with the key schedule of bcrypt (Provos and Mazières, 1999).
struct Blowfish {
    /// 18 subkeys, then four tables of 256 words.
    private var words = BlowfishTables.words

    private static let subkeyCount = 18

    /// Mixes `key` into the subkeys and replaces all words by what they encrypt `salt` to, block by block.
    ///
    /// - Parameters:
    ///   - key: not empty; repeated as often as it takes.
    ///   - salt: 16 bytes; all zero where there is none.
    mutating func expand(key: [UInt8], salt: [UInt8]) {
        var position = 0
        for index in 0..<Self.subkeyCount { words[index] ^= Self.nextWord(of: key, &position) }
        let halves = (0..<4).map { index -> UInt32 in
            var start = index * 4
            return Self.nextWord(of: salt, &start)
        }
        var block: (UInt32, UInt32) = (0, 0)
        var turn = 0
        for index in stride(from: 0, to: words.count, by: 2) {
            block.0 ^= halves[turn]
            block.1 ^= halves[turn + 1]
            turn = 2 - turn
            block = encrypt(block)
            words[index] = block.0
            words[index + 1] = block.1
        }
    }

    /// Encrypts one block: 16 rounds.
    func encrypt(_ block: (UInt32, UInt32)) -> (UInt32, UInt32) {
        unsafe words.span.withUnsafeBufferPointer { words in
            var (left, right) = block
            var round = 0
            while round < 16 {
                unsafe left ^= words[round]
                unsafe right ^= Self.mix(left, words)
                unsafe right ^= words[round &+ 1]
                unsafe left ^= Self.mix(right, words)
                round &+= 2
            }
            unsafe left ^= words[16]
            unsafe right ^= words[17]
            return (right, left)
        }
    }

    @inline(__always)
    private static func mix(_ half: UInt32, _ words: UnsafeBufferPointer<UInt32>) -> UInt32 {
        let a = unsafe words[18 &+ Int(half >> 24)]
        let b = unsafe words[274 &+ Int(half >> 16 & 0xFF)]
        let c = unsafe words[530 &+ Int(half >> 8 & 0xFF)]
        let d = unsafe words[786 &+ Int(half & 0xFF)]
        return ((a &+ b) ^ c) &+ d
    }

    /// Four bytes, the most significant first; begins anew behind the last.
    private static func nextWord(of bytes: [UInt8], _ position: inout Int) -> UInt32 {
        var word: UInt32 = 0
        for _ in 0..<4 {
            word = word << 8 | UInt32(bytes[position])
            position = (position + 1) % bytes.count
        }
        return word
    }
}
