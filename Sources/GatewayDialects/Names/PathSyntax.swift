import Bytes

/// Paths of matches as users write them.
///
/// A request is matched in its canonical form: unreserved escapes decoded, hexadecimal digits in upper
/// case, dot segments removed, nothing else changed. A pattern in another form would never match, and
/// its route's policies never run; so it is refused with the form to write.
package enum PathSyntax {
    package static func problem(of path: String) -> NameProblem? {
        guard path.hasPrefix("/") else {
            return NameProblem("has to begin with a slash", hint: "write `/\(path)`")
        }
        if let mark = path.first(where: { $0 == "?" || $0 == "#" }) {
            return NameProblem("holds a `\(mark)`, which is no part of a path", hint: "match the query by `query`")
        }
        if path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
            return NameProblem("has a dot segment, which no request has after normalisation")
        }
        return problem(ofEscapesIn: Array(path.utf8))
    }

    /// What is wrong with a prefix of whole segments, beside what is wrong with any path.
    package static func problem(ofPrefix path: String) -> NameProblem? {
        if path.count > 1, path.hasSuffix("//") {
            return NameProblem("ends in an empty segment, which a prefix cannot ask for")
        }
        return problem(of: path)
    }

    /// `/a/` and `/a` are the same prefix; `/` is the empty one.
    package static func withoutTrailingSlash(_ path: String) -> String {
        path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static func problem(ofEscapesIn bytes: [UInt8]) -> NameProblem? {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "%") else {
                guard isPathByte(byte) else { return NameProblem(unescaped(byte), hint: "write it as %\(hex(byte))") }
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = bytes[index + 1].hexDigitValue,
                let low = bytes[index + 2].hexDigitValue
            else {
                return NameProblem(
                    "has a % without two hexadecimal digits behind it", hint: "write %25 for a percent sign")
            }
            let value = high << 4 | low
            let digits = String(decoding: bytes[index + 1...index + 2], as: UTF8.self)
            if value.isURIUnreserved {
                return NameProblem(
                    "holds %\(digits), which requests have decoded", hint: "write \(Character(Unicode.Scalar(value)))")
            }
            if value < 0x20 || value == 0x7F || value == UInt8(ascii: "/") || value == UInt8(ascii: "\\") {
                return NameProblem("holds %\(digits); requests with it are refused before any route is looked at")
            }
            if digits != digits.uppercased() {
                return NameProblem(
                    "holds %\(digits), which requests have in upper case", hint: "write %\(digits.uppercased())")
            }
            index += 3
        }
        return nil
    }

    private static func unescaped(_ byte: UInt8) -> String {
        byte < 0x80 && byte > 0x20
            ? "holds a `\(Character(Unicode.Scalar(byte)))`, which a path has only escaped"
            : "holds a character that a path has only escaped"
    }

    /// RFC 3986 §3.3 `pchar` and the slash, escapes aside.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte.isURIUnreserved || "/!$&'()*+,;=:@".utf8.contains(byte)
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count == 1 ? "0" + text : text
    }
}
