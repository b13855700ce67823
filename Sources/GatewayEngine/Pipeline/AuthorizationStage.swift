internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that decides whether a known caller may pass.
package enum AuthorizationStage {
    /// Answers why the request may not pass, or nil.
    package static func run(
        _ authorizer: Authorizer, _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) -> AuthorizationVerdict? {
        show(setting, bytes, &scratch, listener, authorizer) { authorizer.check($0) }
    }

    /// Lends the request to `body` as expressions see it.
    static func show<Answer>(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot,
        _ authorizer: Authorizer, _ body: (borrowing RequestActivation) -> Answer
    ) -> Answer {
        unsafe withUnsafePointer(to: &scratch) { scratch in
            unsafe withUnsafePointer(to: setting) { setting in
                unsafe bytes.withUnsafeBufferPointer { head in
                    unsafe scratch.pointee.target.host.withUnsafeBufferPointer { host in
                        unsafe scratch.pointee.target.storage.withUnsafeBufferPointer { storage in
                            unsafe body(
                                RequestActivation(
                                    head: head, host: host, storage: storage, scratch: scratch, setting: setting,
                                    listener: listener, authorizer: authorizer))
                        }
                    }
                }
            }
        }
    }
}
