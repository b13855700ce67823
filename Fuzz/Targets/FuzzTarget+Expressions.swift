internal import Bytes
internal import CEL

/// Expressions: whatever compiles keeps to its budget, means the same each time, and has the type it was found to have.
enum ExpressionReading {
    /// The compiler's trees are larger than what they stand for; constants are computed, patterns become tables.
    private static let compiling = FuzzBudget(
        nanosecondsPerKiB: 500_000_000, bytesPerByte: 4 << 10, freeBytes: 16 << 20)
    private static let steps = 10_000
    /// Ten microseconds a step, and a kilobyte: the sanitizer is slow, strings are copied.
    private static let evaluating = FuzzBudget(
        nanosecondsPerKiB: 100_000_000, bytesPerByte: 0, freeBytes: 12 << 20)

    static func run(_ input: [UInt8]) {
        let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let source = String(decoding: parts[0], as: UTF8.self)
        let claims = try? JSONDocument(parsing: Array(parts.dropFirst().first ?? []), limits: .token)
        let request = Request(claims: claims ?? Request.claims)
        guard let parsed = compile(source, .parseOnly) else {
            require(compile(source, .typed) == nil, "an expression that has types but no grammar")
            return
        }
        let value = evaluate(parsed, request)
        guard let typed = compile(source, .typed) else { return }
        checkAbsences(source, value)
        require(evaluate(typed, request).typedJSON == value.typedJSON, "checking changes a value")
        require(value.isError || typed.type.admits(value), "a \(value.typeName.rawValue) that is a \(typed.type)")
    }

    /// What no absence is pointed out in does not fail for one, and what is written instead has none.
    private static func checkAbsences(_ source: String, _ value: CELValue) {
        let environment = Request.environment(.typed)
        guard let parsed = try? CELParsedExpression(source, in: environment) else {
            return require(false, "an expression that is none the second time")
        }
        let found = CELAbsences(of: parsed)
        guard let remedy = found.remedy else {
            guard case .error(let error) = value else { return }
            // A map where the size of a list was asked for is another type, and no absence.
            require(
                ![.noSuchKey, .noneDereference].contains(error.code) || source.contains("size"),
                "an absence that was not pointed out")
            return
        }
        // What is written around it can make it too large, too deep or, around what is no condition, ill-typed.
        guard let rewritten = try? CELParsedExpression(remedy.applied(to: source), in: environment) else { return }
        require(CELAbsences(of: rewritten).reads.isEmpty, "a remedy that leaves an absence")
    }

    private static func compile(_ source: String, _ checking: CELEnvironment.Checking) -> CELProgram? {
        let environment = Request.environment(checking)
        let result: Result<CELProgram, CELCompileError> = FuzzBudget.charge(source.utf8.count, compiling) {
            do throws(CELCompileError) {
                return .success(try CELProgram(source, environment: environment))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let program): return program
        case .failure(let error):
            require(!error.issues.isEmpty && !error.description.isEmpty, "an error without a reason")
            for issue in error.issues {
                require(0...source.utf8.count ~= issue.offset, "an error outside the source")
            }
            return nil
        }
    }

    private static func evaluate(_ program: CELProgram, _ request: Request) -> CELValue {
        let once = FuzzBudget.charge(0, evaluating) { program.evaluate(request, budget: steps).value }
        let again = program.evaluate(request, budget: steps).value
        let value = once.owned(limit: 1 << 14)
        require(again.owned(limit: 1 << 14).typedJSON == value.typedJSON, "a value that is another the second time")
        _ = value.debugText
        if case .error(let error) = value {
            _ = error.rendered(in: program.source)
        }
        if case .error(let error) = once, error.code == .budgetExceeded { return value }
        let rich = program.evaluate(request, budget: steps * 10).value.owned(limit: 1 << 14)
        require(rich.typedJSON == value.typedJSON, "a larger budget changes a value")
        return value
    }

    /// A request as the gateway shows it.
    private struct Request: CELActivation {
        let claims: JSONDocument

        static let claims: JSONDocument = {
            let text =
                #"{"sub":"alice","groups":["users","ops"],"level":3,"a":{"b":[1.5,null,true,"\u0041"]},"exp":1e9}"#
            guard let document = try? JSONDocument(parsing: text) else { preconditionFailure("the claims are no JSON") }
            return document
        }()

        private static let typed = make(.typed)
        private static let parseOnly = make(.parseOnly)

        static func environment(_ checking: CELEnvironment.Checking) -> CELEnvironment {
            checking == .typed ? typed : parseOnly
        }

        private static func make(_ checking: CELEnvironment.Checking) -> CELEnvironment {
            var environment = CELEnvironment()
            environment.checking = checking
            environment.declare("jwt", .dyn, id: 0)
            environment.declare("request.path", .string, id: 1)
            environment.declare("request.headers", .map(.string, .string), id: 2)
            environment.declare("request.startTime", .timestamp, id: 3)
            environment.declare("source.port", .int, id: 4)
            environment.declare("source.subject", .string, id: 5, isOptional: true)
            environment.declare("jwt.rawToken", .string, id: 6, refusal: "a secret")
            return environment
        }

        func resolve(_ attribute: Int) -> CELValue {
            switch attribute {
            case 0: return CELValue(json: claims.root)
            case 1: return .string("/api/v1/items")
            case 2: return .map([(.string("host"), .string("a.test")), (.string("x-team"), .string("red, blue"))])
            case 3: return CELTimestamp(seconds: 1_800_000_000).map { .timestamp($0) } ?? .null
            case 4: return .int(4711)
            default:
                require(attribute == 5, "what may not be read is read")
                return .null
            }
        }
    }
}

extension CELType {
    /// Whether a value can be of this type, as far as its outermost layer tells.
    fileprivate func admits(_ value: CELValue) -> Bool {
        switch self {
        case .null: value.typeName == .null
        case .bool: value.typeName == .bool
        case .int: value.typeName == .int
        case .uint: value.typeName == .uint
        case .double: value.typeName == .double
        case .string: value.typeName == .string
        case .bytes: value.typeName == .bytes
        case .timestamp: value.typeName == .timestamp
        case .duration: value.typeName == .duration
        case .list: value.typeName == .list
        case .map: value.typeName == .map
        case .type: value.typeName == .type
        case .dyn, .opaque, .parameter, .variable: true
        }
    }
}

/// Regular expressions: the table and the simulation agree, in time that the pattern and the text bound.
enum RegexReading {
    private static let compiling = FuzzBudget(
        nanosecondsPerKiB: 500_000_000, bytesPerByte: 16 << 10, freeBytes: 16 << 20)

    static func run(_ input: [UInt8]) {
        let parts = input.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        let pattern = String(decoding: parts[0], as: UTF8.self)
        let text = Array(String(decoding: parts.dropFirst().first ?? [], as: UTF8.self).utf8.prefix(512))
        let (part, whole, once) = (compile(pattern, .part), compile(pattern, .whole), compile(pattern, .once))
        guard let part, let whole, let once else {
            require(part == nil && whole == nil && once == nil, "a pattern that is one for some uses only")
            return
        }
        let found = once.firstMatch(in: text.span)
        require(part.matches(text.span) == (found != nil), "the table and the simulation disagree on a part")
        require(
            whole.matchesWhole(text.span) == once.matchesWhole(text.span),
            "the table and the simulation disagree on the whole")
        guard let found else { return }
        require(found.count == (once.captureCount + 1) * 2, "groups are missing")
        for group in 0...once.captureCount {
            let (start, end) = (found[group * 2], found[group * 2 + 1])
            require((start < 0) == (end < 0), "half a group")
            if start >= 0 { require(start <= end && end <= text.count, "a group outside the text") }
        }
    }

    private static func compile(_ pattern: String, _ use: LinearRegex.Use) -> LinearRegex? {
        FuzzBudget.charge(pattern.utf8.count, compiling) { try? LinearRegex(pattern, for: use) }
    }
}
