import Foundation
import Synchronization

/// A server that answers each request as the test says at the moment.
final class SwitchedServer {
    let port: Int
    private let listener: Int32
    private let shared = Shared()

    private final class Shared: Sendable {
        struct State {
            /// Nil: no answer at all.
            var status: String? = "200 OK"
            /// By path: in place of the others'.
            var statuses: [String: String?] = [:]
            /// Heads by path.
            var heads: [String: [String]] = [:]
        }

        let state = Mutex(State())
        let isStopped = Atomic<Bool>(false)
        let done = DispatchSemaphore(value: 0)
    }

    init() throws {
        (listener, port) = try Sockets.listen()
        Thread { [listener, shared] in
            while !shared.isStopped.load(ordering: .relaxed) {
                guard Sockets.wait(listener, for: Int16(POLLIN), 50), let descriptor = Sockets.accept(listener)
                else { continue }
                Thread { Self.serve(descriptor, shared) }.start()
            }
            shared.done.signal()
        }.start()
    }

    deinit {
        shared.isStopped.store(true, ordering: .relaxed)
        shared.done.wait()
        Sockets.close(listener)
    }

    /// Answers requests of that path so from now on, or all that no path is named of; nil: not at all.
    func answer(_ status: String?, path: String? = nil) {
        shared.state.withLock { state in
            if let path { state.statuses.updateValue(status, forKey: path) } else { state.status = status }
        }
    }

    /// The heads of the requests of a path that have come.
    func heads(_ path: String) -> [String] { shared.state.withLock { $0.heads[path] ?? [] } }

    private static func serve(_ descriptor: Int32, _ shared: Shared) {
        let wire = Wire(descriptor: descriptor)
        while let head = try? wire.readHead() {
            let parts = head.split(separator: " ", maxSplits: 2)
            let path = parts.count > 1 ? String(parts[1]) : ""
            let status = shared.state.withLock { state in
                state.heads[path, default: []].append(head)
                return state.statuses[path] ?? state.status
            }
            guard let status else {
                // Until the other side has had enough.
                _ = try? wire.readToEnd()
                return
            }
            guard (try? wire.answer(path, status: status, "")) != nil else { return }
        }
    }
}
