internal import Bytes

/// A map value. Subclass it to show a structure of your own (header fields, say) as a map without copying.
///
/// Contract: an instance does not change while an evaluation that sees it runs, and may be read by several threads.
package class CELMap: @unchecked Sendable {  // Safe: the contract of subclasses, below.
    package init() {}

    /// How many entries there are.
    package var count: Int { 0 }

    /// The entry at an index below `count`, in a fixed order.
    package func entry(at index: Int) -> (key: CELValue, value: CELValue) { (.null, .null) }

    /// The value at `key`, compared as CEL compares (`1`, `1u` and `1.0` are one key), or nil.
    package func value(at key: CELValue) -> CELValue? {
        for index in 0..<count {
            let entry = entry(at: index)
            if key.isEqual(to: entry.key) { return entry.value }
        }
        return nil
    }

    /// The value at a string key, or nil: the case of field selection.
    package func value(named name: CELBuffer) -> CELValue? { value(at: .string(name)) }
}

/// A map that owns its entries, in the order they were written.
package final class CELOwnedMap: CELMap, @unchecked Sendable {  // Safe: immutable.
    private let entries: [(key: CELValue, value: CELValue)]
    private let index: [CELKey: Int]?

    /// Entries fewer than this are searched one by one.
    private static let indexThreshold = 8

    /// The entries must have distinct keys, each of a type that `CELKey` takes.
    package init(distinct entries: [(key: CELValue, value: CELValue)]) {
        self.entries = entries
        if entries.count < Self.indexThreshold {
            index = nil
        } else {
            var index: [CELKey: Int] = Dictionary(minimumCapacity: entries.count)
            for (position, entry) in entries.enumerated() {
                if let key = CELKey(entry.key) { index[key] = position }
            }
            self.index = index
        }
        super.init()
    }

    package override var count: Int { entries.count }

    package override func entry(at index: Int) -> (key: CELValue, value: CELValue) { entries[index] }

    package override func value(at key: CELValue) -> CELValue? {
        guard let index else { return super.value(at: key) }
        guard let key = CELKey(key), let position = index[key] else { return nil }
        return entries[position].value
    }
}

/// A value as a hashable key: numbers that are equal are one key, whatever their type.
enum CELKey: Hashable {
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(UInt64)
    case string(CELKeyBytes)

    /// Nil for values that can't be keys of a map, and for doubles that equal no integer.
    init?(_ value: CELValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .uint(let value): self = Int64(exactly: value).map { .int($0) } ?? .uint(value)
        case .double(let value):
            if let int = Int64(exactly: value) {
                self = .int(int)
            } else if let uint = UInt64(exactly: value) {
                self = .uint(uint)
            } else {
                return nil
            }
        case .string(let value): self = .string(CELKeyBytes(buffer: value))
        default: return nil
        }
    }
}

/// The bytes of a string key.
struct CELKeyBytes: Hashable {
    let buffer: CELBuffer

    static func == (a: CELKeyBytes, b: CELKeyBytes) -> Bool { a.buffer == b.buffer }

    func hash(into hasher: inout Hasher) {
        unsafe hasher.combine(bytes: UnsafeRawBufferPointer(buffer.bytes))
    }
}

/// Collects entries of a map; a key that comes twice, or can't be a key, is an error.
struct CELMapBuilder {
    private var entries: [(key: CELValue, value: CELValue)] = []
    private var seen: Set<CELKey> = []

    mutating func insert(_ key: CELValue, _ value: CELValue) -> CELEvaluationError? {
        if case .double = key { return CELEvaluationError(.unsupportedKeyType) }
        guard let hashed = CELKey(key) else { return CELEvaluationError(.unsupportedKeyType) }
        guard seen.insert(hashed).inserted else { return CELEvaluationError(.duplicateKey, key.debugText) }
        entries.append((key, value))
        return nil
    }

    func finish() -> CELValue { .map(CELOwnedMap(distinct: entries)) }
}

extension CELValue {
    /// A map of distinct keys.
    package static func map(_ entries: [(key: CELValue, value: CELValue)]) -> CELValue {
        .map(CELOwnedMap(distinct: entries))
    }

    /// How many entries a map has, or nil where this is not a map.
    var entryCount: Int? {
        switch self {
        case .map(let map): map.count
        case .jsonObject(let object): object.count
        default: nil
        }
    }

    /// The value of the entry at a string key, or nil (also where this is not a map).
    @inline(__always)
    package func entry(named name: CELBuffer) -> CELValue? {
        switch self {
        case .jsonObject(let object): unsafe object.member(name.bytes).map { CELValue(json: $0) }
        case .map(let map): map.value(named: name)
        default: nil
        }
    }

    /// The value of the entry at `key`, or nil (also where this is not a map).
    func entry(at key: CELValue) -> CELValue? {
        switch self {
        case .jsonObject:
            guard case .string(let name) = key else { return nil }
            return entry(named: name)
        case .map(let map): return map.value(at: key)
        default: return nil
        }
    }

    /// The entries of a map, or nil where this is not a map.
    var entries: [(key: CELValue, value: CELValue)]? {
        guard let count = entryCount else { return nil }
        var result: [(key: CELValue, value: CELValue)] = []
        result.reserveCapacity(count)
        var walk = CELElements(self)
        while let (key, value) = walk.nextPair(0) { result.append((key, value)) }
        return result
    }
}
