internal import Bytes
internal import HTTPWire

extension RequestActivation {
    /// Lends the request to `body` as expressions see it.
    ///
    /// - Parameter asReceived: whether what stages have taken out since, a token say, is shown all the same.
    static func show<Answer>(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot,
        asReceived: Bool = false, _ body: (borrowing RequestActivation) -> Answer
    ) -> Answer {
        unsafe withUnsafePointer(to: &scratch) { scratch in
            unsafe withUnsafePointer(to: setting) { setting in
                unsafe bytes.withUnsafeBufferPointer { head in
                    unsafe scratch.pointee.target.host.withUnsafeBufferPointer { host in
                        unsafe scratch.pointee.target.storage.withUnsafeBufferPointer { storage in
                            unsafe body(
                                RequestActivation(
                                    head: head, host: host, storage: storage, scratch: scratch, setting: setting,
                                    listener: listener, isAsReceived: asReceived))
                        }
                    }
                }
            }
        }
    }
}
