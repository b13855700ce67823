internal import NIOCore
internal import NIOHPACK

/// Tells which blocks of fields fit one frame. The library writes no CONTINUATION: what is larger it drops when its
/// compression has already counted it, so that the other side would misread every block that follows.
struct HeaderBlockMeasure {
    /// Payload of the largest frame that the other side takes (`SETTINGS_MAX_FRAME_SIZE`), in bytes.
    var maxBytes = 1 << 14
    /// Without a table of its own it never writes less than the connection's does.
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), maxDynamicTableSize: 0)

    /// - Parameter byteCount: of the fields' lines in the form of HTTP/1.1, or more.
    mutating func fits(_ headers: HPACKHeaders, lines byteCount: Int) -> Bool {
        if byteCount * Self.maxGrowth <= maxBytes - Self.updateBytes { return true }
        var block = ByteBuffer()
        do {
            try encoder.encode(headers: headers, to: &block)
        } catch {
            return false
        }
        return block.readableBytes <= maxBytes - Self.updateBytes
    }

    /// The longest code of a byte has 30 bits (RFC 7541, Appendix B); what a line has beside its name and value is
    /// more than what stands before them in a block.
    private static let maxGrowth = 4
    /// What may stand before the fields: two new sizes of the table.
    private static let updateBytes = 16
}
