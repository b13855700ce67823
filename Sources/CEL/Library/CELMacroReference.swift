/// What the reference page says of macros; the parser expands them (`Parser+Macros.swift`).
package struct CELMacroReference: Sendable {
    package let form: String
    /// What uses of it are called (`CELUse.Part.macro`): its name, with the number of arguments where it is a member.
    package let keys: [String]
    package let documentation: String

    private init(_ form: String, _ keys: String..., documentation: String) {
        self.form = form
        self.keys = keys
        self.documentation = documentation
    }

    package static let all = [
        CELMacroReference(
            "has(a.b)", "has",
            documentation: "Whether `a` has a member `b`."),
        CELMacroReference(
            "default(x, y)", "default",
            documentation: "`x`, or `y` where `x` is null or cannot be evaluated."),
        CELMacroReference(
            "coalesce(x, y, z)", "coalesce",
            documentation: "The first that is neither null nor an error."),
        CELMacroReference(
            "list.all(e, test)", "all/2",
            documentation: "Whether the test holds for every element; for every key of a map."),
        CELMacroReference(
            "list.exists(e, test)", "exists/2",
            documentation: "Whether it holds for one."),
        CELMacroReference(
            "list.exists_one(e, test)", "exists_one/2", "existsOne/2",
            documentation: "Whether it holds for exactly one; also `existsOne`."),
        CELMacroReference(
            "list.filter(e, test)", "filter/2",
            documentation: "The elements for which it holds."),
        CELMacroReference(
            "list.map(e, x)", "map/2",
            documentation: "A list of what `x` is for each element."),
        CELMacroReference(
            "list.map(e, test, x)", "map/3",
            documentation: "The same for the elements for which the test holds."),
        CELMacroReference(
            "list.sortBy(e, key)", "sortBy/2",
            documentation: "The elements in the order of their keys."),
        CELMacroReference(
            "map.all(k, v, test)", "all/3", "exists/3", "exists_one/3", "existsOne/3",
            documentation: "With key and value (of a list: index and element); also `exists`, `existsOne`."),
        CELMacroReference(
            "map.transformList(k, v, x)", "transformList/3", "transformList/4",
            documentation: "A list of what `x` is for each entry; a filter may stand before `x`."),
        CELMacroReference(
            "map.transformMap(k, v, x)", "transformMap/3", "transformMap/4",
            documentation: "The same keys with other values; a filter may stand before `x`."),
        CELMacroReference(
            "map.transformMapEntry(k, v, {x: y})", "transformMapEntry/3", "transformMapEntry/4",
            documentation: "Other keys and values."),
        CELMacroReference(
            "map.mapValues(v, x)", "mapValues/2",
            documentation: "The same keys with other values."),
        CELMacroReference(
            "map.filterKeys(k, test)", "filterKeys/2",
            documentation: "The entries whose key passes."),
        CELMacroReference(
            "map.removeKeys(k, test)", "removeKeys/2",
            documentation: "The entries whose key does not."),
        CELMacroReference(
            "x.with(name, y)", "with/2",
            documentation: "`y`, in which `name` is `x`."),
        CELMacroReference(
            "cel.bind(name, x, y)", "cel.bind",
            documentation: "The same, written as CEL's extension has it."),
        CELMacroReference(
            "optional.optMap(e, x)", "optMap/2",
            documentation: "An optional of `x`, where there is a value."),
        CELMacroReference(
            "optional.optFlatMap(e, x)", "optFlatMap/2",
            documentation: "`x`, itself an optional, where there is a value."),
        CELMacroReference(
            "a.?b, a[?b]", "?",
            documentation: "An optional of the member, or none."),
        CELMacroReference(
            "max(x, y), min(x, y)", "max", "min",
            documentation: "The greatest or least; as `math.greatest` and `math.least`."),
    ]
}
