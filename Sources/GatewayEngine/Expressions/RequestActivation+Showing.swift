internal import Bytes
internal import HTTPWire

extension RequestActivation {
    /// Lends the request to `use` as expressions see it.
    ///
    /// - Parameters:
    ///   - body: nil while it has not come.
    ///   - asReceived: whether it is shown as it came, with what stages have taken out since, a token say, and without
    ///     what transformations have made of it.
    static func show<Answer>(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>? = nil, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot, asReceived: Bool = false, _ use: (borrowing RequestActivation) -> Answer
    ) -> Answer {
        if scratch.changed.isThere, !asReceived {
            return showChanged(setting, bytes, body: body, &scratch, listener, use)
        }
        let hasBody = body != nil
        let content = if let body { body } else { Span<UInt8>() }
        return unsafe withUnsafePointer(to: &scratch) { scratch in
            unsafe withUnsafePointer(to: setting) { setting in
                unsafe bytes.withUnsafeBufferPointer { head in
                    unsafe content.withUnsafeBufferPointer { content in
                        unsafe scratch.pointee.target.host.withUnsafeBufferPointer { host in
                            unsafe scratch.pointee.target.storage.withUnsafeBufferPointer { storage in
                                unsafe use(
                                    RequestActivation(
                                        head: head, host: host, storage: storage, body: hasBody ? content : nil,
                                        scratch: scratch, setting: setting, listener: listener,
                                        isAsReceived: asReceived))
                            }
                        }
                    }
                }
            }
        }
    }

    /// Lends the request as transformations have left it.
    @inline(never)
    private static func showChanged<Answer>(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot, _ use: (borrowing RequestActivation) -> Answer
    ) -> Answer {
        TokenRemoval.leaveNewTarget(&scratch, bytes)
        scratch.changed.hide(scratch.table)
        if let replaced = scratch.replacedBody { return lend(setting, body: replaced.span, &scratch, listener, use) }
        return lend(setting, body: body, &scratch, listener, use)
    }

    private static func lend<Answer>(
        _ setting: RequestSetting, body: Span<UInt8>?, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot,
        _ use: (borrowing RequestActivation) -> Answer
    ) -> Answer {
        let hasBody = body != nil
        let content = if let body { body } else { Span<UInt8>() }
        return unsafe withUnsafePointer(to: &scratch) { scratch in
            unsafe withUnsafePointer(to: setting) { setting in
                unsafe scratch.pointee.changed.bytes.withUnsafeBufferPointer { head in
                    unsafe content.withUnsafeBufferPointer { content in
                        unsafe scratch.pointee.changed.host.withUnsafeBufferPointer { host in
                            unsafe use(
                                RequestActivation(
                                    head: head, host: host, storage: head, body: hasBody ? content : nil,
                                    scratch: scratch, setting: setting, listener: listener, isAsReceived: false,
                                    isChanged: true))
                        }
                    }
                }
            }
        }
    }
}
