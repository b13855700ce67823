/// Names, members and elements.
extension AbsenceAnalysis {
    mutating func reference(_ expression: Expression) -> AbsenceFinding {
        switch names.referent(of: expression) {
        case .local(let finding): return finding
        case .attribute(let attribute): return read(attribute, expression)
        case .type, .group: return AbsenceFinding(numbers.unique())
        case nil: break
        }
        switch expression.kind {
        case .select(let operand, let field, _): return member(operand, field, expression)
        case .index(let operand, let key, _): return element(operand, key, expression)
        default: return AbsenceFinding(numbers.unique())
        }
    }

    private mutating func read(_ attribute: CELEnvironment.Attribute, _ expression: Expression) -> AbsenceFinding {
        var finding = AbsenceFinding(numbers[.attribute(attribute.path)])
        finding.mayBeNull = attribute.type == .dyn
        if attribute.isOptional {
            finding.add(
                AbsentRead(
                    finding, expression, after: finding.reads,
                    test: "has(\(attribute.path))"))
        }
        return finding
    }

    /// What `operand` is, where it is an attribute that may have members: its absence is that of the member.
    private mutating func wholeAttribute(_ operand: Expression) -> AbsenceFinding? {
        guard case .attribute(let attribute)? = names.referent(of: operand), attribute.type.mayBeMap else { return nil }
        return AbsenceFinding(numbers[.attribute(attribute.path)])
    }

    private mutating func member(_ operand: Expression, _ field: String, _ expression: Expression) -> AbsenceFinding {
        let container = wholeAttribute(operand) ?? need(operand)
        var finding = AbsenceFinding(numbers[.field(of: container.number, field)])
        finding.add(container.reads)
        if operand.type.isOptional { return finding }
        finding.alsoWhereValue.formUnion(container.whereValue)
        if !operand.displays(.string(CELBuffer(field))) {
            finding.add(
                AbsentRead(
                    finding, expression, after: finding.reads,
                    test: test(expression) { "has(\($0))" }))
        }
        return finding
    }

    private mutating func element(_ operand: Expression, _ key: Expression, _ expression: Expression) -> AbsenceFinding
    {
        let container = need(operand)
        let place = need(key)
        var finding = AbsenceFinding(numbers.element(of: container.number, at: place.number))
        finding.add(container.reads)
        finding.add(place.reads)
        if operand.type.isOptional { return finding }
        finding.alsoWhereValue.formUnion(container.whereValue)
        finding.alsoWhereValue.formUnion(place.whereValue)
        if case .literal(let value) = key.kind, operand.displays(value) { return finding }
        let asks = isName(key) || operand.type.isMap
        finding.add(
            AbsentRead(
                finding, expression, after: finding.reads,
                test: test(expression) {
                    guard asks else { return "default(\($0), null) != null" }
                    return "\(key.isTight ? text(key) : "(\(text(key)))") in \(text(operand))"
                }))
        return finding
    }

    /// Whether the expression is a text for sure, so that what it is `in` has it as a key wherever that has keys.
    func isName(_ key: Expression) -> Bool { key.type == .string }

    // MARK: - Asking

    mutating func presence(_ operand: Expression, _ field: String) -> AbsenceFinding {
        switch names.referent(of: operand, field: field) {
        case .attribute(let attribute):
            var finding = operation("has", [AbsenceFinding(numbers[.attribute(attribute.path)])])
            finding.whereTrue = [numbers[.attribute(attribute.path)]]
            return finding
        case .group: return AbsenceFinding(numbers.unique())
        default: break
        }
        let container = wholeAttribute(operand) ?? need(operand)
        let member = numbers[.field(of: container.number, field)]
        var finding = AbsenceFinding(numbers[.operation("has", [member])])
        finding.add(container.reads)
        // Of an optional there is an optional.
        if !operand.type.isOptional { finding.whereTrue = container.whereValue.union([member]) }
        return finding
    }

    mutating func optionalField(_ operand: Expression, _ field: String) -> AbsenceFinding {
        if case .attribute(let attribute)? = names.referent(of: operand, field: field) {
            let number = numbers[.attribute(attribute.path)]
            var finding = AbsenceFinding(numbers[.operation("?", [number])])
            finding.wherePresent = [number]
            return finding
        }
        let container = find(operand)
        let member = numbers[.field(of: container.number, field)]
        return optional(member, of: container, operand)
    }

    mutating func optionalElement(_ operand: Expression, _ key: Expression) -> AbsenceFinding {
        let container = find(operand)
        let place = need(key)
        var finding = optional(numbers.element(of: container.number, at: place.number), of: container, operand)
        finding.add(place.reads)
        return finding
    }

    /// Null has no members, and so there is no optional of one.
    private mutating func optional(
        _ member: Int, of container: AbsenceFinding, _ operand: Expression
    ) -> AbsenceFinding {
        var finding = AbsenceFinding(numbers[.operation("?", [member])])
        finding.add(container.reads)
        let outer = operand.type.isOptional ? container.wherePresent : container.whereValue
        finding.wherePresent = outer.union([member])
        return finding
    }

    // MARK: - Aggregates

    mutating func list(_ elements: [Expression.Element], _ expression: Expression) -> AbsenceFinding {
        var finding = AbsenceFinding(numberByText(expression))
        for element in elements { finding.add(find(element.value).reads) }
        return finding
    }

    mutating func map(_ entries: [Expression.Entry], _ expression: Expression) -> AbsenceFinding {
        var finding = AbsenceFinding(numberByText(expression))
        for entry in entries {
            finding.add(need(entry.key).reads)
            finding.add(find(entry.value).reads)
        }
        return finding
    }
}

extension Expression {
    /// Whether this is written as a list or map that has this index or key.
    fileprivate func displays(_ key: CELValue) -> Bool {
        switch (kind, key) {
        case (.map(let entries), _):
            entries.contains {
                guard !$0.isOptional, case .literal(let written) = $0.key.kind else { return false }
                return written.typeName == key.typeName && written.isEqual(to: key)
            }
        case (.list(let elements), .int(let index)):
            index >= 0 && index < elements.prefix { !$0.isOptional }.count
        default: false
        }
    }

    /// Whether it binds closer than `in` does.
    fileprivate var isTight: Bool {
        switch kind {
        case .binary(.add, _, _), .binary(.subtract, _, _): true
        case .binary(.multiply, _, _), .binary(.divide, _, _), .binary(.modulo, _, _): true
        case .binary: false
        case .and, .or, .conditional: false
        default: true
        }
    }
}
