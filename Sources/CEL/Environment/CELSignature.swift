/// One overload of a function: `string.split(string, int) -> list(string)`, `size(list(A)) -> int`.
package struct CELSignature: Hashable, Sendable {
    /// Whether the first parameter is what stands before the dot.
    package let isMember: Bool
    package let parameters: [CELType]
    package let result: CELType
    let hasTypeParameters: Bool

    package init(isMember: Bool, parameters: [CELType], result: CELType) {
        self.isMember = isMember
        self.parameters = parameters
        self.result = result
        self.hasTypeParameters = ([result] + parameters).contains { $0.hasParameter }
    }

    /// Reads a signature of the function `name`: `receiver.(parameters) -> result` or `(parameters) -> result`;
    /// single capital letters are type parameters. Nil where malformed.
    package init?(_ text: String) {
        var reader = SignatureReader(text)
        guard let signature = reader.signature() else { return nil }
        self = signature
    }

    /// The signature of a function of that name, as a reference writes it: `string.split(string) -> list(string)`.
    package func text(of name: String) -> String {
        let receiver = isMember ? parameters.first.map { "\($0)." } ?? "" : ""
        let rest = parameters.dropFirst(isMember ? 1 : 0).map(\.description).joined(separator: ", ")
        return "\(receiver)\(name)(\(rest)) -> \(result)"
    }
}

extension CELType {
    fileprivate var hasParameter: Bool {
        switch self {
        case .parameter: true
        case .list(let inner), .type(let inner): inner.hasParameter
        case .map(let key, let value): key.hasParameter || value.hasParameter
        case .opaque(_, let parameters): parameters.contains(where: \.hasParameter)
        default: false
        }
    }

    /// Reads a type as `description` writes it; nil where malformed.
    package init?(_ text: String) {
        var reader = SignatureReader(text)
        guard let type = reader.type(), reader.isAtEnd else { return nil }
        self = type
    }
}

/// Reads signatures from left to right.
private struct SignatureReader {
    private var rest: Substring

    init(_ text: String) {
        rest = text[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    private mutating func take(_ text: String) -> Bool {
        while rest.first == " " { rest.removeFirst() }
        guard rest.hasPrefix(text) else { return false }
        rest.removeFirst(text.count)
        return true
    }

    mutating func signature() -> CELSignature? {
        var parameters: [CELType] = []
        let isMember = rest.first != "("
        if isMember {
            guard let receiver = type(), take(".") else { return nil }
            parameters.append(receiver)
        }
        guard take("("), let more = list(), take("->"), let result = type(), isAtEnd else { return nil }
        return CELSignature(isMember: isMember, parameters: parameters + more, result: result)
    }

    /// Types up to the closing parenthesis.
    private mutating func list() -> [CELType]? {
        var types: [CELType] = []
        if take(")") { return types }
        repeat {
            guard let type = type() else { return nil }
            types.append(type)
        } while take(",")
        return take(")") ? types : nil
    }

    mutating func type() -> CELType? {
        while rest.first == " " { rest.removeFirst() }
        var name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        rest.removeFirst(name.count)
        while ["net", "google", "google.protobuf"].contains(name), take(".") {
            let part = rest.prefix { $0.isLetter }
            rest.removeFirst(part.count)
            name += "." + part
        }
        guard !name.isEmpty else { return nil }
        let parameters = take("(") ? list() : []
        guard let parameters else { return nil }
        return Self.make(name, parameters)
    }

    private static func make(_ name: String, _ parameters: [CELType]) -> CELType? {
        switch (name, parameters.count) {
        case ("dyn", 0): .dyn
        case ("null", 0): .null
        case ("timestamp", 0): .timestamp
        case ("duration", 0): .duration
        case ("list", 1): .list(parameters[0])
        case ("map", 2): .map(parameters[0], parameters[1])
        case ("optional", 1): .optional(parameters[0])
        case ("type", 1): .type(parameters[0])
        case (_, 0) where name.count == 1: .parameter(name)
        case (_, 0): CELType.named(name)?.0 ?? .opaque(name, [])
        default: .opaque(name, parameters)
        }
    }
}
