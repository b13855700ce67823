internal import Bytes

/// A list made during an evaluation, at compile time or by an activation.
package final class CELList: Sendable {
    package let elements: [CELValue]

    package init(_ elements: [CELValue]) {
        self.elements = elements
    }
}

extension CELValue {
    package static func list(_ elements: [CELValue]) -> CELValue { .list(CELList(elements)) }

    /// How many elements a list has, or nil where this is not a list.
    var elementCount: Int? {
        switch self {
        case .list(let list): list.elements.count
        case .jsonArray(let array): array.count
        default: nil
        }
    }

    /// The element at `index`, which must be in range; for walking a whole list use `CELElements`.
    func element(at index: Int) -> CELValue {
        switch self {
        case .list(let list): return list.elements[index]
        case .jsonArray(let array):
            var position = array.index + 1
            for _ in 0..<index { position = array.value(at: position).end }
            return CELValue(json: array.value(at: position))
        default: return .null
        }
    }

    /// The elements of a list as an array, or nil where this is not a list.
    var elements: [CELValue]? {
        switch self {
        case .list(let list): return list.elements
        case .jsonArray:
            var values: [CELValue] = []
            var walk = CELElements(self)
            while let value = walk.next() { values.append(value) }
            return values
        default: return nil
        }
    }
}

/// Walks the elements of a list, or the keys of a map, in order; empty for anything else.
struct CELElements {
    private enum Source {
        case list([CELValue])
        case map(CELMap)
        case json(JSONCursor, isObject: Bool)
        case nothing
    }

    private let source: Source
    private var position: Int
    private let end: Int

    @inline(__always)
    init(_ value: CELValue) {
        switch value {
        case .list(let list):
            source = .list(list.elements)
            position = 0
            end = list.elements.count
        case .map(let map):
            source = .map(map)
            position = 0
            end = map.count
        case .jsonArray(let cursor):
            source = .json(cursor, isObject: false)
            position = cursor.index + 1
            end = cursor.end
        case .jsonObject(let cursor):
            source = .json(cursor, isObject: true)
            position = cursor.index + 1
            end = cursor.end
        default:
            source = .nothing
            position = 0
            end = 0
        }
    }

    @inline(__always)
    mutating func next() -> CELValue? {
        guard position < end else { return nil }
        switch source {
        case .list(let elements):
            position &+= 1
            return elements[position &- 1]
        case .map(let map):
            position &+= 1
            return map.entry(at: position &- 1).key
        case .json(let parent, let isObject):
            let cursor = parent.value(at: position)
            position = isObject ? parent.value(at: position &+ 1).end : cursor.end
            return CELValue(json: cursor)
        case .nothing:
            return nil
        }
    }

    /// The next index and element of a list, or key and value of a map.
    mutating func nextPair(_ ordinal: Int) -> (CELValue, CELValue)? {
        guard position < end else { return nil }
        switch source {
        case .list(let elements):
            position += 1
            return (.int(Int64(ordinal)), elements[position - 1])
        case .map(let map):
            position += 1
            return map.entry(at: position - 1)
        case .json(let parent, let isObject):
            let cursor = parent.value(at: position)
            guard isObject else {
                position = cursor.end
                return (.int(Int64(ordinal)), CELValue(json: cursor))
            }
            let value = parent.value(at: position + 1)
            position = value.end
            return (CELValue(json: cursor), CELValue(json: value))
        case .nothing:
            return nil
        }
    }
}
