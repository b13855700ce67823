internal import Bytes

/// The rewriting half of the canonical target.
enum PathNormalizer {
    /// Visible ASCII without backslash and `#`.
    @inline(__always)
    static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "#")
    }

    /// As in a path, but a backslash is data there.
    @inline(__always)
    static func isAllowedInQuery(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    /// Appends the canonical form of a path that begins with `/` to the empty `output`.
    static func normalize(_ path: Span<UInt8>, into output: inout [UInt8]) throws(WireError) {
        var position = 0
        while position < path.count {
            var end = position + 1
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            try appendSegment(path.extracting(position + 1..<end), isLast: end == path.count, to: &output)
            position = end
        }
        if output.isEmpty { output.append(UInt8(ascii: "/")) }
        try checkUTF8(output.span)
    }

    /// Appends `/` and the segment, or does what a dot segment says (RFC 3986 §5.2.4).
    private static func appendSegment(
        _ segment: Span<UInt8>, isLast: Bool, to output: inout [UInt8]
    ) throws(WireError) {
        if segment.equals(".") {
            if isLast { output.append(UInt8(ascii: "/")) }
            return
        }
        if segment.equals("..") {
            while let byte = output.popLast(), byte != UInt8(ascii: "/") {}
            if isLast { output.append(UInt8(ascii: "/")) }
            return
        }
        output.append(UInt8(ascii: "/"))
        let start = output.count
        try appendDecoded(segment, to: &output)
        let written = output.span.extracting(start..<output.count)
        // A dot segment that appears only once escapes are decoded.
        if written.equals(".") || written.equals("..") { throw .ambiguousTarget }
    }

    private static func appendDecoded(_ segment: Span<UInt8>, to output: inout [UInt8]) throws(WireError) {
        var index = 0
        while index < segment.count {
            guard segment[index] == UInt8(ascii: "%") else {
                output.append(segment[index])
                index += 1
                continue
            }
            guard index + 2 < segment.count, let high = segment[index + 1].hexDigitValue,
                let low = segment[index + 2].hexDigitValue
            else { throw .ambiguousTarget }
            let byte = high << 4 | low
            if byte.isURIUnreserved {
                output.append(byte)
            } else {
                guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "\\") else {
                    throw .ambiguousTarget
                }
                output.append(UInt8(ascii: "%"))
                output.append(upperHex(high))
                output.append(upperHex(low))
            }
            index += 3
        }
    }

    /// Whether runs of escaped bytes above 0x7F are well-formed UTF-8.
    private static func checkUTF8(_ path: Span<UInt8>) throws(WireError) {
        var run: [UInt8] = []
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "%"), let high = path[index + 1].hexDigitValue, high >= 8,
                let low = path[index + 2].hexDigitValue
            {
                run.append(high << 4 | low)
                index += 3
                continue
            }
            if !run.isEmpty {
                guard UTF8Validation.isValid(run.span) else { throw .ambiguousTarget }
                run.removeAll(keepingCapacity: true)
            }
            index += path[index] == UInt8(ascii: "%") ? 3 : 1
        }
        guard UTF8Validation.isValid(run.span) else { throw .ambiguousTarget }
    }

    private static func upperHex(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x41 + value - 10
    }
}
