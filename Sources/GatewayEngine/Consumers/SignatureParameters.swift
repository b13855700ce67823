internal import Bytes
internal import GatewayModel

/// What `Authorization: Signature` says (draft-cavage-http-signatures-12 §2.1, the part that APISIX reads): offsets
/// into the header's value. All four parameters are there once.
struct SignatureParameters {
    private(set) var keyID = 0..<0
    private(set) var algorithm = 0..<0
    /// The names of what is signed, in that order.
    private(set) var fields: [Range<Int>] = []
    private(set) var signature = 0..<0

    /// More names than a request may have fields are refused: each is looked for in all of them.
    private static let maxFields = 64

    /// - Throws: `hmacScheme` for another scheme, `hmacMalformed` for what two readers might read differently.
    init(parsing value: Span<UInt8>) throws(RefusalCode) {
        let scheme = "signature".utf8.count
        guard value.count >= scheme, value.extracting(0..<scheme).equalsIgnoringASCIICase("signature"),
            value.count == scheme || value[scheme] == ASCII.space
        else { throw .hmacScheme }
        var list: Range<Int>?
        var index = scheme
        repeat {
            let (name, text) = try Self.parameter(value, &index)
            switch name {
            case .keyID: try Self.take(text, &keyID)
            case .algorithm: try Self.take(text, &algorithm)
            case .signature: try Self.take(text, &signature)
            case .fields:
                guard list == nil else { throw .hmacMalformed }
                list = text
            case .other: break
            }
        } while try Self.hasComma(value, &index)
        guard let list, !keyID.isEmpty, !algorithm.isEmpty, !signature.isEmpty else { throw .hmacMalformed }
        fields = try Self.names(value, list)
    }

    private enum Name {
        case keyID, algorithm, fields, signature, other
    }

    /// Keeps what was not there before.
    private static func take(_ text: Range<Int>, _ kept: inout Range<Int>) throws(RefusalCode) {
        guard kept.isEmpty, !text.isEmpty else { throw .hmacMalformed }
        kept = text
    }

    /// `name="text"`, blanks before it.
    private static func parameter(
        _ value: Span<UInt8>, _ index: inout Int
    ) throws(RefusalCode) -> (Name, Range<Int>) {
        skipBlanks(value, &index)
        let start = index
        while index < value.count, value[index].isTokenCharacter { index += 1 }
        let name = try named(value.extracting(start..<index))
        guard index + 1 < value.count, value[index] == UInt8(ascii: "="), value[index + 1] == UInt8(ascii: "\"") else {
            throw .hmacMalformed
        }
        index += 2
        let first = index
        while index < value.count, value[index] != UInt8(ascii: "\"") {
            // Readers differ in what it escapes.
            if value[index] == UInt8(ascii: "\\") { throw .hmacMalformed }
            index += 1
        }
        guard index < value.count else { throw .hmacMalformed }
        index += 1
        return (name, first..<index - 1)
    }

    private static func named(_ name: Span<UInt8>) throws(RefusalCode) -> Name {
        if name.equals("keyId".utf8.span) { return .keyID }
        if name.equals("algorithm".utf8.span) { return .algorithm }
        if name.equals("headers".utf8.span) { return .fields }
        if name.equals("signature".utf8.span) { return .signature }
        // They bound when a signature holds, which nobody would look at; and in other letters a name might be one to
        // another reader.
        for known in ["created", "expires", "keyid", "algorithm", "headers", "signature"]
        where name.equalsIgnoringASCIICase(Array(known.utf8).span) {
            throw .hmacMalformed
        }
        if name.isEmpty { throw .hmacMalformed }
        return .other
    }

    /// Whether another parameter follows; blanks may stand before the comma.
    private static func hasComma(_ value: Span<UInt8>, _ index: inout Int) throws(RefusalCode) -> Bool {
        skipBlanks(value, &index)
        if index == value.count { return false }
        guard value[index] == UInt8(ascii: ",") else { throw .hmacMalformed }
        index += 1
        return true
    }

    private static func skipBlanks(_ value: Span<UInt8>, _ index: inout Int) {
        while index < value.count, value[index] == ASCII.space || value[index] == UInt8(ascii: "\t") { index += 1 }
    }

    /// Names with one space between them, none of them twice.
    private static func names(_ value: Span<UInt8>, _ list: Range<Int>) throws(RefusalCode) -> [Range<Int>] {
        var names: [Range<Int>] = []
        var start = list.lowerBound
        for index in list.lowerBound...list.upperBound
        where index == list.upperBound || value[index] == ASCII.space {
            guard start < index, names.count < maxFields else { throw .hmacMalformed }
            let name = value.extracting(start..<index)
            for known in names where value.extracting(known).equalsIgnoringASCIICase(name) { throw .hmacMalformed }
            names.append(start..<index)
            start = index + 1
        }
        return names
    }
}
