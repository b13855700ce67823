/// A compiled `RequestMirror`.
package struct MirrorPlan: Sendable {
    /// Its index in the snapshot.
    package let upstream: Int
    /// Which part of the requests: more than 0, and 1 at most.
    package let share: Double
}
