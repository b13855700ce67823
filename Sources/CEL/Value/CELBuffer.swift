internal import Bytes

/// The bytes of a CEL string or bytes value: borrowed from whoever supplied them, or kept alive by an owner.
///
/// Contract: without an owner the memory is guaranteed by the supplier (an activation) for the duration of
/// one evaluation, result included; with an owner for as long as the value exists. Strings are UTF-8.
@safe package struct CELBuffer: @unchecked Sendable {  // Safe: nobody writes to the memory while it is shown.
    let start: UnsafePointer<UInt8>?
    package let count: Int
    let owner: (any AnyObject & Sendable)?

    /// Borrows memory that outlives the evaluation, or is kept alive by `owner`.
    @inline(__always)
    package init(borrowing bytes: UnsafeBufferPointer<UInt8>, owner: (any AnyObject & Sendable)? = nil) {
        unsafe self.start = bytes.baseAddress
        self.count = bytes.count
        self.owner = owner
    }

    /// A copy of `bytes`.
    package init(copying bytes: some Collection<UInt8>) {
        let storage = CELBufferStorage(bytes)
        unsafe self.init(borrowing: storage.bytes, owner: storage)
    }

    package init(_ text: String) {
        var text = text
        let storage = text.withUTF8 { unsafe CELBufferStorage($0) }
        unsafe self.init(borrowing: storage.bytes, owner: storage)
    }

    package static var empty: CELBuffer { unsafe CELBuffer(borrowing: UnsafeBufferPointer(start: nil, count: 0)) }

    /// The bytes; valid as the type's contract says.
    @inline(__always)
    package var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: start, count: count) }

    /// Reads the bytes as a span.
    @inline(__always)
    package func withSpan<R>(_ body: (Span<UInt8>) -> R) -> R { unsafe body(bytes.span) }

    @inline(__always)
    subscript(offset: Int) -> UInt8 { unsafe bytes[offset] }

    /// A part of the same memory.
    func slice(_ range: Range<Int>) -> CELBuffer {
        unsafe CELBuffer(borrowing: UnsafeBufferPointer(rebasing: bytes[range]), owner: owner)
    }

    /// The same bytes with an owner, so that they may outlive the evaluation.
    package var owned: CELBuffer { owner == nil ? unsafe CELBuffer(copying: bytes) : self }

    /// The bytes as text; ill-formed UTF-8 shows as replacement characters.
    package var text: String { unsafe String(decoding: bytes, as: UTF8.self) }

    var isValidUTF8: Bool { unsafe UTF8Validation.isValid(bytes.span) }
}

/// Memory of its own for a buffer made during an evaluation or at compile time; written once, in `init`.
@safe final class CELBufferStorage: @unchecked Sendable {  // Safe: written in `init` only.
    private let memory: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        unsafe memory = .allocate(capacity: bytes.count)
        _ = unsafe memory.initialize(from: bytes)
    }

    /// Memory filled by `write`, which must set every byte.
    init(count: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        unsafe memory = .allocate(capacity: count)
        unsafe write(memory)
    }

    deinit { unsafe memory.deallocate() }

    var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(memory) }
}

extension CELBuffer {
    @inline(__always)
    static func == (a: CELBuffer, b: CELBuffer) -> Bool {
        unsafe a.count == b.count && a.bytes.span.equals(b.bytes.span)
    }

    /// Lexicographic order of the bytes, which for UTF-8 is the order of the code points.
    func isLess(than other: CELBuffer) -> Bool {
        unsafe bytes.lexicographicallyPrecedes(other.bytes)
    }

    @inline(__always)
    func starts(with prefix: CELBuffer) -> Bool { unsafe bytes.span.starts(with: prefix.bytes.span) }

    @inline(__always)
    func ends(with suffix: CELBuffer) -> Bool {
        guard count >= suffix.count else { return false }
        return unsafe bytes.span.extracting((count - suffix.count)..<count).equals(suffix.bytes.span)
    }

    /// The offset of the first occurrence of `needle` at or after `from`, or nil.
    func firstOffset(of needle: CELBuffer, from: Int = 0) -> Int? {
        if needle.count == 0 { return from <= count ? from : nil }
        guard count >= needle.count else { return nil }
        let mine = unsafe bytes.span
        let wanted = unsafe needle.bytes.span
        let head = wanted[0]
        var index = from
        while index <= count - needle.count {
            if mine[index] == head, mine.extracting(index..<index + needle.count).equals(wanted) { return index }
            index &+= 1
        }
        return nil
    }

    /// Both runs, one after the other.
    func concatenated(with other: CELBuffer) -> CELBuffer {
        if count == 0 { return other }
        if other.count == 0 { return self }
        let storage = unsafe CELBufferStorage(count: count + other.count) { memory in
            _ = unsafe memory.extracting(0..<count).initialize(from: bytes)
            _ = unsafe memory.extracting(count..<memory.count).initialize(from: other.bytes)
        }
        return unsafe CELBuffer(borrowing: storage.bytes, owner: storage)
    }
}
