/// What a server has shown lately, as one word: how much of each kind in a row, and whether it is out of service.
///
/// What speaks for it ends all rows of what speaks against it, and the other way round; kinds of failures are counted
/// each for itself.
package struct HealthTally: Equatable, Sendable {
    package enum Kind: UInt64, CaseIterable, Sendable {
        // Their bits.
        case success = 0
        case status = 8
        case connection = 16
        case timeout = 24
    }

    package private(set) var word: UInt64

    private static let out: UInt64 = 1 << 32
    private static let successes: UInt64 = 0xFF
    private static let failures: UInt64 = 0xFFFF_FF00

    package init(word: UInt64 = 0) {
        self.word = word
    }

    package var isOut: Bool { word & Self.out != 0 }

    package func count(_ kind: Kind) -> Int { Int(word >> kind.rawValue & 0xFF) }

    /// With one more of a kind.
    ///
    /// - Parameter limit: how many in a row change what the server is; 0: none do, and it is not looked at.
    package func counting(_ kind: Kind, limit: Int) -> HealthTally {
        let isSuccess = kind == .success
        // A row that has nothing to change is not counted: the word of a server that is well stays as it is.
        let others = isSuccess ? Self.failures : Self.successes
        guard limit > 0, isSuccess == isOut || word & others != 0 else { return self }
        guard isSuccess == isOut else { return HealthTally(word: word & ~others) }
        let count = min(count(kind) + 1, 0xFF)
        guard count < limit else { return HealthTally(word: isOut ? 0 : Self.out) }
        let kept = word & ~others & ~(0xFF << kind.rawValue)
        return HealthTally(word: kept | UInt64(count) << kind.rawValue)
    }
}
