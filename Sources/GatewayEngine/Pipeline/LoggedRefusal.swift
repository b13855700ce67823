package import GatewayModel
internal import HTTPWire

/// What a policy that only logs would have refused a request for.
package struct LoggedRefusal: Sendable {
    package let code: RefusalCode
    /// The authorization rule that decided, and where it stands; empty for other policies.
    package let rule: String
}

/// Lets requests pass that a policy would refuse which only logs. The verdict is all that such a policy keeps to
/// itself: who proved nothing is nobody, and what proves nothing goes no further.
enum Trial {
    static func note(_ verdict: AuthorizationVerdict, _ scratch: inout RequestScratch) {
        scratch.loggedRefusals.append(LoggedRefusal(code: verdict.refusalCode, rule: verdict.mark))
    }

    static func note(_ code: RefusalCode, _ scratch: inout RequestScratch) {
        scratch.loggedRefusals.append(LoggedRefusal(code: code, rule: ""))
        if !scratch.lacking.isEmpty { scratch.lacking = [] }
        scratch.awaitedKeys = nil
        scratch.awaitedPassword = nil
    }

    /// - Parameter locations: where the credential stands that did not do.
    static func note(
        _ code: RefusalCode, _ locations: [CompiledTokenLocation], _ setting: RequestSetting,
        _ listener: ListenerSnapshot, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) {
        note(code, &scratch)
        TokenExtraction.remove(locations, &scratch, bytes, setting, listener)
    }
}

extension Refusal {
    /// Whether a request waits for the check of a password before a policy that only logs lets it pass: that nobody
    /// knows yet is no verdict worth logging. It waits once.
    func isAwaited(_ setting: RequestSetting) -> Bool { passwordCheck != nil && !setting.hasAwaitedPassword }
}

extension TokenExtraction {
    /// Takes the credential out that stands at these locations; what stands there in another scheme stays.
    ///
    /// - Parameter kept: what stays wherever it is.
    static func remove(
        _ locations: [CompiledTokenLocation], except kept: [FoundToken] = [], _ scratch: inout RequestScratch,
        _ bytes: Span<UInt8>, _ setting: RequestSetting, _ listener: ListenerSnapshot
    ) {
        do throws(Failure) {
            let found = try find(locations, &scratch, bytes, setting, listener)
            guard let found, !kept.contains(where: { $0.isSamePlace(as: found) }) else { return }
            TokenRemoval.note(found, &scratch, bytes)
        } catch {
            removeAll(locations, &scratch, bytes, setting, listener)
        }
    }
}

extension FoundToken {
    fileprivate func isSamePlace(as other: FoundToken) -> Bool {
        switch (place, other.place) {
        case (.header(let a), .header(let b)): a == b
        case (.query(let a), .query(let b)): a == b
        case (.cookie(let lineA, let a), .cookie(let lineB, let b)): lineA == lineB && a == b
        default: false
        }
    }
}
