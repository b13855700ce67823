internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The slots of what few routes have, behind one reference: a request of any other route pays for one look before
/// authentication and one behind authorization.
package final class TrafficSlots: Sendable {
    /// How refusals are written, and the plan of answers that only says that.
    let refusals: (form: CompiledRefusalForm, plan: AnswerPlan)?
    let requestID: RequestIDStage?
    let cors: CORSStage?
    let rateLimits: RateLimitStage?
    let urlRewrite: URLRewriteStage?
    let transformation: TransformationStage?
    private let balanceKey: BalanceKeyStage?
    let redirect: RedirectStage?
    let delay: DelayStage?
    let directResponse: DirectResponseStage?
    package let bounds: RequestBounds?
    package let retry: RetryPlan?
    package let mirror: MirrorPlan?
    /// Policies that replace the prefix of a path, each by the name of its field.
    let prefixChanges: [(field: String, place: Provenance)]

    /// What policies compile to that take a compiler.
    struct Stages {
        var refusals: CompiledRefusalForm?
        var cors: CORSStage?
        var rateLimits: RateLimitStage?
        var transformation: TransformationStage?
        var mirror: MirrorPlan?
        var balanceKey: BalanceKeyStage?
        var urlRewrite: URLRewriteStage?
        var redirect: RedirectStage?
        var directResponse: DirectResponseStage?
        var delay: DelayStage?
    }

    /// Nil where all slots are empty.
    init?(_ policies: TrafficPolicies, _ stages: Stages) {
        guard policies != TrafficPolicies() else { return nil }
        prefixChanges = policies.prefixChanges
        refusals = stages.refusals.map { ($0, AnswerPlan(refusals: $0)) }
        requestID = policies.requestID.map(RequestIDStage.init)
        cors = stages.cors
        rateLimits = stages.rateLimits
        transformation = stages.transformation
        urlRewrite = stages.urlRewrite
        redirect = stages.redirect
        delay = stages.delay
        directResponse = stages.directResponse
        balanceKey = stages.balanceKey
        mirror = stages.mirror
        bounds = policies.timeouts.map(RequestBounds.init)
        retry = policies.retry.map(RetryPlan.init)
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
    ///
    /// - Parameter edit: what its route changes of the request's lines: delays and answers see it; nil: nothing.
    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot, _ edit: FieldEdit?
    ) throws(RefusalCode) -> LocalAnswer? {
        balanceKey?.run(setting, bytes, &scratch, listener)
        let hasTarget = transformation?.run(setting, bytes, body: body, &scratch, listener) ?? false
        try urlRewrite?.run(setting, bytes, &scratch, listener, keepsPath: hasTarget)
        if let redirect, let answer = try redirect.run(setting, bytes, &scratch, listener) { return answer }
        return Self.answer(delay, directResponse, setting, bytes, &scratch, listener, edit)
    }

    /// Runs the same for a consumer that brings these along: of each kind they take the place of the route's.
    func run(
        over base: TrafficSlots?, _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch, _ listener: ListenerSnapshot, _ edit: FieldEdit?
    ) throws(RefusalCode) -> LocalAnswer? {
        base?.balanceKey?.run(setting, bytes, &scratch, listener)
        // Who changes requests leaves to the other what it makes of answers.
        let requests = transformation?.changesRequests == true ? transformation : base?.transformation
        let answers = transformation?.changesAnswers == true ? transformation : base?.transformation
        let hasTarget =
            requests?.run(setting, bytes, body: body, &scratch, listener, plansAnswer: requests === answers) ?? false
        if requests !== answers { answers?.planAnswer(setting, bytes, body: body, &scratch, listener) }
        try URLRewriteStage.run(
            urlRewrite, over: base?.urlRewrite, setting, bytes, &scratch, listener, keepsPath: hasTarget)
        if let redirect = redirect ?? base?.redirect,
            let answer = try redirect.run(setting, bytes, &scratch, listener)
        {
            return answer
        }
        return Self.answer(
            delay ?? base?.delay, directResponse ?? base?.directResponse, setting, bytes, &scratch, listener, edit)
    }

    /// Runs what may hold or answer the request, on the request as its route leaves it.
    @inline(__always)
    private static func answer(
        _ delay: DelayStage?, _ response: DirectResponseStage?, _ setting: RequestSetting, _ bytes: Span<UInt8>,
        _ scratch: inout RequestScratch, _ listener: ListenerSnapshot, _ edit: FieldEdit?
    ) -> LocalAnswer? {
        guard delay != nil || response != nil else { return nil }
        let readsRequest = delay?.readsRequest ?? false || response?.readsRequest ?? false
        guard readsRequest, edit != nil || scratch.hasNewAddress else {
            delay?.run(setting, bytes, &scratch, listener)
            return response?.run(setting, bytes, &scratch, listener)
        }
        // Whoever comes later, the access log say, sees what transformations have made of it, as without such an
        // answer.
        let changed = scratch.changed
        defer { scratch.changed = changed }
        scratch.show(edit, of: setting.head, bytes)
        delay?.run(setting, bytes, &scratch, listener)
        return response?.run(setting, bytes, &scratch, listener)
    }
}
