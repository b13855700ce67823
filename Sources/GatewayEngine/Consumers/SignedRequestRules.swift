internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// A compiled `RequestSignature`. What a signature covers is text of its own for each request, and nothing is kept.
struct SignedRequestRules: Sendable {
    private let algorithms: [(name: [UInt8], algorithm: MessageAuthentication)]
    private let clockSkewSeconds: Int64
    private let coveredFields: [[UInt8]]
    private let verifiesBody: Bool
    private let maxBodyBytes: Int

    /// The request line without its version, among the names of fields.
    private static let requestTarget = Array("@request-target".utf8)
    /// In the place of that of a signer whom nobody knows: the time until the refusal does not tell which ones there
    /// are.
    private static let nobodysSecret = Array("the secret that belongs to nobody".utf8)

    init(_ rules: RequestSignature) {
        algorithms = rules.algorithms.compactMap { name in
            MessageAuthentication(rawValue: name).map { (Array(name.utf8), $0) }
        }
        clockSkewSeconds = rules.clockSkewSeconds
        coveredFields = rules.coveredFields.map { Array($0.utf8) }
        verifiesBody = rules.verifiesBody
        maxBodyBytes = rules.maxBodyBytes
    }

    /// Whose signature it is, once all else holds. Where the body has to be looked at and has not come, this is said in
    /// `scratch`, and the answer holds but for that.
    ///
    /// - Parameter value: that of `Authorization`.
    func consumer(
        ofSignature value: Span<UInt8>, _ setting: RequestSetting, _ scratch: inout RequestScratch,
        _ bytes: Span<UInt8>, body: Span<UInt8>?
    ) throws(RefusalCode) -> IdentifiedConsumer {
        let lines = scratch.table.lines
        guard Self.line("authorization".utf8.span, lines, bytes) != nil else { throw .hmacMalformed }
        let parameters = try SignatureParameters(parsing: value)
        guard let code = Base64Text.decode(value.extracting(parameters.signature)) else { throw .hmacMalformed }
        guard
            let (_, algorithm) = algorithms.first(where: { value.extracting(parameters.algorithm).equals($0.name.span) }
            )
        else { throw .hmacInvalid }
        try checkDate(lines, bytes, now: setting.now)
        for name in coveredFields where !Self.covers(parameters, value, name) { throw .hmacUncovered }
        let text = try Self.signedText(parameters, value, setting.head, lines, bytes)
        let known = setting.bind.consumers.consumer(ofSigner: value.extracting(parameters.keyID))
        let expected =
            if let known, case .signingSecret(let secret)? = known.credential?.proof {
                Self.code(algorithm, of: text, secret: known.consumer.text, secret.indices)
            } else {
                Self.code(algorithm, of: text, secret: Self.nobodysSecret, Self.nobodysSecret.indices)
            }
        guard constantTimeEquals(code.span, expected.span), let known else { throw .hmacInvalid }
        if verifiesBody { try checkBody(setting.head, &scratch, bytes, body: body) }
        return known
    }

    private static func code(
        _ algorithm: MessageAuthentication, of message: [UInt8], secret texts: [UInt8], _ range: Range<Int>
    ) -> [UInt8] {
        algorithm.code(of: message.span, secret: texts.span.extracting(range))
    }

    // MARK: - What is signed

    private static func covers(_ parameters: SignatureParameters, _ value: Span<UInt8>, _ name: [UInt8]) -> Bool {
        parameters.fields.contains { value.extracting($0).equalsIgnoringASCIICase(name.span) }
    }

    /// `keyId`, and a line for each name in `headers`: method and target as they were sent, or the name as it is
    /// written there and the field's value. Each ends in a line feed.
    static func signedText(
        _ parameters: SignatureParameters, _ value: Span<UInt8>, _ head: RequestHead, _ lines: [FieldLine],
        _ bytes: Span<UInt8>
    ) throws(RefusalCode) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(512)
        func add(_ piece: Span<UInt8>, _ end: StaticString) {
            text.append(copying: piece)
            text.append(end)
        }
        add(value.extracting(parameters.keyID), "\n")
        for range in parameters.fields {
            let name = value.extracting(range)
            if name.equals(requestTarget.span) {
                add(bytes.extracting(head.methodName), " ")
                add(bytes.extracting(head.target), "\n")
                continue
            }
            guard let line = line(name, lines, bytes), !leavesByRequest(line, lines, bytes) else {
                throw .hmacUncovered
            }
            add(name, ": ")
            add(bytes.extracting(line.value), "\n")
        }
        return text
    }

    /// The one line of that name; nil where there is none, or more than one: readers would take different ones. A line
    /// whose name only has `_` for `-` is a second one to some of them.
    private static func line(_ name: Span<UInt8>, _ lines: [FieldLine], _ bytes: Span<UInt8>) -> FieldLine? {
        var found: FieldLine?
        let normalized = FieldNames.normalized(name.copied)
        for line in lines where FieldNames.isWritten(bytes.extracting(line.name), as: normalized.span) {
            guard found == nil, bytes.extracting(line.name).equalsIgnoringASCIICase(name) else { return nil }
            found = line
        }
        return found
    }

    /// Whether the backend would not see the line because `Connection` names it: of what is signed nothing is lost.
    private static func leavesByRequest(_ line: FieldLine, _ lines: [FieldLine], _ bytes: Span<UInt8>) -> Bool {
        line.isDropped && ConnectionField.names(bytes.extracting(line.name), lines, bytes)
    }

    // MARK: - Date and body

    private func checkDate(_ lines: [FieldLine], _ bytes: Span<UInt8>, now: Int64) throws(RefusalCode) {
        guard let line = Self.line("date".utf8.span, lines, bytes),
            let date = HTTPMoment.seconds(bytes.extracting(line.value)), abs(now - date) <= clockSkewSeconds
        else { throw .hmacDate }
    }

    private func checkBody(
        _ head: RequestHead, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, body: Span<UInt8>?
    ) throws(RefusalCode) {
        let prefix = Array("SHA-256=".utf8)
        guard let line = Self.line("digest".utf8.span, scratch.table.lines, bytes) else { throw .hmacDigest }
        let value = bytes.extracting(line.value)
        guard value.count > prefix.count, value.extracting(0..<prefix.count).equals(prefix.span),
            let digest = Base64Text.decode(value.extracting(prefix.count...)), digest.count == 32
        else { throw .hmacDigest }
        if case .length(let count) = head.framing, count > maxBodyBytes { throw .bodyTooLarge }
        guard let body else {
            scratch.awaitsBody = true
            return
        }
        guard body.count <= maxBodyBytes else { throw .bodyTooLarge }
        guard SecretDigest.with(body, { constantTimeEquals($0, digest.span) }) else { throw .hmacDigest }
    }
}
