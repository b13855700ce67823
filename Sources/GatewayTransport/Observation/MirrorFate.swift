/// What became of the copy of a request.
package enum MirrorFate: String, CaseIterable, Sendable {
    /// Its answer came, as much of it as anybody waits for.
    case answered
    /// Its backend could not be reached, broke off, or spoke no HTTP.
    case failed
    /// No answer came in time.
    case late
    /// The request has more of a body than is copied.
    case bodyTooLarge = "body_too_large"
    /// Too many others were under way.
    case busy
    /// The request was never whole, or the gateway stopped.
    case unfinished
}
