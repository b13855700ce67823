internal import Bytes
internal import CEL

extension RequestFunctions {
    /// `uri.addQuery(name, value)`, `uri.setQuery(name, value)`: a URI, or a path with a query, with a parameter more;
    /// the second has no other of that name.
    static let queryChanges = [queryChange("addQuery", keepsOthers: true), queryChange("setQuery", keepsOthers: false)]

    private static func queryChange(_ function: String, keepsOthers: Bool) -> CELFunction {
        CELFunction(
            function, signatures("string.(string, string) -> string"),
            .ternary { uri, name, value, frame in
                guard case .string(let uri) = uri, case .string(let name) = name, case .string(let value) = value else {
                    return noSuchOverload
                }
                guard frame.spend(bytes: (uri.count + name.count + value.count) * 2) else { return exhausted }
                return uri.withSpan { uri in
                    var changed = keepsOthers ? uri.copied : without(name, uri)
                    changed.append(UInt8(ascii: changed.contains(UInt8(ascii: "?")) ? "&" : "?"))
                    unsafe appendEscaped(name.bytes.span, to: &changed)
                    changed.append(UInt8(ascii: "="))
                    unsafe appendEscaped(value.bytes.span, to: &changed)
                    return RequestActivation.text(changed)
                }
            })
    }

    private static func without(_ name: CELBuffer, _ uri: Span<UInt8>) -> [UInt8] {
        guard let mark = uri.firstIndex(of: UInt8(ascii: "?")) else { return uri.copied }
        var kept = uri.extracting(0..<mark).copied
        let query = uri.extracting((mark + 1)..<uri.count)
        var separator = UInt8(ascii: "?")
        QueryString.forEach(query) { pair, written, _ in
            if name.withSpan({ QueryString.isName(query.extracting(written), $0) }) { return true }
            kept.append(separator)
            kept += query.extracting(pair).copied
            separator = UInt8(ascii: "&")
            return true
        }
        return kept
    }

    /// RFC 3986 §2.1.
    private static func appendEscaped(_ text: Span<UInt8>, to output: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        for index in text.indices {
            let byte = text[index]
            if byte.isURIUnreserved {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }
}
