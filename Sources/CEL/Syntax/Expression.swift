/// A node of the syntax tree. The checker writes types into it, the planner reads them.
final class Expression {
    let kind: Kind
    /// Byte offset in the source of what an error about this node should point at.
    let offset: Int
    /// Where it stands in the source, parentheses around it included: what an author would copy.
    var range: Range<Int>
    /// Nodes on the longest way down, this one included.
    let depth: Int
    /// Comprehensions inside each other, this one included.
    let comprehensionDepth: Int
    var type = CELType.dyn

    enum Kind {
        case literal(CELValue)
        case name(String, isAbsolute: Bool)
        case select(Expression, field: String, Selection)
        case index(Expression, Expression, isOptional: Bool)
        case unary(Operator, Expression)
        case binary(Operator, Expression, Expression)
        case call(target: Expression?, function: String, [Expression])
        case list([Element])
        case map([Entry])
        case and([Expression])
        case or([Expression])
        case conditional(Expression, Expression, Expression)
        case comprehension(Comprehension)
        /// A name for a value inside an expression.
        case bind(String, Expression, Expression)
        /// Values named `@index0`, `@index1`, …, computed when first read.
        case block([Expression], Expression)
        /// The first of several expressions that is neither an error nor null.
        case fallback([Expression])
    }

    enum Selection {
        case value, optional
        /// `has(a.b)`
        case presence
    }

    struct Element {
        let value: Expression
        let isOptional: Bool
    }

    struct Entry {
        let key: Expression
        let value: Expression
        let isOptional: Bool
    }

    init(_ kind: Kind, at offset: Int, range: Range<Int>) {
        self.kind = kind
        self.offset = offset
        self.range = range
        let children = kind.children
        self.depth = 1 + children.reduce(0) { max($0, $1.depth) }
        var loops = children.reduce(0) { max($0, $1.comprehensionDepth) }
        if case .comprehension = kind { loops += 1 }
        self.comprehensionDepth = loops
    }
}

extension Expression {
    var isIndex: Bool {
        if case .index = kind { true } else { false }
    }
}

/// Operators that evaluate all their operands.
enum Operator: String, Sendable {
    case not = "!_"
    case negate = "-_"
    case add = "_+_"
    case subtract = "_-_"
    case multiply = "_*_"
    case divide = "_/_"
    case modulo = "_%_"
    case equal = "_==_"
    case notEqual = "_!=_"
    case less = "_<_"
    case lessOrEqual = "_<=_"
    case greater = "_>_"
    case greaterOrEqual = "_>=_"
    case `in` = "@in"
}

/// A macro that walks a list or a map.
struct Comprehension {
    enum Kind {
        case all, exists, existsOne
        /// `map`, `filter`, `transformList`
        case list
        /// Keys kept, values made by the body: `transformMap`, `mapValues`, `filterKeys`.
        case map
        /// Entries made by the body, which is a map itself.
        case mapEntries
        /// The list, ordered by the key that the body makes of each element.
        case sort
        /// `optMap` and `optFlatMap`: the range is an optional.
        case optionalMap, optionalFlatMap
    }

    let kind: Kind
    let range: Expression
    let variable: String
    /// The second variable: the element where the first is its index, the value where it is a key.
    let second: String?
    let filter: Expression?
    let body: Expression
}

extension Expression.Kind {
    /// The part that stands first in the source, where the node is written behind it.
    var leading: Expression? {
        switch self {
        case .select(let operand, _, _), .index(let operand, _, _), .binary(_, let operand, _),
            .conditional(let operand, _, _):
            operand
        case .and(let operands), .or(let operands): operands.first
        default: nil
        }
    }

    var children: [Expression] {
        switch self {
        case .literal, .name: []
        case .select(let operand, _, _), .unary(_, let operand): [operand]
        case .index(let a, let b, _), .binary(_, let a, let b), .bind(_, let a, let b): [a, b]
        case .call(let target, _, let arguments): (target.map { [$0] } ?? []) + arguments
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .and(let operands), .or(let operands), .fallback(let operands): operands
        case .conditional(let a, let b, let c): [a, b, c]
        case .comprehension(let it): [it.range, it.body] + (it.filter.map { [$0] } ?? [])
        case .block(let values, let body): values + [body]
        }
    }
}
