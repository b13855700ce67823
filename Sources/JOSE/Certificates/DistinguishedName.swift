internal import Bytes

/// A Name (RFC 5280 §4.1.2.4) as text.
struct DistinguishedName {
    private(set) var text = ""
    private(set) var commonName: Result<String?, CertificateNames.Fault> = .success(nil)

    private static let maxAttributes = 64
    private static let maxIdentifierBytes = 32

    /// - Parameter reader: of the sequence's content, whole.
    static func reading(_ reader: inout DERReader) -> Result<DistinguishedName, CertificateNames.Fault> {
        var name = DistinguishedName()
        do throws(CertificateNames.Fault) {
            var count = 0
            while !reader.isAtEnd {
                guard var relative = reader.enter(0x31), !relative.isAtEnd else { throw .malformed }
                var separator = name.text.isEmpty ? "" : ", "
                while !relative.isAtEnd {
                    count += 1
                    guard count <= maxAttributes else { throw .tooLarge }
                    try name.append(&relative, separator)
                    separator = " + "
                }
            }
        } catch {
            return .failure(error)
        }
        return .success(name)
    }

    private mutating func append(_ relative: inout DERReader, _ separator: String) throws(CertificateNames.Fault) {
        guard var attribute = relative.enter(0x30), let identifier = attribute.content(0x06),
            (1...Self.maxIdentifierBytes).contains(identifier.count), let value = Self.value(&attribute),
            attribute.isAtEnd
        else { throw .malformed }
        let kind = Self.abbreviations.first { $0.identifier == identifier }?.name
        text += "\(separator)\(kind ?? ObjectIdentifier.numbers(of: identifier))=\(Self.escaped(value))"
        guard identifier == ObjectIdentifier.commonName else { return }
        if case .success(nil) = commonName { commonName = .success(value) } else { commonName = .failure(.ambiguous) }
    }

    /// The text of an attribute; nil where it is none. Character sets that readers take for different ones (T.61), and
    /// those nobody uses any more, are not read.
    private static func value(_ attribute: inout DERReader) -> String? {
        let isUTF8 = attribute.nextTag == 0x0C
        // UTF8String; NumericString, PrintableString, IA5String, VisibleString.
        guard let tag = attribute.nextTag, [0x0C, 0x12, 0x13, 0x16, 0x1A].contains(tag),
            let bytes = attribute.content(tag), !bytes.isEmpty, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        guard isUTF8 ? UTF8Validation.isValid(bytes.span) : bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        return bytes.span.text
    }

    /// RFC 4514 §2.4.
    private static func escaped(_ value: String) -> String {
        var text = ""
        let last = value.unicodeScalars.count - 1
        for (place, scalar) in value.unicodeScalars.enumerated() {
            let isBlankAtEdge = scalar == " " && (place == 0 || place == last)
            if isBlankAtEdge || ",+\"\\<>;=".unicodeScalars.contains(scalar) || (place == 0 && scalar == "#") {
                text += "\\"
            }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    private static let abbreviations: [(identifier: [UInt8], name: String)] = [
        (ObjectIdentifier.commonName, "CN"),
        ([0x55, 0x04, 0x06], "C"), ([0x55, 0x04, 0x07], "L"), ([0x55, 0x04, 0x08], "ST"),
        ([0x55, 0x04, 0x0A], "O"), ([0x55, 0x04, 0x0B], "OU"), ([0x55, 0x04, 0x05], "serialNumber"),
        ([0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19], "DC"),
        ([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01], "Email"),
    ]
}
