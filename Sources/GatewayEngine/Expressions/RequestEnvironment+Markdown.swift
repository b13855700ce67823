internal import CEL

extension RequestEnvironment {
    /// The reference page of expressions, made from the tables.
    package static var markdown: String {
        """
        # Expressions

        Made by `tollgate cel reference` from the code; do not edit.

        Authorization rules are written in the [Common Expression Language](https://cel.dev), whole, without
        protocol-buffer messages. `tollgate cel check` says what is wrong with a rule, `tollgate cel eval` what comes of
        an expression.

        A rule that cannot be evaluated decides against the request: `allow` and `require` do not hold, `deny` does
        (`config.denyOnError: ignore` changes the last). What may be absent is asked for first, `has(jwt.team) &&
        jwt.team == "red"`, or given a value, `default(jwt.team, "none")`. Names and types are checked when the
        configuration is loaded (`config.celCheck: parseOnly` leaves that to the evaluation, and so to the requests; of
        names that stand for nothing it warns). Loading warns of `deny` rules that read what may be absent, in whatever
        way, unless the rule asks first, and says what to write.

        What is marked **ours** is an addition of Tollgate. agentgateway takes a file that uses it, since it looks at the
        grammar alone, and fails whenever it evaluates the expression: a `deny` rule lets requests pass then. `tollgate
        validate --strict-schema agentgateway` refuses each use. Names of types as values, as in `type(x) == list`, are
        ours, too.

        ## What can be read

        | name | type | there | what it is |
        |---|---|---|---|
        \(RequestAttribute.allCases.map(row).joined(separator: "\n"))

        `dyn` is checked when a rule is evaluated. A root that is null has no members: `has(jwt.sub)` is false then. To
        read what is there sometimes is an error at other times; `has()` tells. Loading warns of expressions, wherever they
        stand, that read what no policy before them fills (`root_never_filled`).

        A condition of another policy than `authorization` that cannot be evaluated does not hold, as one that is false.

        **Certificates of clients** are there where the listener's `tls` has a `root`: without one that leads to it there is
        no connection, so what is read was verified. They are read once per connection, and strictly: control characters,
        texts in old character sets, names that read like those of another kind, two common names or SPIFFE IDs, more than
        256 alternative names or 16 KiB are an error for the rule that reads the attribute in question, not an absence.

        The access log (`frontendPolicies.accessLog`) is asked once a request has been answered: `response.code` and
        `backend.name` are there, too, and of the rest no body, no secret and no header or parameter that a credential
        stands in.

        Transformations of requests read what rules read, and `jwt.rawToken`; those of answers `response` besides, and not
        `request.body`, which is gone by then. `metadata` is what transformations that the request has passed have noted.

        `request.body` is what came, decoded from its chunks and nothing else: where the client says `Content-Encoding:
        gzip`, it is the compressed bytes, and `json(request.body)` is an error. A rule that must see inside refuses such
        bodies: `require: '!("content-encoding" in request.headers)'`.

        **`contains` is two functions.** On a list it looks for an element, on a text for a part of it. A claim that some
        issuers write as a list and others as a text is both: `jwt.groups.contains("admins")` holds for the text
        `"not-admins"`, too. `"admins" in jwt.groups` asks lists only, and `type(jwt.groups) == list` says which it is.

        ## Macros

        | form | what it is |
        |---|---|
        \(CELMacroReference.all.map(row).joined(separator: "\n"))

        ## Functions

        Member forms have their receiver before the dot. Regular expressions are RE2's, general categories of Unicode
        (`\\p{L}`) among them, scripts (`\\p{Greek}`) not; they run in time linear in the text.

        | function | forms |
        |---|---|
        \(authorization.allFunctions.map(row).joined(separator: "\n"))

        ## Not offered

        What agentgateway has besides. Reading or calling it is an error when the configuration is loaded.

        | name | instead |
        |---|---|
        | `unvalidatedJwtPayload()` | claims are in `jwt`: a token that nobody verified proves nothing |
        \(unoffered.joined(separator: "\n"))

        """
    }

    private static var unoffered: [String] {
        UnofferedName.attributes.map { "| `\($0.path)` | \($0.instead) |" }
            + UnofferedName.functions.map { "| `\($0.name)()` | \($0.instead) |" }
    }

    private static func row(_ attribute: RequestAttribute) -> String {
        let entry = attribute.entry
        let name = mark("`\(entry.path)`", isOurs: entry.ours != nil)
        return "| \(name) | \(entry.type) | \(entry.availability.words) | \(entry.documentation) |"
    }

    private static func row(_ macro: CELMacroReference) -> String {
        "| \(mark("`\(macro.form)`", isOurs: !original.has(macro))) | \(macro.documentation) |"
    }

    private static func row(_ function: CELFunction) -> String {
        let isOurs = !original.functions.contains(function.name)
        let forms = function.signatures.map { form in
            mark("`\(form.text(of: function.name))`", isOurs: !isOurs && !original.has(form, of: function.name))
        }
        return "| \(mark("`\(function.name)`", isOurs: isOurs)) | \(forms.joined(separator: "<br>")) |"
    }

    private static let original = OriginalVocabulary.agentgateway

    private static func mark(_ text: String, isOurs: Bool) -> String { isOurs ? "\(text) **ours**" : text }
}

extension RequestAttribute.Availability {
    fileprivate var words: String {
        switch self {
        case .always: "always"
        case .sometimes: "sometimes"
        case .filled(let filler): filler.isOffered ? "with \(filler.words)" : "not yet"
        case .body: "always; requests are held for it"
        case .backend, .response: "not in rules"
        case .endOfCall: "in the access log: of calls of gRPC"
        case .secret: "no: not for rules; `jwt.rawToken` in transformations"
        }
    }
}
