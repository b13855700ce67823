internal import Bytes
package import HTTPWire

/// A request as expressions see it once it has been decided on, kept until they are asked.
///
/// The head and what the stages found are copied, since the next request overwrites them: only places with such
/// expressions pay for it.
package final class KeptRequest {
    private let setting: RequestSetting
    private let listener: ListenerSnapshot
    private let bytes: [UInt8]
    var scratch: RequestScratch

    /// Nil where no listener answers to the request's host: nothing of it can be asked for.
    ///
    /// - Parameters:
    ///   - bytes: begin with the head.
    ///   - scratch: as the pipeline left it.
    ///   - now: Unix seconds.
    package init?(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: RequestScratch, bind: BindSnapshot,
        connection: ConnectionContext, now: Int64
    ) {
        self.scratch = scratch
        guard let listener = Pipeline.listener(of: bind, &self.scratch) else { return nil }
        self.listener = listener
        setting = RequestSetting(head: head, connection: connection, bind: bind, now: now, uptime: 0)
        self.bytes = bytes.extracting(0..<head.byteCount).copied
    }

    func show<Answer>(_ use: (borrowing RequestActivation) -> Answer) -> Answer {
        let bytes = bytes
        return RequestActivation.show(setting, bytes.span, &scratch, listener, use)
    }
}
