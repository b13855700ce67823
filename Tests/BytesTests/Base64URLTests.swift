import Bytes
import Testing

@Suite struct `Base64url` {
    private static func decode(_ text: String) throws(Base64URLError) -> [UInt8] {
        let bytes = Array(text.utf8)
        return try Base64URL.decode(bytes)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var text: String
        var error: Base64URLError
        var testDescription: String { text.isEmpty ? "empty" : text }

        init(_ text: String, _ error: Base64URLError) {
            self.text = text
            self.error = error
        }
    }

    static let refused: [Refused] = [
        Refused("A", .invalidLength),
        Refused("AAAAA", .invalidLength),
        Refused("YQ==", .invalidCharacter(offset: 2)),
        Refused("YWI=", .invalidCharacter(offset: 3)),
        Refused("YQ=", .invalidCharacter(offset: 2)),
        Refused("YR", .nonZeroTrailingBits),
        Refused("YWJ", .nonZeroTrailingBits),
        Refused("AAAAYR", .nonZeroTrailingBits),
        Refused("ab+c", .invalidCharacter(offset: 2)),
        Refused("ab/c", .invalidCharacter(offset: 2)),
        Refused("ab c", .invalidCharacter(offset: 2)),
        Refused("abc\n", .invalidCharacter(offset: 3)),
        Refused("abcd\n\n", .invalidCharacter(offset: 4)),
        Refused("\r\n\r\n", .invalidCharacter(offset: 0)),
        Refused("abcdef.h", .invalidCharacter(offset: 6)),
        Refused("é00", .invalidCharacter(offset: 0)),
        Refused("ab\0d", .invalidCharacter(offset: 2)),
    ]

    @Test(arguments: refused)
    func `refuses what is not canonical and says where`(_ entry: Refused) {
        #expect(throws: entry.error) { try Self.decode(entry.text) }
    }

    @Test func `refuses every byte outside its alphabet at every place`() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min...UInt8.max where !alphabet.contains(byte) {
            for count in [2, 3, 4, 6, 7, 8] {
                for place in 0..<count {
                    var text = [UInt8](repeating: UInt8(ascii: "A"), count: count)
                    text[place] = byte
                    #expect(throws: Base64URLError.invalidCharacter(offset: place)) {
                        try Base64URL.decode(text)
                    }
                }
            }
        }
    }

    @Test func `exactly one text decodes to any one or two bytes`() throws {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var seen = Set<[UInt8]>()
        for first in alphabet {
            for second in alphabet {
                let text = [first, second]
                if let bytes = try? Base64URL.decode(text) { #expect(seen.insert(bytes).inserted) }
            }
        }
        #expect(seen.count == 256)
        var count = 0
        for first in alphabet.prefix(4) {
            for second in alphabet {
                for third in alphabet {
                    let text = [first, second, third]
                    if let bytes = try? Base64URL.decode(text) {
                        count += 1
                        #expect(Base64URL.encode(bytes) == text)
                    }
                }
            }
        }
        #expect(count == 4 * 64 * 16)
    }

    @Test func `decodes what it encodes at every length`() throws {
        var generator = SplitMix(seed: 7)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            let text = Base64URL.encode(bytes)
            #expect(try Base64URL.decode(text) == bytes)
            #expect(Base64URL.decodedCount(text.count) == count)
            #expect(!text.contains(UInt8(ascii: "=")))
        }
    }

    @Test func `appends behind what is there`() throws {
        var bytes: [UInt8] = [1, 2]
        let text = Array("AwQ".utf8)
        try Base64URL.decode(text.span, appendingTo: &bytes)
        #expect(bytes == [1, 2, 3, 4])
    }

    @Test func `the RFC 4648 vectors`() throws {
        let vectors = [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"), ("\u{3FF}\u{3FF}", "z7_Pvw"),
        ]
        for (plain, encoded) in vectors {
            let bytes = Array(plain.utf8)
            #expect(Base64URL.encode(bytes) == Array(encoded.utf8))
            #expect(try Self.decode(encoded) == bytes)
        }
    }
}

/// A reproducible source of random numbers.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
