/// A place in the order in which documents were first written.
package struct DocumentRank: Comparable, Sendable {
    package var revision: Int64
    /// Among what that revision wrote.
    package var place: Int

    package init(revision: Int64, place: Int) {
        self.revision = revision
        self.place = place
    }

    /// Behind all that are known.
    static let last = DocumentRank(revision: .max, place: .max)

    package static func < (a: DocumentRank, b: DocumentRank) -> Bool {
        (a.revision, a.place) < (b.revision, b.place)
    }
}
