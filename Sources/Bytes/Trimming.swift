extension BidirectionalCollection {
    /// What is left without the elements at both ends for which `isOuter` holds.
    package func trimming(while isOuter: (Element) -> Bool) -> SubSequence {
        let rest = drop(while: isOuter)
        guard let last = rest.lastIndex(where: { !isOuter($0) }) else { return rest }
        return rest[...last]
    }
}

extension BidirectionalCollection<Character> {
    package var withoutOuterSpaces: String { String(trimming { $0 == " " }) }
}

extension BidirectionalCollection<UInt8> {
    /// Blanks here are the space and all control characters below it.
    package var withoutOuterBlanks: [UInt8] { Array(trimming { $0 <= ASCII.space }) }
}
