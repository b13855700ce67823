extension ScalarSet {
    /// A general category of Unicode (`Lu`) or all that begin with its letter (`L`), or `Any`. By the version of
    /// Unicode that Swift's library has. Nil for another name.
    static func category(_ name: String) -> ScalarSet? {
        if name == "Any" { return all }
        let ranges = categories.filter { $0.key.hasPrefix(name) }.flatMap(\.value)
        return name.isEmpty || ranges.isEmpty ? nil : ScalarSet(ranges)
    }

    /// The ranges of each category by its two letters; made when a pattern asks for the first. Surrogates and what
    /// has no character (`Cs`, `Cn`) stand in none.
    private static let categories: [String: [ClosedRange<UInt32>]] = {
        var found: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = [:]
        var current: (category: Unicode.GeneralCategory, first: UInt32, last: UInt32)?
        for value in 0...maximum {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let category = scalar.properties.generalCategory
            if let run = current, run.category == category, run.last + 1 == value {
                current = (category, run.first, value)
                continue
            }
            if let run = current { found[run.category, default: []].append(run.first...run.last) }
            current = (category, value, value)
        }
        if let run = current { found[run.category, default: []].append(run.first...run.last) }
        return Dictionary(
            uniqueKeysWithValues: found.compactMap { category, ranges in category.letters.map { ($0, ranges) } })
    }()
}

extension Unicode.GeneralCategory {
    /// As patterns name it (UAX #44, table 12); nil where no character has it.
    fileprivate var letters: String? {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .privateUse: "Co"
        case .surrogate, .unassigned: nil
        @unknown default: nil
        }
    }
}
