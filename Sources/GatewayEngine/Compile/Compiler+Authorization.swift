internal import CEL
internal import GatewayModel

/// Compiled rules by where they were written, so that places share them.
struct RuleCompiler {
    struct Key: Hashable {
        let expression: String
        let provenance: Provenance
        let answer: AuthorizationRule.Answer?

        init(_ rule: AuthorizationRule) {
            expression = rule.expression
            provenance = rule.provenance
            answer = rule.answer
        }
    }

    struct Text: Hashable {
        let text: String
        let use: ExpressionUse
    }

    /// What the rules of a place depend on: the attachments they come from, and what stands beside and before.
    struct Place: Hashable {
        let attachments: [Int]
        let authenticator: ObjectIdentifier?
        let combined: ObjectIdentifier?
        let consumers: ObjectIdentifier?
        let basic: ObjectIdentifier?
        let apiKeys: ObjectIdentifier?
        let earlierAuthenticator: ObjectIdentifier?
        let earlierConsumers: ObjectIdentifier?
        let earlierBasic: ObjectIdentifier?
        let earlierAPIKeys: ObjectIdentifier?
        let earlierAuthorizer: ObjectIdentifier?

        init(_ attachments: [Int], beside policy: EffectivePolicy, after earlier: EffectivePolicy) {
            self.attachments = attachments
            authenticator = policy.jwtAuthentication.map(ObjectIdentifier.init)
            combined = policy.furtherAuthentication?.combined.map(ObjectIdentifier.init)
            consumers = policy.furtherAuthentication?.consumers.map(ObjectIdentifier.init)
            basic = policy.furtherAuthentication?.basic.map(ObjectIdentifier.init)
            apiKeys = policy.furtherAuthentication?.apiKeys.map(ObjectIdentifier.init)
            earlierAuthenticator = earlier.jwtAuthentication.map(ObjectIdentifier.init)
            earlierConsumers = earlier.furtherAuthentication?.consumers.map(ObjectIdentifier.init)
            earlierBasic = earlier.furtherAuthentication?.basic.map(ObjectIdentifier.init)
            earlierAPIKeys = earlier.furtherAuthentication?.apiKeys.map(ObjectIdentifier.init)
            earlierAuthorizer = earlier.authorization.map(ObjectIdentifier.init)
        }
    }

    var authorizers: [Place: Compiler.Shared<Authorizer?>] = [:]
    var rules: [Key: Compiler.Shared<CompiledRule?>] = [:]
    var parsed: [Text: CELParsedExpression] = [:]
    var programs: [Text: CELProgram] = [:]
    /// What deny rules read that may be absent, by what is known to be there.
    var absences: [Set<String>: [String: CELAbsences]] = [:]
    /// Deny rules that were pointed out.
    var warned: Set<Key> = []
}

extension Compiler {
    /// The rules of these attachments, in their order; routes that have the same share them.
    ///
    /// - Parameter policy: the other slots of the place.
    mutating func authorizer(
        _ attachments: [Int], beside policy: EffectivePolicy, at policyPlace: PolicyPlace
    ) -> Authorizer? {
        let earlier = policyPlace.earlier
        let place = RuleCompiler.Place(attachments, beside: policy, after: earlier)
        return shared(\.rules.authorizers, place) { compiler in
            let rules = attachments.flatMap { compiler.configuration.attachments[$0].policy.authorizationRules }
            let trial = compiler.trial(attachments)
            guard !rules.isEmpty || trial != nil else { return nil }
            return compiler.authorizer(rules, trial: trial, beside: policy, after: earlier)
        }
    }

    private mutating func authorizer(
        _ rules: [AuthorizationRule], trial: Authorizer?, beside policy: EffectivePolicy, after earlier: EffectivePolicy
    ) -> Authorizer {
        var guaranteed = (policy.jwtAuthentication ?? earlier.jwtAuthentication)?.guaranteedClaims ?? []
        if policy.furtherAuthentication?.basic?.credential.presence == .strict {
            guaranteed.formUnion(["basicAuth", "basicAuth.username"])
        }
        let compiled = rules.compactMap { rule in
            if rule.effect == .deny { warnOfAbsence(rule, guaranteed) }
            return compile(rule)
        }
        let authorizer = Authorizer(compiled, onDenyError: configuration.expressions.onDenyError, trial: trial)
        warnIfOpen(authorizer, beside: policy, after: earlier)
        return authorizer
    }

    /// The rules of these attachments that only log; nil where there are none.
    private mutating func trial(_ attachments: [Int]) -> Authorizer? {
        let rules = attachments.flatMap { configuration.attachments[$0].policy.loggedRules }
        guard !rules.isEmpty else { return nil }
        let compiled = rules.compactMap { compile($0) }
        for rule in compiled where rule.readsBody {
            report(
                Diagnostic(
                    .error, "log_only_reads_body",
                    "a rule that only logs cannot read the body: requests would wait for it",
                    at: rule.provenance, hint: "leave this rule out until it is to count"))
        }
        return Authorizer(compiled, onDenyError: configuration.expressions.onDenyError)
    }

    private mutating func compile(_ rule: AuthorizationRule) -> CompiledRule? {
        shared(\.rules.rules, RuleCompiler.Key(rule)) { compiler in
            let expression = Expression(rule.expression, at: rule.provenance)
            let asked = "an authorization rule must be true or false"
            return compiler.program(expression, of: .bool, asked, at: .rule).map { CompiledRule(rule, $0) }
        }
    }

    // MARK: - What is worth a look

    /// A deny rule that reads what is not there cannot be evaluated, and so denies: perhaps everyone.
    private mutating func warnOfAbsence(_ rule: AuthorizationRule, _ guaranteed: Set<String>) {
        let key = RuleCompiler.Key(rule)
        guard configuration.expressions.onDenyError == .deny, !rules.warned.contains(key) else { return }
        let absences = absences(rule.expression, guaranteed)
        guard let first = absences.reads.first, let remedy = absences.remedy else { return }
        let names = absences.reads.map { "`\($0.text)`" }.joined(separator: ", ")
        var diagnostic = Diagnostic(
            .warning, "deny_reads_absent", "where \(names) is absent, this rule denies the request",
            at: rule.provenance, hint: "to let such requests pass the rule, \(remedy.words)")
        diagnostic.inside = TextPlace(first.offset, in: rule.expression)
        report(diagnostic)
        rules.warned.insert(key)
    }

    private mutating func absences(_ expression: String, _ guaranteed: Set<String>) -> CELAbsences {
        if let known = rules.absences[guaranteed]?[expression] { return known }
        // What is no expression is reported where it is compiled.
        let parsed = try? parsed(expression, for: .rule)
        let found = parsed.map { CELAbsences(of: $0, present: guaranteed) } ?? CELAbsences()
        rules.absences[guaranteed, default: [:]][expression] = found
        return found
    }

    /// Where tokens are optional and rules only deny, who brings no token has nothing to fear from them.
    private mutating func warnIfOpen(
        _ authorizer: Authorizer, beside policy: EffectivePolicy, after earlier: EffectivePolicy
    ) {
        let authenticators = [earlier.jwtAuthentication, policy.jwtAuthentication].compactMap { $0 }
        guard let last = authenticators.last, !authenticators.contains(where: \.refusesStrangers),
            ![earlier, policy].contains(where: { $0.furtherAuthentication?.refusesStrangers ?? false })
        else { return }
        let rules = (earlier.authorization?.rules ?? []) + authorizer.rules
        guard !rules.isEmpty, rules.allSatisfy({ $0.effect == .deny }), !rules.contains(where: stopsStrangers) else {
            return
        }
        report(
            Diagnostic(
                .warning, "open_without_token",
                "requests without a token pass: the token is optional here, and all authorization rules are `deny`",
                at: last.provenance,
                hint: "`mode: strict` asks for a token; so does the rule `require: 'jwt != null'`"))
    }

    /// Whether a deny rule denies every request without a token, whatever else is in it.
    private func stopsStrangers(_ rule: CompiledRule) -> Bool {
        guard rule.program.attributes.allSatisfy({ $0 == RequestAttribute.jwt.rawValue }) else { return false }
        return switch rule.program.evaluate(Stranger()) {
        case .bool(let denies): denies
        case .value, .error: configuration.expressions.onDenyError == .deny
        }
    }

    /// A request without a token; good for nothing else.
    private struct Stranger: CELActivation {
        func resolve(_ attribute: Int) -> CELValue { .null }
    }
}

extension Policy {
    fileprivate var authorizationRules: [AuthorizationRule] {
        if case .authorization(let authorization) = self, !authorization.logsOnly { authorization.rules } else { [] }
    }

    fileprivate var loggedRules: [AuthorizationRule] {
        if case .authorization(let authorization) = self, authorization.logsOnly { authorization.rules } else { [] }
    }
}
