internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The slots of what few routes have, behind one reference: a request of any other route pays for one look before
/// authentication and one behind authorization.
package final class TrafficSlots: Sendable {
    /// How refusals are written, and the plan of answers that only says that.
    private let refusals: (form: CompiledRefusalForm, plan: AnswerPlan)?
    let requestID: RequestIDStage?
    private let cors: CORSStage?
    let rateLimits: RateLimitStage?
    private let urlRewrite: URLRewriteStage?
    let transformation: TransformationStage?
    private let balanceKey: BalanceKeyStage?
    private let redirect: RedirectStage?
    private let delay: DelayStage?
    private let directResponse: DirectResponseStage?
    package let bounds: RequestBounds?
    package let retry: RetryPlan?
    package let mirror: MirrorPlan?
    /// Policies that replace the prefix of a path, each by the name of its field.
    let prefixChanges: [(field: String, place: Provenance)]

    /// Nil where all slots are empty.
    init?(
        _ policies: TrafficPolicies, refusals: CompiledRefusalForm?, cors: CORSStage?, rateLimits: RateLimitStage?,
        transformation: TransformationStage?, mirror: MirrorPlan?, balanceKey: BalanceKeyStage?,
        urlRewrite: URLRewriteStage?, redirect: RedirectStage?, directResponse: DirectResponseStage?, delay: DelayStage?
    ) {
        guard policies != TrafficPolicies() else { return nil }
        self.balanceKey = balanceKey
        self.transformation = transformation
        self.mirror = mirror
        self.delay = delay
        self.directResponse = directResponse
        prefixChanges = policies.prefixChanges
        self.rateLimits = rateLimits
        self.refusals = refusals.map { ($0, AnswerPlan(refusals: $0)) }
        requestID = policies.requestID.map(RequestIDStage.init)
        self.cors = cors
        self.urlRewrite = urlRewrite
        self.redirect = redirect
        bounds = policies.timeouts.map(RequestBounds.init)
        retry = policies.retry.map(RetryPlan.init)
    }

    /// What there is, by the names of the fields that say it.
    var names: [String] {
        let slots: [(name: String, isThere: Bool)] = [
            ("refusals", refusals != nil), ("requestId", requestID != nil), ("cors", cors != nil),
            ("localRateLimit", rateLimits != nil), ("urlRewrite", urlRewrite != nil),
            ("transformations", transformation != nil), ("requestRedirect", redirect != nil), ("delay", delay != nil),
            ("directResponse", directResponse != nil), ("timeout", bounds != nil), ("retry", retry != nil),
            ("requestMirror", mirror != nil),
        ]
        return slots.filter(\.isThere).map(\.name)
    }

    /// Names that a client may not send in trailers either; nil: none.
    var guardedNames: FieldNames? { .union(transformation?.requestNames, requestID?.guardedNames) }

    /// Runs what comes before authentication; answers what is given in place of everything else.
    func runFirst(_ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch) -> LocalAnswer? {
        if let refusals { scratch.plan(refusals.form, refusals.plan) }
        requestID?.run(bytes, &scratch, setting.connection)
        return cors?.run(setting.head, bytes, &scratch)
    }

    /// Runs what comes behind authorization, in this order; answers what is given in place of forwarding.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) throws(RefusalCode) -> LocalAnswer? {
        balanceKey?.run(setting, bytes, &scratch, listener)
        let hasTarget = transformation?.run(setting, bytes, body: body, &scratch, listener) ?? false
        try urlRewrite?.run(setting, bytes, &scratch, listener, keepsPath: hasTarget)
        if let redirect, let answer = try redirect.run(setting, bytes, &scratch, listener) { return answer }
        delay?.run(setting, bytes, &scratch, listener)
        return directResponse?.run(setting, bytes, &scratch, listener)
    }

    /// Runs the same for a consumer that brings these along: of each kind they take the place of the route's.
    func run(
        over base: TrafficSlots?, _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) throws(RefusalCode) -> LocalAnswer? {
        base?.balanceKey?.run(setting, bytes, &scratch, listener)
        let hasTarget =
            (transformation ?? base?.transformation)?.run(setting, bytes, body: body, &scratch, listener) ?? false
        // What a route makes of answers, a consumer does not undo.
        if transformation != nil {
            base?.transformation?.planAnswer(setting, bytes, body: body, &scratch, listener)
        }
        try URLRewriteStage.run(
            urlRewrite, over: base?.urlRewrite, setting, bytes, &scratch, listener, keepsPath: hasTarget)
        if let redirect = redirect ?? base?.redirect,
            let answer = try redirect.run(setting, bytes, &scratch, listener)
        {
            return answer
        }
        (delay ?? base?.delay)?.run(setting, bytes, &scratch, listener)
        return (directResponse ?? base?.directResponse)?.run(setting, bytes, &scratch, listener)
    }
}
