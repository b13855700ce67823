/// One use that an expression makes of what its environment has.
package struct CELUse: Sendable {
    package enum Part: Equatable, Sendable {
        /// By its path.
        case attribute(String)
        /// By its name, and those of its overloads that the call may mean.
        case function(String, [CELSignature])
        /// As `CELMacroReference.keys` names it.
        case macro(String)
        /// The name of a type, as a value: `list`.
        case typeName(String)
    }

    package let part: Part
    /// Byte offset in the source.
    package let offset: Int
}

extension CELParsedExpression {
    /// All uses, in the order of the source. Names that stand for nothing, and calls that no overload takes, are none.
    package var uses: [CELUse] { (macros + checked.uses).sorted { $0.offset < $1.offset } }
}
