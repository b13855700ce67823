internal import Bytes

/// The first message of a client (RFC 8446 §4.1.2), as far as it decides how it is met.
enum ClientHello {
    /// More than a record may hold (RFC 8446 §5.1) is not waited for.
    static let maxBytes = recordHeadBytes + 1 << 14

    private static let recordHeadBytes = 5
    /// The record's head, the message's (4), a version (2) and a random number (32).
    private static let sessionIDPosition = recordHeadBytes + 38

    /// The suites it offers, in its order.
    ///
    /// - Parameter bytes: the first record, and perhaps more.
    /// - Returns: empty where the record does not hold that much of such a message: whoever reads all of it says so.
    static func cipherSuites(_ bytes: Span<UInt8>) -> [UInt16] {
        guard bytes.count > sessionIDPosition, bytes[0] == 22, bytes[recordHeadBytes] == 1 else { return [] }
        let position = sessionIDPosition + 1 + Int(bytes[sessionIDPosition])
        guard position + 2 <= bytes.count else { return [] }
        let length = Int(number(bytes, at: position))
        guard length % 2 == 0, position + 2 + length <= bytes.count else { return [] }
        return stride(from: position + 2, to: position + 2 + length, by: 2).map { number(bytes, at: $0) }
    }

    private static func number(_ bytes: Span<UInt8>, at index: Int) -> UInt16 {
        UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }
}
