internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that gives a request a name. It comes first of all, so that every refusal has it.
final class RequestIDStage: Sendable {
    let name: [UInt8]
    private let trust: RequestIDPolicy.Trust
    let tellsClient: Bool
    private let names: FieldNames
    let tellsBackend: Bool
    /// What names are made of, and how long they are; empty for UUIDs.
    private let alphabet: [UInt8]
    private let length: Int
    private let others: [RequestIDStage]

    init(_ policy: RequestIDPolicy) {
        name = Array(policy.header.utf8)
        names = FieldNames([name])
        trust = policy.trust
        tellsBackend = policy.tellsBackend
        tellsClient = policy.tellsClient
        others = policy.others.map(RequestIDStage.init)
        switch policy.form {
        case .uuid: (alphabet, length) = ([], 0)
        case .characters(let characters, let count): (alphabet, length) = (Array(characters.utf8), count)
        }
    }

    /// Names that a client may not send in trailers either; nil: none.
    var guardedNames: FieldNames? {
        others.reduce(tellsBackend ? names : nil) { .union($0, $1.guardedNames) }
    }

    /// A request that has a name keeps it.
    func run(_ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ connection: ConnectionContext) {
        for other in others { other.tell(other.name(bytes, &scratch, connection), bytes, &scratch) }
        if scratch.requestID.isEmpty { scratch.plan(requestID: name(bytes, &scratch, connection)) }
        tell(scratch.requestID, bytes, &scratch)
    }

    private func tell(_ value: [UInt8], _ bytes: Span<UInt8>, _ scratch: inout RequestScratch) {
        guard tellsBackend || tellsClient else { return }
        let edit = FieldEdit(setting: [(name: name, value: value)])
        if tellsBackend { scratch.editRequest(edit, bytes) }
        if tellsClient { scratch.editResponse(edit) }
    }

    /// The one that was received, or a new one.
    private func name(
        _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ connection: ConnectionContext
    ) -> [UInt8] {
        if isTrusted(connection), let received = value(bytes, scratch) { return received }
        return alphabet.isEmpty ? scratch.requestIDs.next() : scratch.requestIDs.next(of: alphabet, count: length)
    }

    private func isTrusted(_ connection: ConnectionContext) -> Bool {
        switch trust {
        case .never: false
        case .trustedProxies: connection.isTrustedProxy
        case .anyone: true
        }
    }

    /// What was sent as a name, if it is one: it will stand in logs, headers and bodies.
    private func value(_ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch) -> [UInt8]? {
        let lines = scratch.table.lines.filter { !$0.isDropped && names.contains(bytes.extracting($0.name)) }
        guard lines.count == 1, !lines[0].value.isEmpty, lines[0].value.count <= Self.maxBytes else { return nil }
        let value = bytes.extracting(lines[0].value).copied
        return value.allSatisfy(Self.isPlain) ? value : nil
    }

    /// Of a name that was received.
    private static let maxBytes = 128

    /// Letters, digits and what IDs are commonly written with; nothing that any notation gives a meaning.
    private static func isPlain(_ byte: UInt8) -> Bool {
        if byte.isASCIILetter || byte.isASCIIDigit { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"),
            UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }
}

/// Makes names for requests, one after the other, of a random beginning: 122 bits, so that no two loops and no two
/// gateways come by the same. They can be guessed from one another.
struct RequestIDSource: Sendable {
    private var high = UInt64.random(in: .min ... .max)
    private var low = UInt64.random(in: .min ... .max)

    mutating func next() -> [UInt8] {
        // Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014.
        high &+= 0x9E37_79B9_7F4A_7C15
        low &+= 0x9E37_79B9_7F4A_7C15
        return UUIDText.version4(Self.mixed(high), Self.mixed(low))
    }

    /// - Parameter alphabet: not empty.
    mutating func next(of alphabet: [UInt8], count: Int) -> [UInt8] {
        (0..<count).map { _ in
            low &+= 0x9E37_79B9_7F4A_7C15
            return alphabet[Int(Self.mixed(low) % UInt64(alphabet.count))]
        }
    }

    private static func mixed(_ state: UInt64) -> UInt64 {
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// A UUID as text (RFC 9562 §4).
package enum UUIDText {
    /// Of that many bits, six of which say the version.
    package static func version4(_ high: UInt64, _ low: UInt64) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let words = [high & ~0xF000 | 0x4000, low & ~(0b11 << 62) | 0b10 << 62]
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if [8, 12, 16, 20].contains(nibble) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(words[nibble / 16] >> UInt64(60 - nibble % 16 * 4) & 15)])
        }
        return text
    }
}
