/// What an HTTP/1.1 message dies of. A closed set without text: the connection is closed after it.
package enum WireError: Error, Equatable, Sendable, CaseIterable {
    /// The request line is not `method SP target SP HTTP/1.x CRLF`.
    case malformedRequestLine
    case malformedStatusLine
    /// A field line breaks RFC 9112 §5: bad name, blank before the colon, folding, a bare CR or LF.
    case malformedField
    case malformedConnectionField
    case headTooLarge
    case targetTooLong
    case versionNotSupported
    case methodNotSupported
    /// Content-Length beside Transfer-Encoding, or several of either.
    case conflictingFraming
    case invalidContentLength
    case unsupportedTransferCoding
    case hostInvalid
    /// The target reads differently to different readers.
    case ambiguousTarget
    case expectationFailed
    case malformedChunk
    case malformedTrailer
    case trailerTooLarge
}

/// Bounds of a message head.
package struct HeadLimits: Sendable, Equatable {
    /// Request or status line, field lines and the empty line.
    package var maxHeadBytes: Int
    package var maxTargetBytes: Int
    package var maxFields: Int
    /// All of a trailer section.
    package var maxTrailerBytes: Int

    package init(maxHeadBytes: Int, maxTargetBytes: Int, maxFields: Int, maxTrailerBytes: Int) {
        self.maxHeadBytes = maxHeadBytes
        self.maxTargetBytes = maxTargetBytes
        self.maxFields = maxFields
        self.maxTrailerBytes = maxTrailerBytes
    }

    /// 64 KiB of head, 16 KiB of target, 128 fields, 8 KiB of trailers.
    package static let standard = HeadLimits(
        maxHeadBytes: 64 << 10, maxTargetBytes: 16 << 10, maxFields: 128, maxTrailerBytes: 8 << 10)
}
