internal import Bytes

extension CELValue {
    /// CEL equality: numbers compare by value across types, anything else of two types is unequal.
    ///
    /// Never an error. Recurses as deep as the values nest.
    package func isEqual(to other: CELValue) -> Bool {
        var fuel = Int.max
        return isEqual(to: other, &fuel)
    }

    /// The same within a budget: a small value may show its parts many times over. Where `fuel` is used up the
    /// answer means nothing.
    @inline(__always)
    func isEqual(to other: CELValue, _ fuel: inout Int) -> Bool {
        switch (self, other) {
        case (.string(let a), .string(let b)):
            fuel &-= 1 &+ min(a.count, b.count) &>> 4
            return a == b
        default: return isEqualOther(to: other, &fuel)
        }
    }

    private func isEqualOther(to other: CELValue, _ fuel: inout Int) -> Bool {
        fuel &-= 1
        switch (self, other) {
        case (.int(let a), .int(let b)): return a == b
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.bytes(let a), .bytes(let b)):
            fuel &-= min(a.count, b.count) &>> 4
            return a == b
        case (.int, _), (.uint, _), (.double, _): return compareNumbers(to: other) == .equal
        case (.type(let a), .type(let b)): return a == b
        case (.timestamp(let a), .timestamp(let b)): return a == b
        case (.duration(let a), .duration(let b)): return a == b
        case (.address(let a), .address(let b)): return a == b
        case (.network(let a), .network(let b)): return a == b
        case (.optional(let a), .optional(let b)):
            guard let a, let b else { return a == nil && b == nil }
            return a.value.isEqual(to: b.value, &fuel)
        case (.list, _), (.jsonArray, _): return isEqualList(to: other, &fuel)
        case (.map, _), (.jsonObject, _): return isEqualMap(to: other, &fuel)
        default: return false
        }
    }

    private func isEqualList(to other: CELValue, _ fuel: inout Int) -> Bool {
        guard let count = elementCount, count == other.elementCount else { return false }
        var mine = CELElements(self)
        var theirs = CELElements(other)
        while let a = mine.next(), let b = theirs.next() {
            guard fuel > 0, a.isEqual(to: b, &fuel) else { return false }
        }
        return true
    }

    private func isEqualMap(to other: CELValue, _ fuel: inout Int) -> Bool {
        guard let count = entryCount, count == other.entryCount else { return false }
        var walk = CELElements(self)
        while let (key, value) = walk.nextPair(0) {
            fuel &-= 1 &+ other.lookupCost
            guard fuel > 0, let theirs = other.entry(at: key), value.isEqual(to: theirs, &fuel) else { return false }
        }
        return true
    }

    /// About how many entries are looked at to find one by its key, in steps of 16.
    var lookupCost: Int {
        if case .jsonObject(let object) = self { return object.count &>> 4 }
        return 0
    }
}

/// The outcome of comparing two numbers; NaN is unordered.
enum CELOrder {
    case less, equal, greater, unordered
}

extension CELValue {
    /// Compares two numbers by value, whatever their types; unordered where either is none.
    func compareNumbers(to other: CELValue) -> CELOrder {
        switch (self, other) {
        case (.int(let a), .int(let b)): order(a, b)
        case (.uint(let a), .uint(let b)): order(a, b)
        case (.double(let a), .double(let b)): orderDoubles(a, b)
        case (.int(let a), .uint(let b)): a < 0 ? .less : order(UInt64(a), b)
        case (.uint(let a), .int(let b)): b < 0 ? .greater : order(a, UInt64(b))
        case (.int(let a), .double(let b)): orderInteger(a, b)
        case (.uint(let a), .double(let b)): orderInteger(a, b)
        case (.double(let a), .int(let b)): orderInteger(b, a).reversed
        case (.double(let a), .uint(let b)): orderInteger(b, a).reversed
        default: .unordered
        }
    }

    /// Compares two values of an ordered type; nil where the pair has no order (an overload error).
    func compare(to other: CELValue) -> CELOrder? {
        switch (self, other) {
        case (.int, .int), (.uint, .uint), (.double, .double), (.int, .uint), (.int, .double), (.uint, .int),
            (.uint, .double), (.double, .int), (.double, .uint):
            return compareNumbers(to: other)
        case (.string(let a), .string(let b)), (.bytes(let a), .bytes(let b)):
            if a == b { return .equal }
            return a.isLess(than: b) ? .less : .greater
        case (.bool(let a), .bool(let b)): return order(a ? 1 : 0, b ? 1 : 0)
        case (.timestamp(let a), .timestamp(let b)):
            let seconds = order(a.seconds, b.seconds)
            return seconds == .equal ? order(a.nanoseconds, b.nanoseconds) : seconds
        case (.duration(let a), .duration(let b)): return order(a.nanoseconds, b.nanoseconds)
        default: return nil
        }
    }
}

extension CELOrder {
    var reversed: CELOrder {
        switch self {
        case .less: .greater
        case .greater: .less
        default: self
        }
    }
}

private func order<T: Comparable>(_ a: T, _ b: T) -> CELOrder {
    a == b ? .equal : (a < b ? .less : .greater)
}

private func orderDoubles(_ a: Double, _ b: Double) -> CELOrder {
    if a.isNaN || b.isNaN { return .unordered }
    return order(a, b)
}

/// Compares as doubles do, as the language defines it: an integer beyond 2^53 is rounded.
private func orderInteger<T: FixedWidthInteger>(_ a: T, _ b: Double) -> CELOrder {
    orderDoubles(Double(a), b)
}
