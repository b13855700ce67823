#if os(Linux)
    internal import CEpoll
    internal import GatewayEngine
    internal import GatewayModel
    internal import Synchronization

    #if canImport(Glibc)
        internal import Glibc
    #else
        internal import Musl
    #endif

    /// One thread that waits for sockets with epoll(7) and tells their owners. Everything in it is touched by
    /// that thread; others leave jobs in the `inbox`.
    ///
    /// Sockets are registered once and edge-triggered: what is readable is remembered by its stream, so that
    /// holding a reader back costs no system call.
    final class EpollLoop {
        private let poller: Int32
        private let inbox: Inbox
        private(set) var worker: Worker!
        private var isRunning = true
        /// What stands behind each descriptor. A stale event may reach the next owner of a number: owners
        /// take events as hints and ask the socket.
        private var sources: [(any EpollSource)?] = []
        /// Streams with input that is to be read before the loop waits again.
        private var ready: [EpollStream] = []
        /// Streams whose users are still to be told that they have closed.
        private var closed: [EpollStream] = []
        /// What is done when the events that have come have been told.
        private var postponed: [() -> Void] = []
        private var timers: [Int: (at: Int64, fire: () -> Void)] = [:]
        private var timerCount = 0
        /// When the first timer may be due.
        private var nextTimer = Int64.max
        private var nextSecond: Int64 = 0
        private var nextLogFlush: Int64 = 0
        var listeners: [ListenAddress: EpollListener] = [:]
        /// Those that wait for a descriptor to become free.
        private var pausedListeners: [EpollListener] = []
        private var resumeTimer: Int?
        private var hasFreedDescriptor = false
        /// Where every read of this thread goes.
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: EpollLoop.readBytes)

        private static let readBytes = 64 << 10
        private static let maxEvents = 256
        private static let logFlushNanoseconds: Int64 = 100_000_000

        init(inbox: Inbox, _ makeWorker: (any WorkerLoop) -> Worker) {
            poller = epoll_create1(Int32(EPOLL_CLOEXEC))
            precondition(poller >= 0, "the kernel gives no epoll descriptor")
            self.inbox = inbox
            let workerLoop = EpollWorkerLoop(inbox: inbox)
            worker = makeWorker(workerLoop)
            workerLoop.loop = self
            register(inbox.descriptor, self, events: EPOLLIN.rawValue)
            nextSecond = worker.uptime + 1_000_000_000
        }

        deinit {
            input.deallocate()
            SystemCall.closeDescriptor(poller)
        }

        func run() {
            let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Self.maxEvents)
            defer { events.deallocate() }
            while isRunning {
                let count = epoll_wait(poller, events.baseAddress, Int32(Self.maxEvents), waitMilliseconds())
                worker.tick()
                var index = 0
                while index < count {
                    let event = events[index]
                    index += 1
                    let descriptor = Int(event.data.fd)
                    if descriptor < sources.count { sources[descriptor]?.isReady(event.events) }
                    if !closed.isEmpty { tellClosed() }
                }
                if !ready.isEmpty { readReady() }
                keepTime()
                if !postponed.isEmpty { runPostponed() }
                if !pausedListeners.isEmpty, hasFreedDescriptor { resumeListeners() }
                hasFreedDescriptor = false
            }
            for listener in listeners.values { listener.close(self) }
            for source in sources {
                if let stream = source as? EpollStream { stream.close() }
                if let attempt = source as? ConnectAttempt { close(attempt.descriptor) }
            }
            tellClosed()
            // They hold the loop.
            sources = []
            timers = [:]
            postponed = []
        }

        // MARK: - Sockets

        /// Watches a descriptor, once and for all.
        ///
        /// - Returns: false where the kernel has no room for it: nothing is watched, and `errno` says why.
        @discardableResult
        func register(_ descriptor: Int32, _ source: any EpollSource, events: UInt32) -> Bool {
            while sources.count <= Int(descriptor) { sources.append(nil) }
            sources[Int(descriptor)] = source
            var event = epoll_event()
            event.events = events
            event.data.fd = descriptor
            return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) == 0
        }

        /// Another owner for a descriptor that is watched already.
        func replace(_ descriptor: Int32, _ source: any EpollSource) {
            sources[Int(descriptor)] = source
        }

        /// Ends the watch and closes the descriptor.
        func close(_ descriptor: Int32) {
            sources[Int(descriptor)] = nil
            SystemCall.closeDescriptor(descriptor)
            hasFreedDescriptor = true
        }

        /// Stops watching a listener until a descriptor has become free, or for a second.
        func pause(_ listener: EpollListener, _ descriptor: Int32) {
            sources[Int(descriptor)] = nil
            epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, nil)
            pausedListeners.append(listener)
            guard resumeTimer == nil else { return }
            resumeTimer = schedule(in: 1_000_000_000) { self.resumeListeners() }
        }

        private func resumeListeners() {
            cancel(resumeTimer)
            resumeTimer = nil
            let paused = pausedListeners
            pausedListeners = []
            for listener in paused { listener.resume() }
        }

        func readLater(_ stream: EpollStream) {
            ready.append(stream)
        }

        func tellLater(_ stream: EpollStream) {
            closed.append(stream)
        }

        private func tellClosed() {
            while let stream = closed.popLast() { stream.tellClosed() }
        }

        func soon(_ body: @escaping () -> Void) {
            postponed.append(body)
        }

        private func runPostponed() {
            let batch = postponed
            postponed.removeAll(keepingCapacity: true)
            for body in batch { body() }
            tellClosed()
        }

        private func readReady() {
            let batch = ready
            ready.removeAll(keepingCapacity: true)
            for stream in batch {
                stream.readAgain()
                if !closed.isEmpty { tellClosed() }
            }
        }

        // MARK: - Time

        /// Calls once, so many nanoseconds from now, between events.
        ///
        /// - Returns: the timer's number, to cancel it with.
        @discardableResult
        func schedule(in nanoseconds: Int64, _ fire: @escaping () -> Void) -> Int {
            let at = worker.uptime + nanoseconds
            timerCount += 1
            timers[timerCount] = (at, fire)
            nextTimer = min(nextTimer, at)
            return timerCount
        }

        func cancel(_ timer: Int?) {
            if let timer { timers[timer] = nil }
        }

        private func waitMilliseconds() -> Int32 {
            guard ready.isEmpty, postponed.isEmpty else { return 0 }
            var next = min(nextSecond, nextTimer)
            if worker.accessLog.hasLines { next = min(next, nextLogFlush) }
            return Int32(max(0, (next - worker.uptime + 999_999) / 1_000_000))
        }

        private func keepTime() {
            let now = worker.uptime
            if now >= nextLogFlush {
                nextLogFlush = now + Self.logFlushNanoseconds
                worker.accessLog.flush()
            }
            if now >= nextSecond {
                nextSecond = now + 1_000_000_000
                worker.everySecond()
            }
            if now >= nextTimer {
                let due = timers.filter { $0.value.at <= now }
                for number in due.keys { timers[number] = nil }
                nextTimer = timers.values.map(\.at).min() ?? .max
                for timer in due.values { timer.fire() }
            }
            tellClosed()
        }

        func stop() {
            isRunning = false
        }
    }

    /// What stands behind a watched descriptor.
    protocol EpollSource: AnyObject {
        /// - Parameter events: `EPOLLIN` and the like; a hint, see `EpollLoop`.
        func isReady(_ events: UInt32)
    }

    extension EpollLoop: EpollSource {
        /// Jobs have come.
        func isReady(_ events: UInt32) {
            for job in inbox.take() { job.run(self) }
        }
    }

    /// Jobs that other threads leave for a loop.
    final class Inbox: Sendable {
        struct Job: Sendable {
            var run: @Sendable (EpollLoop) -> Void
            /// Called instead where the loop has ended.
            var cancel: @Sendable () -> Void = {}
        }

        private struct Content {
            var jobs: [Job] = []
            var isOpen = true
        }

        /// An eventfd(2) that is readable while there are jobs.
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        private let content = Mutex(Content())

        deinit { SystemCall.closeDescriptor(descriptor) }

        func add(_ job: Job) {
            let isTaken = content.withLock {
                if $0.isOpen { $0.jobs.append(job) }
                return $0.isOpen
            }
            if isTaken { eventfd_write(descriptor, 1) } else { job.cancel() }
        }

        func take() -> [Job] {
            var count: UInt64 = 0
            eventfd_read(descriptor, &count)
            return content.withLock { content in
                defer { content.jobs.removeAll() }
                return content.jobs
            }
        }

        /// Takes no more jobs; answers those that are left.
        func close() -> [Job] {
            content.withLock { content in
                content.isOpen = false
                defer { content.jobs.removeAll() }
                return content.jobs
            }
        }
    }
#endif
