#if os(Linux)
    internal import GatewayEngine
    internal import GatewayModel

    #if canImport(Glibc)
        internal import Glibc
    #else
        internal import Musl
    #endif

    /// Moves bytes by epoll(7): one `EpollLoop` on a thread of its own.
    final class EpollDriver: Driver {
        private let inbox = Inbox()

        /// - Parameter makeWorker: called on the driver's thread.
        init(_ makeWorker: @escaping @Sendable (any WorkerLoop) -> Worker) {
            Self.startThread { [inbox] in
                EpollLoop(inbox: inbox, makeWorker).run()
                // Whoever still waits is told that nothing is done any more.
                for job in inbox.close() { job.cancel() }
            }
        }

        func perform<Result: Sendable>(_ body: @escaping @Sendable (Worker) -> Result) async -> Result? {
            await onLoop { body($0.worker) }
        }

        func listen(_ address: ListenAddress) async throws {
            let outcome = await onLoop { loop in
                Result { loop.listeners[address] = try EpollListener(address, loop: loop) }
            }
            try outcome?.get()
        }

        func stopListening(_ address: ListenAddress) async {
            await onLoop { loop in loop.listeners.removeValue(forKey: address)?.close(loop) }
        }

        func shutdown() async {
            await onLoop { $0.stop() }
        }

        @discardableResult
        private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (EpollLoop) -> Result) async -> Result? {
            await withCheckedContinuation { continuation in
                inbox.add(
                    Inbox.Job {
                        continuation.resume(returning: body($0))
                    } cancel: {
                        continuation.resume(returning: nil)
                    })
            }
        }

        private static func startThread(_ body: @escaping @Sendable () -> Void) {
            final class Body {
                let run: @Sendable () -> Void
                init(_ run: @escaping @Sendable () -> Void) { self.run = run }
            }
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { body in
                    if let body { Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run() }
                    return nil
                }, Unmanaged.passRetained(Body(body)).toOpaque())
            precondition(code == 0, "the system starts no thread")
            pthread_detach(thread)
        }
    }
#endif
