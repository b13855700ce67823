internal import CEL
internal import GatewayModel

extension Compiler {
    /// What expressions about a request are compiled against.
    func environment(_ use: ExpressionUse) -> CELEnvironment {
        var environment = use.environment
        environment.checking = configuration.expressions.checking == .typed ? .typed : .parseOnly
        return environment
    }

    /// The program of an expression; nil, and reported, where it is none or answers something else.
    ///
    /// The only way to one: what it reads is looked at where its place is settled (`FillerCheck`).
    ///
    /// - Parameters:
    ///   - type: nil: any.
    ///   - asked: what must be answered, as a sentence: `a rule must be true or false`.
    mutating func program(
        _ expression: Expression, of type: CELType?, _ asked: String, at stage: ExpressionStage
    ) -> CELProgram? {
        do throws(CELCompileError) {
            let program = try compiled(expression.text, for: stage.use)
            guard type == nil || program.type == type || program.type == .dyn else {
                refuse(expression, "\(asked), this one is a \(program.type)")
                return nil
            }
            guard stage.awaitsBody || !program.readsBody else {
                refuse(expression, "'request.body' is not there: this is asked before a request's body has come")
                return nil
            }
            advise(expression, for: stage.use)
            refuseAdditions(expression, for: stage.use)
            fillers.note(program, of: expression, at: stage)
            return program
        } catch {
            for issue in error.issues { report(.error, "expression_invalid", issue, in: expression) }
            return nil
        }
    }

    /// The value of an expression that has been compiled, as JSON text.
    func jsonProgram(_ expression: Expression, at stage: ExpressionStage) -> CELProgram? {
        try? CELProgram("toJson(\n\(expression.text)\n)", environment: environment(stage.use))
    }

    private mutating func compiled(_ text: String, for use: ExpressionUse) throws(CELCompileError) -> CELProgram {
        let key = RuleCompiler.Text(text: text, use: use)
        if let known = rules.programs[key] { return known }
        let program = try CELProgram(parsed(text, for: use))
        rules.programs[key] = program
        return program
    }

    mutating func parsed(_ text: String, for use: ExpressionUse) throws(CELCompileError) -> CELParsedExpression {
        let key = RuleCompiler.Text(text: text, use: use)
        if let known = rules.parsed[key] { return known }
        let parsed = try CELParsedExpression(text, in: environment(use))
        rules.parsed[key] = parsed
        return parsed
    }

    /// Where names are not checked, what stands for nothing is known all the same.
    private mutating func advise(_ expression: Expression, for use: ExpressionUse) {
        guard configuration.expressions.checking == .parseOnly,
            let parsed = try? parsed(expression.text, for: use)
        else { return }
        for issue in CELAdvice(on: parsed).unknownNames {
            report(.warning, "expression_unknown_name", issue, in: expression)
        }
    }

    private mutating func refuseAdditions(_ expression: Expression, for use: ExpressionUse) {
        guard let vocabulary, let parsed = try? parsed(expression.text, for: use) else { return }
        for use in parsed.uses {
            guard let (name, instead) = vocabulary.addition(in: use) else { continue }
            let issue = CELIssue(
                .unsupported,
                "`\(name)` is an addition of Tollgate: \(vocabulary.name) takes a file that uses it, and fails whenever "
                    + "it evaluates the expression, so that a `deny` rule lets requests pass",
                at: use.offset, hint: instead.map { "write \($0)" } ?? "write it without, where both have to read it")
            report(.error, "expression_extension", issue, in: expression)
        }
    }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ code: String, _ issue: CELIssue, in expression: Expression
    ) {
        var diagnostic = Diagnostic(severity, code, issue.message, at: expression.provenance, hint: issue.hint)
        diagnostic.inside = TextPlace(issue.offset, in: expression.text)
        report(diagnostic)
    }

    mutating func refuse(_ expression: Expression, _ message: String) {
        report(Diagnostic(.error, "expression_invalid", message, at: expression.provenance))
    }

    /// Nil where its expression is none, which has been reported.
    ///
    /// - Parameters:
    ///   - credential: what the credential that is looked for there fills.
    ///   - staysByWish: whether backends are to have it.
    mutating func location(
        _ location: TokenLocation, of credential: AttributeFiller, staysByWish: Bool
    ) -> CompiledTokenLocation? {
        switch location {
        case .header(let name, let prefix):
            let prefix = Array(prefix.utf8)
            return name.lowercased() == "authorization"
                ? .authorizationHeader(prefix: prefix) : .header(name: Array(name.utf8), prefix: prefix)
        case .queryParameter(let name): return .queryParameter(name: Array(name.utf8))
        case .cookie(let name): return .cookie(name: Array(name.utf8))
        case .expression(let expression):
            let asked = "a location must be a text"
            guard let program = program(expression, of: .string, asked, at: .location(of: credential)) else {
                return nil
            }
            if !staysByWish { warnIfItStays(expression) }
            return .expression(program)
        }
    }

    /// A credential that is to be taken out of the request is looked for by its text, in header lines, cookies and
    /// parameters (`TokenRemoval.noteEverywhere`).
    private mutating func warnIfItStays(_ expression: Expression) {
        guard let parsed = try? parsed(expression.text, for: .rule) else { return }
        let origin = CELOrigin(of: parsed)
        let targets = ["request.path", "request.pathAndQuery", "request.uri"]
        var reasons = origin.makings.map { "what `\($0)` makes does not stand in it as it is" }
        reasons += targets.filter(origin.paths.contains).map { "the path, which `\($0)` has, goes on as it is" }
        guard let reason = reasons.first else { return }
        report(
            Diagnostic(
                .warning, "credential_stays",
                "the credential that this expression finds may stay in the forwarded request: \(reason)",
                at: expression.provenance,
                hint: "read it as it stands in a header, a cookie or a parameter, take it away by `transformations` or "
                    + "`urlRewrite`, or write `forward: true` if the backend may have it"))
    }
}

extension TextPlace {
    init(_ offset: Int, in text: String) {
        let location = CELSourceLocation(offset, in: text)
        self.init(offset, in: text, line: location.line, column: location.column, excerpt: location.excerpt)
    }
}
