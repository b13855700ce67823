/// Waits until TLS has been agreed on with an upstream.
final class UpstreamHandshake: StreamUser {
    private let stream: TLSStream
    private let speaksHTTP2: Bool
    private var then: ((Result<Stream, ConnectFailure>) -> Void)?

    /// - Parameter then: called once.
    init(_ stream: TLSStream, speaksHTTP2: Bool, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void) {
        self.stream = stream
        self.speaksHTTP2 = speaksHTTP2
        self.then = then
        super.init()
        stream.user = self
    }

    /// What was asked for must be chosen (RFC 9113 §3.2); one that says nothing speaks HTTP/1.1.
    override func secured(speaksHTTP2: Bool) {
        guard speaksHTTP2 == self.speaksHTTP2 else {
            stream.close()
            return end(.failure(.tlsFailed))
        }
        end(.success(stream))
    }

    override func closed(byError: Bool) {
        end(.failure(stream.failure))
    }

    /// It has taken too long.
    func giveUp() {
        guard then != nil else { return }
        stream.close()
        end(.failure(.timeout))
    }

    private func end(_ result: Result<Stream, ConnectFailure>) {
        guard let then else { return }
        self.then = nil
        then(result)
    }
}
