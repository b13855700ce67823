internal import CEL
internal import GatewayModel

/// Which attributes that rules read are filled where the rules are asked.
struct FillerCheck {
    private struct Use: Hashable {
        let rule: RuleCompiler.Key
        let attribute: RequestAttribute
    }

    private struct Finding {
        var isFilledSomewhere = false
        /// The first route where it is not; empty for the gateway phase.
        var emptyPlace: String?
    }

    private var findings: [Use: Finding] = [:]
    /// In the order in which they were found.
    private var uses: [Use] = []

    /// Notes what a rule reads at a place, behind these policies of it and before it.
    mutating func note(
        _ program: CELProgram, of rule: RuleCompiler.Key, behind policies: [EffectivePolicy], at place: PolicyPlace
    ) {
        let route: String
        switch place.route {
        case .notChosenYet: route = ""
        case .named(let name): route = name
        case .none: return
        }
        for id in program.attributes {
            guard let attribute = RequestAttribute(rawValue: id), let filler = attribute.entry.filler else { continue }
            let use = Use(rule: rule, attribute: attribute)
            if findings[use] == nil { uses.append(use) }
            var finding = findings[use] ?? Finding()
            if filler.stands(at: place) || policies.contains(where: filler.stands(in:)) {
                finding.isFilledSomewhere = true
            } else {
                finding.emptyPlace = finding.emptyPlace ?? route
            }
            findings[use] = finding
        }
    }

    /// A warning for each rule and attribute that is not filled.
    var diagnostics: [Diagnostic] {
        uses.compactMap { use in
            guard let finding = findings[use], let place = finding.emptyPlace, let filler = use.attribute.entry.filler
            else { return nil }
            let entry = use.attribute.entry
            let state = entry.type == .dyn ? "null" : "absent"
            // Of several routes one is named: those that are alike were compiled once.
            let whereTo = finding.isFilledSomewhere && !place.isEmpty ? " on some routes, such as `\(place)`" : ""
            return Diagnostic(
                .warning, "root_never_filled", "`\(entry.path)` is always \(state)\(whereTo): \(filler.absence)",
                at: use.rule.provenance, hint: filler.remedy(isInGatewayPhase: place.isEmpty))
        }
    }
}
