internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that decides whether a known caller may pass.
enum AuthorizationStage {
    static func run(
        _ authorizer: Authorizer, _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch,
        _ connection: ConnectionContext
    ) throws(RefusalCode) {
        let target = scratch.target
        let result: Result<Void, RefusalCode> = unsafe bytes.withUnsafeBufferPointer { head_ in
            unsafe target.host.withUnsafeBufferPointer { host in
                unsafe target.storage.withUnsafeBufferPointer { storage in
                    let request = unsafe RequestActivation(
                        head: head_, target: target.isVerbatim ? head_ : storage, host: host,
                        method: head.methodName, path: target.path, query: target.query,
                        minorVersion: head.minorVersion, lines: scratch.table.lines, connection: connection,
                        token: scratch.verifiedToken)
                    do throws(RefusalCode) {
                        return .success(try authorizer.check(request))
                    } catch {
                        return .failure(error)
                    }
                }
            }
        }
        try result.get()
    }
}
