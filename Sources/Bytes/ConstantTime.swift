/// Whether two secrets are equal, in time that depends only on their lengths.
///
/// Every byte is read and folded into one difference, so the position of the first
/// mismatch does not show in the time taken. Lengths are not secret.
package func constantTimeEquals(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<a.count {
        difference |= a[index] ^ b[index]
    }
    return difference == 0
}
