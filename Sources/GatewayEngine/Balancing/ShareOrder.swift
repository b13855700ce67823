/// An order in which shares of a whole are served: in as many turns as there are points each point comes once, and
/// neighbouring turns are far apart, so that no share is served in one block.
struct ShareOrder: Sendable {
    let total: Int
    private let step: Int

    /// - Parameter total: how many points there are; more than 0.
    init(total: Int) {
        self.total = total
        // As many points as fit the golden ratio, and prime to the whole.
        var step = max(1, Int(Double(total) * 0.618_033_988_749_895))
        while step > 1, Self.greatestCommonDivisor(step, total) > 1 { step -= 1 }
        self.step = step
    }

    /// From 0 to below the total.
    func point(_ turn: UInt64) -> Int {
        let product = Int(truncatingIfNeeded: turn % UInt64(total)).multipliedFullWidth(by: step)
        return total.dividingFullWidth(product).remainder
    }

    private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
