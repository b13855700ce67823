/// Numbers for what expressions stand for: two have the same number only if they have the same value wherever both are
/// evaluated. (Value numbering, as compilers do it.)
struct ExpressionNumbering {
    enum Shape: Hashable {
        case attribute(String)
        case literal(CELTypeName, [UInt8])
        case field(of: Int, String)
        case element(of: Int, at: Int)
        /// An operator, a function or a form of syntax, applied to these.
        case operation(String, [Int])
        /// Like nothing else: a variable of a macro, what chance decides.
        case unique(Int)
    }

    private var numbers: [Shape: Int] = [:]
    /// Of the literals that are strings: `a["b"]` is `a.b`.
    private var texts: [Int: String] = [:]

    subscript(shape: Shape) -> Int {
        mutating get {
            if let known = numbers[shape] { return known }
            let number = numbers.count
            numbers[shape] = number
            if case .literal(.string, let bytes) = shape { texts[number] = String(decoding: bytes, as: UTF8.self) }
            return number
        }
    }

    mutating func unique() -> Int { self[.unique(numbers.count)] }

    mutating func element(of container: Int, at key: Int) -> Int {
        self[texts[key].map { .field(of: container, $0) } ?? .element(of: container, at: key)]
    }

    /// Nil for a value of a type that has no literals.
    mutating func literal(_ value: CELValue) -> Int? {
        switch value {
        case .string(let buffer), .bytes(let buffer): self[.literal(value.typeName, buffer.withSpan { Array($0) })]
        case .null, .bool, .int, .uint, .double: self[.literal(value.typeName, Array(value.debugText.utf8))]
        default: nil
        }
    }
}

extension Array<UInt8> {
    fileprivate init(_ span: Span<UInt8>) {
        self = span.indices.map { span[$0] }
    }
}
