internal import Bytes
internal import HTTPWire
internal import NIOCore

/// Payload in its framing, as NIO's buffers.
enum BodyWriter {
    /// A part of a buffer, sharing its storage.
    static func slice(_ buffer: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        // Safe: the decoder answers ranges of the readable bytes.
        buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    static func chunk(_ buffer: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        var chunk = ByteBuffer()
        chunk.reserveCapacity(range.count + HeadWriter.maxChunkHeadBytes + 2)
        writeChunkHead(range.count, into: &chunk)
        chunk.writeBytes(buffer.readableBytesUInt8Span.extracting(range).bytes)
        chunk.writeStaticString("\r\n")
        return chunk
    }

    static func writeChunkHead(_ count: Int, into buffer: inout ByteBuffer) {
        buffer.writeWithOutputRawSpan(minimumWritableBytes: HeadWriter.maxChunkHeadBytes) {
            HeadWriter.writeChunkHead(count, into: &$0)
        }
    }

    static func writeLastChunk(_ trailers: FieldTable, _ bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        buffer.writeWithOutputRawSpan(minimumWritableBytes: HeadWriter.boundOfLastChunk(trailers)) {
            HeadWriter.writeLastChunk(trailers, bytes, into: &$0)
        }
    }
}
