internal import Bytes
internal import CEL
internal import JOSE

/// Functions beyond the language that need more than it has: digests, chance, cookies and parameters.
enum RequestFunctions {
    static let all: [CELFunction] = digests + [random, uuid, cookie, query] + queryChanges

    /// `sha256.encode(x)` and its kin: the digest of a string's or bytes' bytes in hexadecimal.
    private static let digests = MessageDigest.allCases.map { digest in
        CELFunction(
            "\(digest.rawValue).encode", signatures("(string) -> string", "(bytes) -> string"),
            .unary { value, frame in
                guard let input = bytes(of: value) else { return noSuchOverload }
                // A digest costs some ten times what looking at the bytes does.
                guard frame.spend(bytes: input.count * 8 + 256) else { return exhausted }
                return .string(hexadecimal(digest.digest(unsafe Array(input.bytes))))
            })
    }

    /// A number from 0 to below 1.
    private static let random = CELFunction(
        "random", signatures("() -> double"), isPure: false,
        .variadic { _, _ in .double(Double.random(in: 0..<1)) })

    /// A random UUID (RFC 9562 §5.4).
    private static let uuid = CELFunction(
        "uuid", signatures("() -> string"), isPure: false,
        .variadic { _, frame in
            frame.spend(32)
            let text = UUIDText.version4(.random(in: .min ... .max), .random(in: .min ... .max))
            return .string(CELBuffer(copying: text))
        })

    /// `request.headers.cookie(name)`: the one cookie of that name (RFC 6265 §4.2.1); an error where there is none,
    /// or more than one.
    private static let cookie = CELFunction(
        "cookie", signatures("map(string, string).(string) -> string"), absence: .subject,
        .binary { headers, name, frame in
            guard case .string(let name) = name else { return noSuchOverload }
            let wanted = unsafe Array(name.bytes)
            guard case .string(let field)? = headers.entry(named: CELBuffer("cookie")) else {
                return .error(CELEvaluationError(.noSuchKey, name.text))
            }
            guard frame.spend(bytes: field.count * 2) else { return exhausted }
            var found: Range<Int>?
            var count = 0
            field.withSpan { bytes in
                Cookies.forEach(in: 0..<bytes.count, bytes) { pair in
                    guard let value = Cookies.value(of: pair, named: wanted, bytes) else { return }
                    count += 1
                    found = value
                }
            }
            guard let found else { return .error(CELEvaluationError(.noSuchKey, name.text)) }
            guard count == 1 else { return .error(CELEvaluationError(.invalidArgument, "two such cookies")) }
            return unsafe .string(CELBuffer(copying: field.bytes[found]))
        })

    /// `uri.query(name)`: all values of a parameter of a URI or of a path with a query, decoded, in order.
    private static let query = CELFunction(
        "query", signatures("string.(string) -> list(string)"),
        .binary { uri, name, frame in
            guard case .string(let uri) = uri, case .string(let name) = name else { return noSuchOverload }
            guard frame.spend(bytes: uri.count * 2) else { return exhausted }
            return uri.withSpan { text in
                guard let mark = text.firstIndex(of: UInt8(ascii: "?")) else { return .list([]) }
                let query = text.extracting((mark + 1)..<text.count)
                var values: [CELValue] = []
                QueryString.forEach(query) { _, written, value in
                    guard name.withSpan({ QueryString.isName(query.extracting(written), $0) }) else { return true }
                    let decoded = QueryString.decoded(query.extracting(value))
                    values.append(RequestActivation.text(decoded))
                    return true
                }
                return values.first(where: \.isError) ?? .list(values)
            }
        })

    /// `secret.unredacted()`: its text. Only where that leaves for the backend.
    static let unredacted = CELFunction(
        "unredacted", signatures("secret.() -> string"),
        .unary { secret, _ in
            guard case .secret(let text) = secret else { return noSuchOverload }
            return .string(text)
        })

    // MARK: -

    static let noSuchOverload = CELValue.error(CELEvaluationError(.noSuchOverload))
    static let exhausted = CELValue.error(CELEvaluationError(.budgetExceeded))

    static func signatures(_ texts: String...) -> [CELSignature] { texts.compactMap { CELSignature($0) } }

    private static func bytes(of value: CELValue) -> CELBuffer? {
        switch value {
        case .string(let buffer), .bytes(let buffer): buffer
        default: nil
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
