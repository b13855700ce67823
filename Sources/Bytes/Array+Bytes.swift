extension [UInt8] {
    /// Whether these are exactly the bytes of `other`. Not constant-time: for public values only.
    @inlinable
    package func equals(_ other: Span<UInt8>) -> Bool { span.equals(other) }

    /// Appends a copy of `bytes`.
    @inlinable
    package mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends a literal.
    @inlinable
    package mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
}
