/// Secrets that the gateway makes up itself.
package enum RandomSecret {
    /// 192 random bits as 48 hexadecimal digits.
    package static func text() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<48).map { _ in digits[Int.random(in: 0..<16)] }, as: UTF8.self)
    }
}
