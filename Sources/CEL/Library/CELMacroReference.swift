/// What the reference page says of macros; the parser expands them (`Parser+Macros.swift`).
package struct CELMacroReference: Sendable {
    package let form: String
    package let documentation: String

    private init(_ form: String, _ documentation: String) {
        self.form = form
        self.documentation = documentation
    }

    package static let all = [
        CELMacroReference("has(a.b)", "Whether `a` has a member `b`."),
        CELMacroReference("default(x, y)", "`x`, or `y` where `x` is null or cannot be evaluated."),
        CELMacroReference("coalesce(x, y, z)", "The first that is neither null nor an error."),
        CELMacroReference("list.all(e, test)", "Whether the test holds for every element; for every key of a map."),
        CELMacroReference("list.exists(e, test)", "Whether it holds for one."),
        CELMacroReference("list.exists_one(e, test)", "Whether it holds for exactly one; also `existsOne`."),
        CELMacroReference("list.filter(e, test)", "The elements for which it holds."),
        CELMacroReference("list.map(e, x)", "A list of what `x` is for each element."),
        CELMacroReference("list.map(e, test, x)", "The same for the elements for which the test holds."),
        CELMacroReference("list.sortBy(e, key)", "The elements in the order of their keys."),
        CELMacroReference(
            "map.all(k, v, test)", "With key and value (of a list: index and element); also `exists`, `existsOne`."),
        CELMacroReference(
            "map.transformList(k, v, x)", "A list of what `x` is for each entry; a filter may stand before `x`."),
        CELMacroReference(
            "map.transformMap(k, v, x)", "The same keys with other values; a filter may stand before `x`."),
        CELMacroReference("map.transformMapEntry(k, v, {x: y})", "Other keys and values."),
        CELMacroReference("map.mapValues(v, x)", "The same keys with other values."),
        CELMacroReference("map.filterKeys(k, test)", "The entries whose key passes."),
        CELMacroReference("map.removeKeys(k, test)", "The entries whose key does not."),
        CELMacroReference("x.with(name, y)", "`y`, in which `name` is `x`."),
        CELMacroReference("cel.bind(name, x, y)", "The same, written as CEL's extension has it."),
        CELMacroReference("optional.optMap(e, x)", "An optional of `x`, where there is a value."),
        CELMacroReference("optional.optFlatMap(e, x)", "`x`, itself an optional, where there is a value."),
        CELMacroReference("a.?b, a[?b]", "An optional of the member, or none."),
        CELMacroReference("max(x, y), min(x, y)", "The greatest or least; as `math.greatest` and `math.least`."),
    ]
}
