internal import Bytes
internal import GatewayModel

/// The stage that decides whether a known caller may pass.
package enum AuthorizationStage {
    /// - Parameter body: nil while it has not come.
    package static func run(
        _ authorizer: Authorizer, _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) -> Authorizer.Answer {
        RequestActivation.show(setting, bytes, body: body, &scratch, listener) { authorizer.check($0) }
    }
}
