/// Finds, bottom up, what may be absent and makes an expression an error then.
///
/// Sound, for values of the types that the expression takes them for: an expression without findings is no error for
/// lack of a value, whatever is absent. (A claim that is there and null, or a number where a text is wanted, is another
/// error.) What guards a read is the same expression, by value, asked for by `has()`, `in`, `hasValue()`, a comparison
/// with null, or, for elements of a list, with `size()`.
struct AbsenceAnalysis {
    /// Local variables stand for what is known of their values.
    var names: NameScope<AbsenceFinding>
    var numbers = ExpressionNumbering()
    let source: [UInt8]

    init(_ environment: CELEnvironment, source: [UInt8]) {
        names = NameScope(environment)
        self.source = source
    }

    mutating func find(_ expression: Expression) -> AbsenceFinding {
        switch expression.kind {
        case .literal(let value): return literal(value)
        case .name, .select(_, _, .value), .index(_, _, isOptional: false): return reference(expression)
        case .select(let operand, let field, .presence): return presence(operand, field)
        case .select(let operand, let field, .optional): return optionalField(operand, field)
        case .index(let operand, let key, isOptional: true): return optionalElement(operand, key)
        case .unary(let op, let operand): return unary(op, operand)
        case .binary(let op, let left, let right): return binary(op, left, right)
        case .call(let target, let function, let arguments): return call(target, function, arguments, expression)
        case .list(let elements): return list(elements, expression)
        case .map(let entries): return map(entries, expression)
        case .and(let operands): return junction(operands, isAnd: true)
        case .or(let operands): return junction(operands, isAnd: false)
        case .conditional(let condition, let yes, let no): return conditional(condition, yes, no)
        case .comprehension(let it): return comprehension(it, expression)
        case .bind(let name, let value, let body): return bind([(name, value)], body)
        case .block(let values, let body):
            return bind(values.enumerated().map { ("@index\($0.offset)", $0.element) }, body)
        case .fallback(let attempts): return fallback(attempts)
        }
    }

    /// The finding of an expression where null is as bad as an error.
    mutating func need(_ expression: Expression) -> AbsenceFinding {
        var finding = find(expression)
        requireValue(&finding, expression)
        return finding
    }

    func requireValue(_ finding: inout AbsenceFinding, _ expression: Expression) {
        guard finding.mayBeNull else { return }
        finding.add(
            AbsentRead(
                finding, expression, after: finding.reads, test: test(expression) { "\($0) != null" }))
        finding.mayBeNull = false
    }

    /// A finding of a computation on others: with their reads, and there where it has a value.
    mutating func operation(_ name: String, _ parts: [AbsenceFinding]) -> AbsenceFinding {
        var finding = AbsenceFinding(numbers[.operation(name, parts.map(\.number))])
        for part in parts { finding.add(part.reads) }
        return finding
    }

    mutating func literal(_ value: CELValue) -> AbsenceFinding {
        var finding = AbsenceFinding(numbers.literal(value) ?? numbers.unique())
        if case .null = value { finding.mayBeNull = true }
        return finding
    }

    // MARK: - Logic

    /// `&&` or `||`. An operand that decides absorbs the errors of the others, so what one of them establishes where
    /// it does not decide is there for all that come after it, in whatever order they are taken: the first that fails
    /// has all before it undecided. Taken are those first that cannot fail.
    private mutating func junction(_ operands: [Expression], isAnd: Bool) -> AbsenceFinding {
        let findings = operands.map { need($0) }
        var whole = AbsenceFinding(numbers[.operation(isAnd ? "&&" : "||", findings.map(\.number))])
        var known: Set<Int> = []
        var waiting = Array(findings.indices)
        var passes = 0
        while !waiting.isEmpty {
            // Bounds the work; from then on they are taken as they are written.
            passes += 1
            var next = passes > Self.maxPasses ? waiting : waiting.filter { findings[$0].reads.unless(known).isEmpty }
            if next.isEmpty { next = [waiting[0]] }
            for index in next {
                whole.add(findings[index].reads.unless(known))
                known.formUnion(isAnd ? findings[index].whereTrue : findings[index].whereFalse)
            }
            let taken = Set(next)
            waiting.removeAll(where: taken.contains)
        }
        if isAnd { whole.whereTrue = known } else { whole.whereFalse = known }
        return whole
    }

    private static let maxPasses = 32

    private mutating func conditional(_ condition: Expression, _ yes: Expression, _ no: Expression) -> AbsenceFinding {
        let test = need(condition)
        let branches = (find(yes), find(no))
        var whole = AbsenceFinding(
            numbers[.operation("?:", [test.number, branches.0.number, branches.1.number])])
        whole.add(test.reads)
        whole.add(branches.0.reads.unless(test.whereTrue))
        whole.add(branches.1.reads.unless(test.whereFalse))
        whole.mayBeNull = branches.0.mayBeNull || branches.1.mayBeNull
        return whole
    }

    /// An error of any attempt but the last is what a fallback is for.
    private mutating func fallback(_ attempts: [Expression]) -> AbsenceFinding {
        let findings = attempts.map { find($0) }
        var whole = AbsenceFinding(numbers[.operation("default", findings.map(\.number))])
        guard let first = findings.first, let last = findings.last else { return whole }
        whole.add(last.reads)
        whole.mayBeNull = last.mayBeNull
        if findings.count == 2, let null = numbers.literal(.null), last.number == null {
            whole.whereNotNull = first.whereValue.union(first.whereNotNull)
        }
        return whole
    }

    private mutating func unary(_ op: Operator, _ operand: Expression) -> AbsenceFinding {
        let inner = need(operand)
        var whole = operation(op.rawValue, [inner])
        guard op == .not else { return whole }
        whole.whereTrue = inner.whereFalse
        whole.whereFalse = inner.whereTrue
        return whole
    }

    // MARK: - Variables

    /// Values are computed where they are first read, so their reads count there.
    private mutating func bind(_ values: [(String, Expression)], _ body: Expression) -> AbsenceFinding {
        for (name, value) in values { names.push(name, find(value)) }
        defer { names.pop(values.count) }
        return find(body)
    }

    private mutating func comprehension(_ it: Comprehension, _ expression: Expression) -> AbsenceFinding {
        var whole = AbsenceFinding(numberByText(expression))
        let range = need(it.range)
        let first = AbsenceFinding(numbers.unique())
        // An element is the range at its index or key; of a list that is walked by elements there is no index.
        let element = numbers.element(of: range.number, at: first.number)
        let hasKeys = it.second != nil || isMap(it.range)
        names.push(it.variable, first)
        if let name = it.second { names.push(name, AbsenceFinding(element)) }
        defer { names.pop(it.second == nil ? 1 : 2) }
        var known: Set<Int> = hasKeys ? [element] : []
        whole.add(range.reads)
        if let filter = it.filter {
            let test = need(filter)
            whole.add(test.reads.unless(known))
            known.formUnion(test.whereTrue)
        }
        let body = it.kind.isCondition ? need(it.body) : find(it.body)
        whole.add(body.reads.unless(known))
        return whole
    }

    /// Whether a value that is walked is a map, and not a list.
    func isMap(_ expression: Expression) -> Bool {
        if expression.type.isMap { return true }
        // What is known of a request is null or an object.
        guard case .attribute(let attribute)? = names.referent(of: expression) else { return false }
        return attribute.type == .dyn
    }

    // MARK: - Text

    /// A test on the expression as it is written; nil where a variable of a macro is in it.
    func test(_ expression: Expression, _ form: (String) -> String) -> String? {
        mentionsLocal(expression) ? nil : form(text(expression))
    }

    func text(_ expression: Expression) -> String { String(decoding: source[expression.range], as: UTF8.self) }

    /// Of what is the same wherever it is written the same.
    mutating func numberByText(_ expression: Expression) -> Int {
        let isRepeatable = !mentionsLocal(expression) && !callsOnChance(expression)
        return isRepeatable ? numbers[.operation(text(expression), [])] : numbers.unique()
    }

    private func callsOnChance(_ expression: Expression) -> Bool {
        if case .call(let target, let name, _) = expression.kind,
            names.function(target: target, name)?.function.isPure == false
        {
            return true
        }
        return expression.kind.children.contains { callsOnChance($0) }
    }

    private func mentionsLocal(_ expression: Expression) -> Bool {
        if case .name(let name, false) = expression.kind { return names.local(name) != nil }
        return expression.kind.children.contains { mentionsLocal($0) }
    }
}

extension Comprehension.Kind {
    fileprivate var isCondition: Bool {
        switch self {
        case .all, .exists, .existsOne: true
        default: false
        }
    }
}
