internal import GatewayModel

/// Holds a document against what the original dialect has alone: what Tollgate adds is an error.
///
/// For a file that has to go back, or serves both. The document is one that the dialect reads; what it does not
/// know at all is reported there.
struct StrictSchema {
    let findings: Findings

    func check(_ node: DocumentNode, _ shape: ObjectShape, at place: Provenance? = nil) {
        guard case .mapping(let entries) = node.content else { return }
        for entry in entries where !entry.value.isNull {
            guard let field = shape.field(entry.key) else { continue }
            guard field.status != .ours else {
                findings.error(
                    "field_extension",
                    "`\(entry.key)` is an addition of Tollgate: \(findings.dialectName) refuses a file that has it",
                    at: entry.keyProvenance, hint: "remove it where the file has to work with both")
                continue
            }
            check(entry.value, field.kind)
        }
        for name in shape.requiredByOriginal where !entries.contains(where: { $0.key == name && !$0.value.isNull }) {
            findings.error(
                "field_missing_for_original",
                "\(shape.name) needs `\(name)` for \(findings.dialectName), which has no default for it",
                at: place ?? node.provenance)
        }
    }

    private func check(_ node: DocumentNode, _ kind: FieldShape.Kind) {
        switch kind {
        case .object(let shape): check(node, shape)
        case .list(let item):
            if case .sequence(let items) = node.content { for node in items { check(node, item) } }
        case .map(let item):
            if case .mapping(let entries) = node.content { for entry in entries { check(entry.value, item) } }
        case .either(let kinds):
            if let form = kinds.max(by: { $0.likeness(to: node) < $1.likeness(to: node) }) { check(node, form) }
        case .ours:
            findings.error(
                "value_extension",
                "\(node.label): this form is an addition of Tollgate that \(findings.dialectName) does not read",
                at: node.provenance)
        case .string, .secret, .integer, .number, .boolean, .duration, .choice, .anything: break
        }
    }
}

extension FieldShape.Kind {
    /// How well a node fits: which of several forms its author chose.
    fileprivate func likeness(to node: DocumentNode) -> Int {
        switch (self, node.content) {
        case (.object(let shape), .mapping(let entries)):
            2 + entries.count { shape.field($0.key) != nil } - entries.count { shape.field($0.key) == nil }
        case (.map, .mapping), (.list, .sequence): 1
        case (.choice(let names, _), .scalar(let scalar)): names.contains(scalar.text) ? 2 : 0
        case (.string, .scalar), (.secret, .scalar), (.integer, .scalar), (.number, .scalar), (.boolean, .scalar),
            (.duration, .scalar):
            1
        case (.ours(let kind), _): kind.likeness(to: node)
        case (.either(let kinds), _): kinds.map { $0.likeness(to: node) }.max() ?? 0
        default: 0
        }
    }
}
