/// A parser of hostile bytes, with what must hold for every input.
///
/// Each input goes through `run`: from libFuzzer (`make fuzz`), and once more from the tests, which replay the
/// corpus and everything that ever failed.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The JSON reader.
    case json
    /// A compact JWS as a client sends it.
    case jws
    /// A header, a line break and a payload, signed: the rules behind the signature.
    case claims
    /// A document of keys: JWKS, JWK or PEM.
    case jwk
    /// PEM text, as a document of keys and as a private key.
    case pem
    /// A label's number and DER, as it is and wrapped into PEM.
    case der
    /// What a client sends over a connection.
    case request
    /// What an upstream sends over a connection.
    case response
    /// An expression, and behind a NUL the claims it is asked about.
    case cel
    /// A regular expression, a line break and a text.
    case regex

    /// Puts one input to the parser. Ends the process where something does not hold.
    package func run(_ input: [UInt8]) {
        switch self {
        case .json: JSONReading.run(input)
        case .jws: TokenReading.run(token: input)
        case .claims: TokenReading.run(headerAndPayload: input)
        case .jwk: KeyReading.run(document: input)
        case .pem: KeyReading.run(pem: input)
        case .der: KeyReading.run(der: input)
        case .request: ConnectionReading.run(request: input)
        case .response: ConnectionReading.run(response: input)
        case .cel: ExpressionReading.run(input)
        case .regex: RegexReading.run(input)
        }
    }

    /// Does once what is done once per process, so that no input is charged for it.
    package func prepare() {
        run([])
        run(Array("{}.{}.{}\r\n\r\n".utf8))
        for input in Self.warmUps { run(Array(input.utf8)) }
    }

    private static let warmUps = [
        "{\"alg\":\"HS256\",\"a\":[1.5e3,\"\\u0041\",null,true]}\n{\"iss\":\"https://issuer.test\",\"exp\":1800000600}",
        "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.e30.AAAA", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},7]}",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        "GET /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "jwt.sub.matches('a') ? timestamp(0) : [1, nope]\0{}",
        "a(b|[c-d])\na",
    ]
}
