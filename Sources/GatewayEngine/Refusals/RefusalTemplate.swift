internal import Bytes

/// A body for refusals with placeholders, taken apart when the configuration was compiled.
///
/// A value is escaped for the media type, so that none of them can end what it stands in: the request's ID may have
/// been a client's word.
struct RefusalTemplate: Sendable {
    /// What a body may say of a refusal.
    enum Placeholder: String, CaseIterable, Sendable {
        /// The refusal's code: `token_expired`.
        case code
        /// The status, in digits.
        case status
        /// The status in words: `Unauthorized`.
        case reason
        /// The fixed text of the code.
        case message
        /// The realm of the challenge.
        case realm
        /// The request's ID; empty where requests have none.
        case requestId
    }

    /// What a value has to be made safe for.
    enum Escaping: Sendable {
        case json, markup, plain
    }

    private enum Piece: Sendable {
        case text([UInt8])
        case value(Placeholder)
    }

    /// Why a text is no template.
    enum Failure: Error {
        case tooLong
        /// `{{` without `}}`, on that line of the text.
        case unended(line: Int)
        case unknown(name: String)
        /// It is to be JSON and is none, whatever the values are.
        case notJSON
    }

    /// The value of `Content-Type`.
    let contentType: [UInt8]
    private let escaping: Escaping
    private let pieces: [Piece]

    /// In bytes.
    static let maxBytes = 16 << 10

    init(_ text: String, contentType: String, escaping: Escaping) throws(Failure) {
        guard text.utf8.count <= Self.maxBytes else { throw .tooLong }
        self.contentType = Array(contentType.utf8)
        self.escaping = escaping
        pieces = try Self.pieces(of: text)
        // A placeholder outside of a string, where it may only be the number, shows here.
        guard escaping == .json else { return }
        let sample = rendered { $0 == .status ? "400" : "x" }
        guard (try? JSONDocument(parsing: sample, limits: .document)) != nil else { throw .notJSON }
    }

    private static func pieces(of text: String) throws(Failure) -> [Piece] {
        var pieces: [Piece] = []
        let bytes = Array(text.utf8)
        var start = 0
        while let open = bytes.span.firstPair(UInt8(ascii: "{"), from: start) {
            if open > start { pieces.append(.text(Array(bytes[start..<open]))) }
            guard let close = bytes.span.firstPair(UInt8(ascii: "}"), from: open + 2) else {
                throw .unended(line: 1 + bytes[..<open].count { $0 == ASCII.lineFeed })
            }
            let written = String(decoding: bytes[(open + 2)..<close], as: UTF8.self)
            let name = written.withoutOuterSpaces
            guard let placeholder = Placeholder(rawValue: name) else { throw .unknown(name: name) }
            pieces.append(.value(placeholder))
            start = close + 2
        }
        if start < bytes.count { pieces.append(.text(Array(bytes[start...]))) }
        return pieces
    }

    /// The body with these values.
    func rendered(_ value: (Placeholder) -> String) -> [UInt8] {
        var output: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .text(let text): output += text
            case .value(let placeholder): escaping.write(value(placeholder), to: &output)
            }
        }
        return output
    }
}

extension RefusalTemplate.Escaping {
    /// Of the media types whose escaping is known; nil for any other.
    init?(contentType: String) {
        let essence = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch essence {
        case "text/plain": self = .plain
        case "application/json": self = .json
        case "text/html", "text/xml", "application/xml": self = .markup
        case _ where essence.hasPrefix("application/") && essence.hasSuffix("+json"): self = .json
        case _ where essence.hasPrefix("application/") && essence.hasSuffix("+xml"): self = .markup
        default: return nil
        }
    }

    fileprivate func write(_ value: String, to output: inout [UInt8]) {
        switch self {
        case .json:
            var quoted: [UInt8] = []
            JSONString.write(value, to: &quoted)
            output += quoted.dropFirst().dropLast()
        case .markup:
            for byte in value.utf8 {
                switch byte {
                case UInt8(ascii: "&"): output.append("&amp;")
                case UInt8(ascii: "<"): output.append("&lt;")
                case UInt8(ascii: ">"): output.append("&gt;")
                case UInt8(ascii: "\""): output.append("&quot;")
                case UInt8(ascii: "'"): output.append("&#39;")
                default: output.append(Self.printable(byte))
                }
            }
        case .plain: for byte in value.utf8 { output.append(Self.printable(byte)) }
        }
    }

    /// A line end could begin another line of a text that is read by lines.
    private static func printable(_ byte: UInt8) -> UInt8 { byte < 0x20 || byte == 0x7F ? ASCII.space : byte }
}

extension Span<UInt8> {
    /// Where a byte stands twice in a row.
    fileprivate func firstPair(_ byte: UInt8, from start: Int) -> Int? {
        var position = start
        while let found = firstIndex(of: byte, from: position) {
            if found + 1 < count, self[found + 1] == byte { return found }
            position = found + 1
        }
        return nil
    }
}
