/// Waits until TLS has been agreed on with an upstream.
final class UpstreamHandshake: StreamUser {
    private let stream: TLSStream
    private var then: ((Result<Stream, ConnectFailure>) -> Void)?

    /// - Parameter then: called once.
    init(_ stream: TLSStream, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void) {
        self.stream = stream
        self.then = then
        super.init()
        stream.user = self
    }

    override func secured() {
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
