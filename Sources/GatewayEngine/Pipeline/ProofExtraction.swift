internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// Finds a consumer's proof where several places are tried in turn: the first that is there is taken, whatever it
/// holds and whatever stands in the others.
///
/// What the gateway verified is what a service reads first, too, as long as both look in the same order. Dialects that
/// promise that order use this; `TokenExtraction` refuses a second token.
enum ProofExtraction {
    /// Of a proof that is there and empty the range is, too.
    static func find(
        _ locations: [CompiledTokenLocation], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(TokenExtraction.Failure) -> FoundToken? {
        for location in locations {
            let found: FoundToken? =
                switch location {
                case .authorizationHeader(let prefix): header("authorization".utf8.span, prefix, scratch, bytes)
                case .header(let name, let prefix): header(name.span, prefix, scratch, bytes)
                case .queryParameter, .cookie, .expression:
                    try TokenExtraction.find(at: location, &scratch, bytes)
                }
            if let found { return found }
        }
        return nil
    }

    /// The first line of that name. The prefix is cut where it is there, in lower case or as it is written.
    private static func header(
        _ name: Span<UInt8>, _ prefix: [UInt8], _ scratch: borrowing RequestScratch, _ bytes: Span<UInt8>
    ) -> FoundToken? {
        for (index, line) in scratch.table.lines.enumerated()
        where bytes.extracting(line.name).equalsIgnoringASCIICase(name) {
            let value = bytes.extracting(line.value)
            let isCut =
                value.count >= prefix.count
                && isPrefix(prefix, value.extracting(0..<prefix.count))
            return FoundToken(
                place: .header(line: index),
                range: line.value.lowerBound + (isCut ? prefix.count : 0)..<line.value.upperBound)
        }
        return nil
    }

    private static func isPrefix(_ prefix: [UInt8], _ value: Span<UInt8>) -> Bool {
        if value.equals(prefix.span) { return true }
        let lowercased = prefix.map(\.asciiLowercased)
        return value.equals(lowercased.span)
    }
}
