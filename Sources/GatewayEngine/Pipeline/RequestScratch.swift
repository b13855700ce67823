internal import Bytes
internal import CEL
package import HTTPWire
package import JOSE

/// What the stages of one request work on. One per event loop, reused: a request passes the pipeline
/// in one go, and steady traffic allocates nothing.
///
/// Hand it on `inout`, even to who only reads: of an event loop's own, anything else makes a copy, which counts
/// references to all that it holds.
package struct RequestScratch {
    package var table = FieldTable()
    package var target = CanonicalTarget()
    /// The query as forwarded, where a token was taken out of it; with its question mark.
    package var rewrittenQuery: [UInt8] = []
    package var hasRewrittenQuery = false
    /// Parameters that leave, as ranges of the query.
    var removedParameters: [Range<Int>] = []
    /// Cookies that leave, by their line in the table and as ranges of the head.
    var removedCookies: [(line: Int, pair: Range<Int>)] = []
    /// Field lines the stages add, each with its CRLF.
    package var addedLines: [UInt8] = []
    /// What an expression answered for a token.
    var answeredToken: [UInt8] = []
    /// The `X-Forwarded-*` lines for the upstream, beside `X-Forwarded-Host`.
    package var forwardingLines: [UInt8] = []
    /// Whether `X-Forwarded-Host` is added.
    package var sendsForwardedHost = true
    /// What is changed of the answer's field lines, that of a refusal included, once transformations have changed it;
    /// nil: nothing.
    package private(set) var responseEdit: FieldEdit?
    /// The same before transformations change the answer.
    package private(set) var responseModifier: FieldEdit?
    /// What is known of the answer before there is one; nil: nothing.
    package internal(set) var answerPlan: AnswerPlan?
    /// What names requests.
    var requestIDs = RequestIDSource()
    /// What transformations change of the request's field lines; nil: nothing.
    var transformation: FieldEdit?
    /// Names that a client may not send in trailers either; nil: none.
    package var guardedNames: FieldNames?
    var unions = FieldNameUnions()
    /// The token whose claims hold for this request.
    package var verifiedToken: VerifiedToken?
    /// Where the text of that token stands.
    var verifiedText = FoundToken()
    /// Where the API key, and the password, that were verified stand.
    var keyText = FoundToken()
    var passwordText = FoundToken()
    /// Those that were signed for backends.
    var signedTokens = SignedTokens()
    /// What is known of the API key that was verified.
    var apiKey: KnownAPIKey?
    /// Whose password was right.
    var user: KnownUser?
    /// The check of a password that the decision waits for.
    var awaitedPassword: PasswordCheck?
    /// Whose request it is, where that was asked.
    package var consumer: IdentifiedConsumer?
    /// What a refused token lacks: the scopes it has to have, or the names of claims.
    var lacking: [String] = []
    /// The fetch of keys that may bring the one the token lacked.
    var awaitedKeys: KeyRefresh?
    /// What policies that only log would have refused the request for.
    package var loggedRefusals: [LoggedRefusal] = []
    /// Whether a rule, or a proof, needs the body, which has not come.
    var awaitsBody = false
    /// What becomes of the requests of the chosen route; nil until one is chosen.
    package private(set) var route: RouteSnapshot?
    /// The number of the chosen route.
    private var routeNumber = 0
    /// Bytes of the path's prefix that the route matched, without a slash at its end; 0 for other kinds of match.
    var matchedPrefix = 0
    /// The path as forwarded, where it was rewritten; else empty.
    package var rewrittenPath: [UInt8] = []
    /// What comes before the query as forwarded; empty where there is nothing.
    var precedingQuery: [UInt8] = []
    /// Host as forwarded, where it was rewritten; else empty.
    package var rewrittenHost: [UInt8] = []
    /// What the upstream gets as Host.
    package var hostChoice = HostChoice.byServer
    /// The hash of what is the same for requests that go to the same server, where upstreams are balanced by it.
    package var balanceKey: UInt64 = 0

    /// How long the request waits before it is forwarded, or answered by the gateway itself.
    package var delayNanoseconds: Int64 = 0

    /// The method as forwarded, where a transformation says so; else empty.
    package var rewrittenMethod: [UInt8] = []
    /// Whether path and query are those of a transformation.
    var hasNewTarget = false
    /// What transformations have made of the request so far, for expressions.
    var changed = ChangedRequest.none
    /// The body as forwarded, where a transformation says so.
    package var replacedBody: [UInt8]?
    /// What transformations noted for later expressions.
    var metadata: [(name: String, value: CELValue)] = []

    /// Of a copy that is kept: the answer as it is made so far.
    var answer: AnswerMessage?
    /// Of a copy that is kept: the answer's status, and the server that gave it.
    var answeredStatus = 0
    /// What became of a call of gRPC; nil where that is not known.
    var answeredGRPCStatus: Int?
    var answeringUpstream = ""

    /// When the token whose claims hold is no longer accepted, in Unix seconds: `exp` and the clock skew.
    package var tokenExpiresAt: Int64? {
        guard let times = verifiedToken?.times, let expiry = times.expiresAt else { return nil }
        let (sum, overflowed) = expiry.addingReportingOverflow(times.clockSkewSeconds)
        return overflowed ? nil : sum
    }

    /// The name of the chosen route; nil until one is chosen.
    package var routeName: String? { route.map { $0.names[routeNumber] } }

    /// `sub` of the token whose claims hold, or the user whose password was right; empty where there is none.
    package var subject: [UInt8] { verifiedToken?.claims.root["sub"]?.decodedBytes ?? user?.name ?? [] }

    package init() {
        addedLines.reserveCapacity(512)
    }

    mutating func choose(route number: Int, of routes: RouteTable) -> RouteSnapshot {
        let chosen = routes[number]
        routeNumber = number
        route = chosen
        return chosen
    }

    /// Forgets what belongs to the configuration of the requests before.
    package mutating func beginConfiguration() {
        signedTokens.removeAll()
        unions.removeAll()
    }

    /// Forgets the last request; `table` and `target` are overwritten by their readers.
    package mutating func reset() {
        if hasRewrittenQuery {
            hasRewrittenQuery = false
            rewrittenQuery.removeAll(keepingCapacity: true)
        }
        if !removedParameters.isEmpty { removedParameters.removeAll(keepingCapacity: true) }
        if !removedCookies.isEmpty { removedCookies.removeAll(keepingCapacity: true) }
        if !addedLines.isEmpty { addedLines.removeAll(keepingCapacity: true) }
        if !answeredToken.isEmpty { answeredToken = [] }
        if responseEdit != nil { responseEdit = nil }
        if responseModifier != nil { responseModifier = nil }
        if transformation != nil { transformation = nil }
        if answerPlan != nil { answerPlan = nil }
        if guardedNames != nil { guardedNames = nil }
        if verifiedToken != nil { verifiedToken = nil }
        if apiKey != nil { apiKey = nil }
        if user != nil { user = nil }
        if awaitedPassword != nil { awaitedPassword = nil }
        if consumer != nil { consumer = nil }
        if !lacking.isEmpty { lacking = [] }
        if awaitedKeys != nil { awaitedKeys = nil }
        if !loggedRefusals.isEmpty { loggedRefusals.removeAll(keepingCapacity: true) }
        awaitsBody = false
        if route != nil { route = nil }
        if !rewrittenPath.isEmpty { rewrittenPath.removeAll(keepingCapacity: true) }
        if !rewrittenHost.isEmpty { rewrittenHost.removeAll(keepingCapacity: true) }
        if !precedingQuery.isEmpty { precedingQuery.removeAll(keepingCapacity: true) }
        hostChoice = .byServer
        balanceKey = 0
        delayNanoseconds = 0
        if !rewrittenMethod.isEmpty { rewrittenMethod = [] }
        hasNewTarget = false
        changed.forget()
        if replacedBody != nil { replacedBody = nil }
        if !metadata.isEmpty { metadata = [] }
    }
}

/// What a request names in its Host.
package enum HostChoice: Sendable {
    /// The server it goes to, where that is one to be named; else what the request names.
    case byServer
    /// The server it goes to, by its address if it has no name.
    case server
    /// What the client named, or a rewrite.
    case request
}

extension RequestScratch {
    /// Is after `body` what it was before, but for what was signed meanwhile.
    package mutating func tentatively<Result>(_ body: (inout RequestScratch) -> Result) -> Result {
        let kept = self
        let result = body(&self)
        let signed = signedTokens
        self = kept
        signedTokens = signed
        return result
    }

    /// Has an edit made of the answer, after those that are there already.
    package mutating func editResponse(_ edit: FieldEdit) {
        responseEdit = .chain(responseEdit, edit)
    }

    /// The same for one that comes before transformations of the answer.
    mutating func modifyResponse(_ edit: FieldEdit) {
        responseModifier = .chain(responseModifier, edit)
    }

    /// All that is changed of the field lines of an answer that no transformation changes.
    package var wholeResponseEdit: FieldEdit? { .chain(responseModifier, responseEdit) }

    /// Puts what a rewritten path brings before the query that is left of the request's own.
    mutating func joinQueries(_ bytes: Span<UInt8>) {
        var joined = [UInt8(ascii: "?")] + precedingQuery
        if hasRewrittenQuery {
            if rewrittenQuery.count > 1 { joined += [UInt8(ascii: "&")] + rewrittenQuery.dropFirst() }
        } else if let query = target.query, !query.isEmpty {
            let storage = target.storage
            joined += [UInt8(ascii: "&")] + (target.isVerbatim ? bytes : storage.span).extracting(query).copied
        }
        rewrittenQuery = joined
        hasRewrittenQuery = true
    }

    /// Changes the lines of the request that is forwarded, those the gateway adds included.
    mutating func editRequest(_ edit: FieldEdit, _ bytes: Span<UInt8>) {
        if edit.removesAll {
            table.dropAllButConveyance()
            addedLines.removeAll(keepingCapacity: true)
        }
        drop(edit.removed, bytes)
        addedLines.append(contentsOf: edit.added)
    }

    /// Takes all lines of these names out of the request that is forwarded.
    mutating func drop(_ names: FieldNames, _ bytes: Span<UInt8>) {
        names.drop(from: &table, in: bytes)
        if !addedLines.isEmpty { names.drop(from: &addedLines) }
        if names.nameForwarding { dropForwarding(names) }
    }

    private mutating func dropForwarding(_ names: FieldNames) {
        names.drop(from: &forwardingLines)
        if names.contains(Array("x-forwarded-host".utf8).span) { sendsForwardedHost = false }
    }
}

extension FieldNames {
    /// Whether a field is among them that the gateway writes about where a request came from.
    fileprivate var nameForwarding: Bool {
        names.contains { $0.starts(with: Array("x-forwarded-".utf8)) || $0 == Array("x-real-ip".utf8) }
    }
}
