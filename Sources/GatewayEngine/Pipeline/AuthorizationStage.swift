internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that decides whether a known caller may pass.
enum AuthorizationStage {
    /// Answers why the request may not pass, or nil.
    static func run(
        _ authorizer: Authorizer, _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot
    ) -> AuthorizationVerdict? {
        show(setting, bytes, &scratch, listener, authorizer.instance) { authorizer.check($0) }
    }

    /// Lends the request to `body` as expressions see it.
    static func show<Answer>(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot,
        _ instance: GatewayInstance, _ body: (borrowing RequestActivation) -> Answer
    ) -> Answer {
        let target = scratch.target
        return unsafe bytes.withUnsafeBufferPointer { head in
            unsafe target.host.withUnsafeBufferPointer { host in
                unsafe target.storage.withUnsafeBufferPointer { storage in
                    unsafe body(
                        RequestActivation(
                            head: head, target: target.isVerbatim ? head : storage, host: host,
                            method: setting.head.methodName, path: target.path, query: target.query,
                            minorVersion: setting.head.minorVersion, lines: scratch.table.lines,
                            removedCookies: scratch.removedCookies, removedParameters: scratch.removedParameters,
                            setting: setting, listener: listener, route: scratch.route, token: scratch.verifiedToken,
                            instance: instance))
                }
            }
        }
    }
}
