/// Which upstreams of a snapshot are not those of the one before it: an event loop that serves by that one looks at
/// these and at no other, however many there are.
package struct UpstreamRevision: Sendable {
    /// Of no other snapshot but those with the very same upstreams.
    package let id: UInt64
    private let before: UInt64?
    private var changed: Set<Int> = []

    /// Of a snapshot that has nothing of another one's.
    init() {
        id = .random(in: .min ... .max)
        before = nil
    }

    init(behind old: UpstreamRevision) {
        id = .random(in: .min ... .max)
        before = old.id
    }

    mutating func note(_ index: Int) { changed.insert(index) }

    /// Indices of upstreams, in their order, that are not what they were; nil where that is not known.
    ///
    /// - Parameter served: `id` of what was served before.
    package func changed(since served: UInt64?) -> [Int]? {
        if served == id { return [] }
        return before != nil && served == before ? changed.sorted() : nil
    }
}
