internal import Bytes
internal import HTTPWire

extension RequestActivation {
    /// Lends the request to `use` as expressions see it.
    ///
    /// - Parameters:
    ///   - body: nil while it has not come.
    ///   - asReceived: whether what stages have taken out since, a token say, is shown all the same.
    static func show<Answer>(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>? = nil, _ scratch: inout RequestScratch,
        _ listener: ListenerSnapshot, asReceived: Bool = false, _ use: (borrowing RequestActivation) -> Answer
    ) -> Answer {
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
}
