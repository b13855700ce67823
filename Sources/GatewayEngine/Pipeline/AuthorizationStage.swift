internal import Bytes
internal import GatewayModel

/// The stage that decides whether a known caller may pass.
package enum AuthorizationStage {
    /// Answers why the request may not pass, or nil.
    package static func run(
        _ authorizer: Authorizer, _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) -> AuthorizationVerdict? {
        RequestActivation.show(setting, bytes, &scratch, listener) { authorizer.check($0) }
    }
}
