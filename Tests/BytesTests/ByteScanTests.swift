import Bytes
import Testing

@Suite struct `A scan over bytes` {
    /// Long enough for whole blocks before and behind the byte that ends the scan, and for a rest.
    private static let lengths = [0, 1, 15, 16, 17, 31, 32, 33, 47, 50]

    @Test func `a field value ends at the first byte that may not stand in it, wherever that is`() {
        for byte in UInt8.min...UInt8.max {
            for length in Self.lengths {
                for position in 0..<length {
                    var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    bytes[position] = byte
                    let end = byte.isFieldValueByte ? length : position
                    #expect(bytes.span.endOfFieldValue(from: 0) == end, "byte \(byte) at \(position) of \(length)")
                }
            }
        }
    }

    @Test func `a tab does not end a field value, and what comes behind it does`() {
        for position in 0..<40 {
            for end in position + 1..<41 {
                var bytes = [UInt8](repeating: 0xFF, count: 41)
                bytes[position] = ASCII.tab
                bytes[end] = 0
                #expect(bytes.span.endOfFieldValue(from: 0) == end)
            }
        }
    }

    @Test func `letters, digits and hyphens end at any other byte, wherever that is`() {
        for byte in UInt8.min...UInt8.max {
            for length in Self.lengths {
                for position in 0..<length {
                    var bytes = [UInt8](repeating: UInt8(ascii: "Z"), count: length)
                    bytes[position] = byte
                    let belongs = byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "-")
                    #expect(
                        bytes.span.endOfLettersDigitsAndHyphens(from: 0) == (belongs ? length : position),
                        "byte \(byte) at \(position) of \(length)")
                }
            }
        }
    }

    @Test func `a scan begins where it is told to`() {
        let bytes = Array("\0\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:".utf8)
        for start in 2..<bytes.count {
            #expect(bytes.span.endOfLettersDigitsAndHyphens(from: start) == bytes.count - 1)
            #expect(bytes.span.endOfFieldValue(from: start) == bytes.count)
        }
        #expect(bytes.span.endOfFieldValue(from: 0) == 0)
        #expect(bytes.span.endOfFieldValue(from: bytes.count) == bytes.count)
    }
}
