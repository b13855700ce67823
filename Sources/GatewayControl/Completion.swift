internal import Synchronization

/// Something that is done once, whoever says so first, and one who waits for it.
final class Completion: Sendable {
    private struct State {
        var isComplete = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func wait(_ waiter: CheckedContinuation<Void, Never>) {
        let isComplete = state.withLock { state in
            if !state.isComplete { state.waiter = waiter }
            return state.isComplete
        }
        if isComplete { waiter.resume() }
    }

    func complete() {
        let waiter = state.withLock { state in
            state.isComplete = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
