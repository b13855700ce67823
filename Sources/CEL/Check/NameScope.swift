/// The local variables in scope, and what everything else is called.
///
/// The checker keeps a type for each local, the planner a slot.
struct NameScope<Local> {
    let environment: CELEnvironment
    private var locals: [(name: String, value: Local)] = []

    init(_ environment: CELEnvironment) {
        self.environment = environment
    }

    mutating func push(_ name: String, _ value: Local) { locals.append((name, value)) }

    mutating func pop(_ count: Int = 1) { locals.removeLast(count) }

    func local(_ name: String) -> Local? { locals.last { $0.name == name }?.value }

    var localNames: [String] { locals.map(\.name) }

    enum Referent {
        case local(Local)
        case attribute(CELEnvironment.Attribute)
        case type(CELType, CELTypeName)
        /// A declared prefix of attributes that is none itself; its full name.
        case group(String)
    }

    /// What a name, or a chain of selections taken as one name, stands for; nil where it is no such thing.
    func referent(of expression: Expression) -> Referent? {
        guard let path = path(of: expression) else { return nil }
        if path.isLocal {
            guard case .name(let name, _) = expression.kind else { return nil }
            return local(name).map { .local($0) }
        }
        return referent(path.text, isAbsolute: path.isAbsolute)
    }

    /// What the member `field` of `operand` stands for where both are one declared name.
    func referent(of operand: Expression, field: String) -> Referent? {
        guard let path = path(of: operand), !path.isLocal else { return nil }
        return referent("\(path.text).\(field)", isAbsolute: path.isAbsolute)
    }

    private func referent(_ name: String, isAbsolute: Bool) -> Referent? {
        for candidate in environment.candidates(name, isAbsolute: isAbsolute) {
            if let attribute = environment.attribute(candidate) { return .attribute(attribute) }
            if let (type, name) = CELType.named(candidate) { return .type(.type(type), name) }
            if environment.members[candidate] != nil { return .group(candidate) }
        }
        return nil
    }

    private struct Path {
        var text: String
        var isAbsolute: Bool
        var isLocal: Bool
    }

    /// The dotted name that an expression spells; `group["member"]` counts as `group.member`.
    private func path(of expression: Expression) -> Path? {
        switch expression.kind {
        case .name(let name, let isAbsolute):
            return Path(text: name, isAbsolute: isAbsolute, isLocal: !isAbsolute && local(name) != nil)
        case .select(let operand, let field, .value):
            return path(of: operand).map { extend($0, by: field) }
        case .index(let operand, let key, isOptional: false):
            guard case .literal(.string(let field)) = key.kind, let path = path(of: operand), !path.isLocal,
                environment.members[path.text] != nil
            else { return nil }
            return extend(path, by: field.text)
        default: return nil
        }
    }

    private func extend(_ path: Path, by field: String) -> Path {
        Path(text: "\(path.text).\(field)", isAbsolute: path.isAbsolute, isLocal: path.isLocal)
    }

    /// The function that a call means, and whether what stands before the dot is part of its name.
    func function(
        target: Expression?, _ name: String
    ) -> (function: CELFunction, isMember: Bool)? {
        guard let target else {
            for candidate in environment.candidates(name, isAbsolute: false) {
                if let function = environment.function(candidate) { return (function, false) }
            }
            return nil
        }
        if let path = path(of: target), !path.isLocal {
            for candidate in environment.candidates("\(path.text).\(name)", isAbsolute: path.isAbsolute) {
                if let function = environment.function(candidate) { return (function, false) }
            }
        }
        return environment.function(name).map { ($0, true) }
    }
}
