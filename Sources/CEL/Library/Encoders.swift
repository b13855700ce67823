/// `base64.*` and `url.*`.
extension CELLibrary {
    static let encoders: [CELFunction] = [
        CELFunction(
            "base64.encode", "(bytes) -> string", "(string) -> string",
            do: .unary { value, frame in
                guard let input = value.octets else { return .noSuchOverload }
                guard frame.spend(bytes: input.count * 2) else { return .failure(.budgetExceeded) }
                return unsafe .string(CELBuffer(copying: Base64.encode(input.bytes)))
            }),
        CELFunction(
            "base64.decode", "(string) -> bytes",
            do: .unary { value, frame in
                guard case .string(let text) = value else { return .noSuchOverload }
                guard frame.spend(bytes: text.count) else { return .failure(.budgetExceeded) }
                guard let bytes = unsafe Base64.decode(text.bytes) else {
                    return .failure(.invalidArgument, "no base64")
                }
                return .bytes(CELBuffer(copying: bytes))
            }),
        CELFunction(
            "url.encode", "(string) -> string",
            do: .unary { value, frame in
                guard case .string(let text) = value else { return .noSuchOverload }
                guard frame.spend(bytes: text.count * 3) else { return .failure(.budgetExceeded) }
                return .string(PercentEncoding.encode(text))
            }),
        CELFunction(
            "url.decode", "(string) -> string",
            do: .unary { value, frame in
                guard case .string(let text) = value else { return .noSuchOverload }
                guard frame.spend(bytes: text.count) else { return .failure(.budgetExceeded) }
                guard let decoded = PercentEncoding.decode(text) else {
                    return .failure(.invalidArgument, "malformed percent-encoding")
                }
                return decoded.isValidUTF8 ? .string(decoded) : .failure(.invalidUTF8)
            }),
        CELFunction(
            "form.encode", "(map(string, string)) -> string",
            do: .unary { value, frame in
                var pairs: [(CELBuffer, CELBuffer)] = []
                for (key, value) in value.entries ?? [] {
                    guard case .string(let name) = key, case .string(let text) = CELLibrary.string(value) else {
                        return .noSuchOverload
                    }
                    guard frame.spend(bytes: (name.count + text.count) * 3) else { return .failure(.budgetExceeded) }
                    pairs.append((name, text))
                }
                return value.entryCount == nil ? .noSuchOverload : .string(PercentEncoding.encodeForm(pairs))
            }),
        CELFunction(
            "form.decode", "(string) -> map(string, string)",
            do: .unary { value, frame in
                guard case .string(let text) = value else { return .noSuchOverload }
                guard frame.spend(bytes: text.count * 4) else { return .failure(.budgetExceeded) }
                guard let pairs = PercentEncoding.decodeForm(text) else {
                    return .failure(.invalidArgument, "malformed form")
                }
                return .map(pairs.map { (.string($0.0), .string($0.1)) })
            }),
    ]
}

extension CELValue {
    /// The bytes of a string or a bytes value, or nil.
    var octets: CELBuffer? {
        switch self {
        case .string(let buffer), .bytes(let buffer): buffer
        default: nil
        }
    }
}
