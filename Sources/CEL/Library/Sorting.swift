extension CELValue {
    /// `elements` in the order of `keys`, stable; an error where two keys have no order.
    static func sorted(_ elements: [CELValue], by keys: [CELValue], _ frame: inout CELFrame) -> CELValue {
        guard frame.spend(bytes: elements.count * 64) else { return .failure(.budgetExceeded) }
        guard let first = keys.first else { return .list([]) }
        for key in keys where first.compare(to: key) == nil || key.typeName != first.typeName { return .noSuchOverload }
        let order = keys.indices.sorted { a, b in
            switch keys[a].compare(to: keys[b]) {
            case .less: true
            case .equal: a < b
            default: false
            }
        }
        return .list(order.map { elements[$0] })
    }
}
