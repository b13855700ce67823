internal import Synchronization

/// Something one task sleeps on until it is raised or time is up. It may wake once too often.
package final class Alarm: Sendable {
    private struct State {
        var isRaised = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes the sleeper, or lets the next one pass. From any thread.
    package func raise() {
        let sleeper = state.withLock { state in
            defer { state.sleeper = nil }
            if state.sleeper == nil { state.isRaised = true }
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Returns when it is raised, when the time is up, or when the task is cancelled. One sleeper at a time.
    package func wait(for time: Duration?) async {
        await withTaskGroup(of: Void.self) { group in
            if let time {
                group.addTask {
                    if (try? await Task.sleep(for: time)) != nil { self.raise() }
                }
            }
            await withTaskCancellationHandler {
                await sleep()
            } onCancel: {
                raise()
            }
            group.cancelAll()
        }
    }

    private func sleep() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                precondition(state.sleeper == nil, "an alarm has one sleeper")
                if !state.isRaised { state.sleeper = continuation }
                defer { state.isRaised = false }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}
