internal import Bytes

/// Targets that were put together of a configuration and a request: neither canonical nor to be trusted.
package enum ComputedTarget {
    /// Appends path and query of a text, each in the form that is forwarded. What cannot stand in a URL is
    /// percent-encoded, a percent sign that begins no escape too.
    ///
    /// Throws `ambiguousTarget` where the path has dot segments, which let a request leave the place it was put in, or
    /// escapes that mean different things to two readers.
    ///
    /// - Parameters:
    ///   - path: begins with one slash.
    ///   - query: without its question mark; nothing where the text has none.
    package static func read(
        _ text: Span<UInt8>, path: inout [UInt8], query: inout [UInt8]
    ) throws(WireError) {
        let mark = text.firstIndex(of: UInt8(ascii: "?")) ?? text.count
        var written: [UInt8] = [UInt8(ascii: "/")]
        encode(text.extracting(leadingSlashes(of: text, before: mark)..<mark), to: &written) {
            PathNormalizer.isAllowed($0)
        }
        guard !hasDotSegment(written) else { throw .ambiguousTarget }
        try PathNormalizer.normalize(written.span, into: &path)
        if mark < text.count {
            encode(text.extracting(mark + 1..<text.count), to: &query) { PathNormalizer.isAllowedInQuery($0) }
        }
    }

    /// The value of `Location`: of several slashes at its beginning one stays, since a second would begin a host.
    package static func location(_ text: Span<UInt8>) -> [UInt8] {
        let slashes = leadingSlashes(of: text, before: text.count)
        var output: [UInt8] = slashes > 0 ? [UInt8(ascii: "/")] : []
        encode(text.extracting(slashes..<text.count), to: &output) {
            PathNormalizer.isAllowed($0) || $0 == UInt8(ascii: "#")
        }
        return output
    }

    /// Of what some take for slashes.
    private static func leadingSlashes(of text: Span<UInt8>, before end: Int) -> Int {
        var index = 0
        while index < end, text[index] == UInt8(ascii: "/") || (index > 0 && text[index] == UInt8(ascii: "\\")) {
            index += 1
        }
        return index
    }

    private static func encode(_ text: Span<UInt8>, to output: inout [UInt8], unless isAllowed: (UInt8) -> Bool) {
        let digits = Array("0123456789ABCDEF".utf8)
        for index in 0..<text.count {
            let byte = text[index]
            let isEscape =
                index + 2 < text.count && text[index + 1].hexDigitValue != nil && text[index + 2].hexDigitValue != nil
            if isAllowed(byte), byte != UInt8(ascii: "%") || isEscape {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func hasDotSegment(_ path: [UInt8]) -> Bool {
        path.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
    }
}
