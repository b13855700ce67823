internal import Crypto

/// The MD5 of Apache: a thousand rounds with a salt, as `htpasswd -m` writes it. Fast to guess by today's measure.
struct MD5Crypt: Equatable, Sendable {
    let salt: [UInt8]
    /// 22 characters.
    let digest: [UInt8]

    /// `SALT$DIGEST`; nil for anything else.
    init?(_ text: Substring) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...8).contains(parts[0].utf8.count), parts[1].utf8.count == 22 else { return nil }
        salt = Array(parts[0].utf8)
        digest = Array(parts[1].utf8)
    }

    func digest(_ password: [UInt8]) -> [UInt8] {
        let inner = Self.md5(password + salt + password)
        var input = password + Array("$apr1$".utf8) + salt
        var left = password.count
        while left > 0 {
            input += inner.prefix(left)
            left -= 16
        }
        var bits = password.count
        while bits > 0 {
            input.append(bits & 1 == 1 ? 0 : password[0])
            bits >>= 1
        }
        var state = Self.md5(input)
        for round in 0..<1000 {
            var input = round & 1 == 1 ? password : state
            if round % 3 != 0 { input += salt }
            if round % 7 != 0 { input += password }
            input += round & 1 == 1 ? state : password
            state = Self.md5(input)
        }
        return Self.encoded(state)
    }

    private static func md5(_ bytes: [UInt8]) -> [UInt8] { Array(Insecure.MD5.hash(data: bytes)) }

    /// The bytes in an order of its own, six bits a character, the least significant first.
    private static func encoded(_ state: [UInt8]) -> [UInt8] {
        let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        let groups = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]]
        var output: [UInt8] = []
        for group in groups {
            var bits = group.reduce(0) { $0 << 8 | Int(state[$1]) }
            for _ in 0..<(group.count == 1 ? 2 : 4) {
                output.append(alphabet[bits & 63])
                bits >>= 6
            }
        }
        return output
    }
}
