/// What stands for a text that may be longer. Two texts of one fingerprint nobody finds: they are keyed by chance, and
/// so mean something within one process alone.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    private let first: UInt64
    private let second: UInt64

    private static let hashes = (KeyedHash.random(), KeyedHash.random())

    package init(of text: String) {
        let bytes = Array(text.utf8)
        first = Self.hashes.0(bytes.span)
        second = Self.hashes.1(bytes.span)
    }

    package var description: String { String(first, radix: 16) + String(second, radix: 16) }
}
