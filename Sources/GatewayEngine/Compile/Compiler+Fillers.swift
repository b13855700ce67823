internal import CEL
internal import GatewayModel

/// Which attributes that expressions read are filled where they are asked.
///
/// Whatever is compiled is noted by `Compiler.program`, and waits until its place is known; what places share notes it
/// at each of them (`Compiler.shared`). So no expression comes into a snapshot that was not looked at.
struct FillerCheck {
    private struct Read: Hashable {
        let expression: Expression
        let stage: ExpressionStage
        let attribute: RequestAttribute
        let filler: AttributeFiller
    }

    private struct Finding {
        var isFilledSomewhere = false
        /// The first place where it is not.
        var empty: PolicyPlace.RouteName?
        /// It is asked where any route may have filled it.
        var isAskedAtTheEnd = false
    }

    private var numbers: [Read: Int] = [:]
    /// In the order in which they were found.
    private var reads: [Read] = []
    private var findings: [Finding] = []
    /// Those that have been compiled since the last place was settled.
    private(set) var pending: [Int] = []
    /// Of all places.
    private var fillers: Set<AttributeFiller> = []

    mutating func note(_ program: CELProgram, of expression: Expression, at stage: ExpressionStage) {
        for id in program.attributes.sorted() {
            guard let attribute = RequestAttribute(rawValue: id), let filler = attribute.entry.filler else { continue }
            let read = Read(expression: expression, stage: stage, attribute: attribute, filler: filler)
            pending.append(number(of: read))
        }
    }

    private mutating func number(of read: Read) -> Int {
        if let known = numbers[read] { return known }
        numbers[read] = reads.count
        reads.append(read)
        findings.append(Finding())
        return reads.count - 1
    }

    /// Takes what is pending apart from what `compile` notes.
    mutating func suspend() -> [Int] {
        defer { pending = [] }
        return pending
    }

    mutating func resume(_ suspended: [Int]) { pending = suspended + pending }

    /// What is pending stands at this place, whose policies these are.
    mutating func settle(_ policy: EffectivePolicy, at place: PolicyPlace) {
        // Of a hundred thousand places none makes a list.
        for filler in AttributeFiller.every
        where !fillers.contains(filler) && (filler.stands(at: place) || filler.stands(in: policy)) {
            fillers.insert(filler)
        }
        defer { pending = [] }
        if case .none = place.route { return }
        for number in pending {
            let read = reads[number]
            if read.stage.isAskedAtTheEnd(of: place) {
                findings[number].isAskedAtTheEnd = true
            } else if read.filler.stands(at: place) || read.filler.stands(in: place.earlier)
                || (read.stage.comesBehind(read.filler) && read.filler.stands(in: policy))
            {
                findings[number].isFilledSomewhere = true
            } else if findings[number].empty == nil {
                findings[number].empty = place.route
            }
        }
    }

    /// What is pending is asked behind all policies, of whichever place.
    mutating func settleAtTheEnd() {
        for number in pending { findings[number].isAskedAtTheEnd = true }
        pending = []
    }

    /// A warning for each expression and attribute that is not filled.
    ///
    /// - Parameter knowsAll: whether all places have been settled, those that stay as they were, too.
    func diagnostics(knowsAll: Bool) -> [Diagnostic] {
        assert(pending.isEmpty, "an expression was compiled for no place")
        return zip(reads, findings).compactMap { read, finding in
            if finding.isAskedAtTheEnd {
                return knowsAll && !fillers.contains(read.filler) ? warning(read, nil, finding) : nil
            }
            return finding.empty.map { warning(read, $0, finding) }
        }
    }

    private func warning(_ read: Read, _ place: PolicyPlace.RouteName?, _ finding: Finding) -> Diagnostic {
        let entry = read.attribute.entry
        let state = entry.type == .dyn ? "null" : "absent"
        var whereTo = ""
        // Of several routes one is named: those that are alike were compiled once.
        if finding.isFilledSomewhere, case .named(let route) = place { whereTo = " on some routes, such as `\(route)`" }
        return Diagnostic(
            .warning, "root_never_filled",
            "`\(entry.path)` is always \(state)\(whereTo): "
                + read.filler.absence(before: place == nil ? nil : read.stage),
            at: read.expression.provenance, hint: read.filler.remedy(before: read.stage, at: place))
    }
}

extension Compiler {
    /// What is compiled once and holds at many places, with what its expressions read.
    struct Shared<Made> {
        let made: Made
        fileprivate let reads: [Int]
    }

    /// What was made for a key, or is made now: at each place where it holds its expressions are looked at.
    mutating func shared<Key: Hashable, Made>(
        _ known: WritableKeyPath<Compiler, [Key: Shared<Made>]>, _ key: Key, _ make: (inout Compiler) -> Made
    ) -> Made {
        if let shared = self[keyPath: known][key] {
            fillers.resume(shared.reads)
            return shared.made
        }
        let outer = fillers.suspend()
        let made = make(&self)
        self[keyPath: known][key] = Shared(made: made, reads: fillers.pending)
        fillers.resume(outer)
        return made
    }
}
