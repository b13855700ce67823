internal import Bytes

/// What a match is replaced by.
package struct RegexTemplate: Sendable {
    package enum Part: Sendable {
        case text([UInt8])
        /// 0 is the match; one that took no part, or does not exist, stands for nothing.
        case group(Int)
    }

    private let parts: [Part]

    package init(_ parts: [Part]) {
        self.parts = parts
    }

    func append(_ match: [Int], of text: Span<UInt8>, to output: inout [UInt8]) {
        for part in parts {
            switch part {
            case .text(let bytes): output += bytes
            case .group(let index) where index * 2 < match.count && match[index * 2] >= 0:
                output += text.extracting(match[index * 2]..<match[index * 2 + 1]).copied
            case .group: break
            }
        }
    }

    /// `\1` and `\\`, or `$1`, `$name`, `${name}` and `$$`.
    init(_ template: CELBuffer, for regex: LinearRegex, usesDollar: Bool) throws(CELEvaluationError) {
        let mark = usesDollar ? UInt8(ascii: "$") : UInt8(ascii: "\\")
        var parts: [Part] = []
        var rest = unsafe Array(template.bytes)[...]
        while let place = rest.firstIndex(of: mark) {
            parts.append(.text(Array(rest[..<place])))
            rest = rest[(place + 1)...]
            if rest.first == mark {
                parts.append(.text([mark]))
                rest.removeFirst()
            } else if usesDollar {
                parts.append(Self.dollar(&rest, regex))
            } else {
                guard let digit = rest.popFirst(), digit &- 0x30 < 10, Int(digit - 0x30) <= regex.captureCount else {
                    throw CELEvaluationError(.invalidArgument, "the replacement names no group of the pattern")
                }
                parts.append(.group(Int(digit - 0x30)))
            }
        }
        self.parts = parts + [.text(Array(rest))]
    }

    /// A reference to a group; one that does not exist stands for nothing, and `$` before anything else for itself.
    private static func dollar(_ rest: inout ArraySlice<UInt8>, _ regex: LinearRegex) -> Part {
        let isBraced = rest.first == UInt8(ascii: "{")
        let body = isBraced ? rest.dropFirst() : rest
        let name = body.prefix { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || $0 == 0x5F }
        guard !name.isEmpty, !isBraced || body[name.endIndex...].first == UInt8(ascii: "}") else {
            return .text([UInt8(ascii: "$")])
        }
        rest = body[name.endIndex...].dropFirst(isBraced ? 1 : 0)
        let text = String(decoding: name, as: UTF8.self)
        guard let index = Int(text) ?? regex.captureIndex(named: text), index <= regex.captureCount else {
            return .text([])
        }
        return .group(index)
    }
}
