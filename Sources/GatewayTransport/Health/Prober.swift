internal import GatewayEngine
internal import GatewayModel

/// Asks servers how they are, as often as their checks say. One event loop does it for all.
///
/// Whatever is due at once, and whatever servers there are: no more are asked at a time than `maxRunning`, and of those
/// that share the name of their checks than these say. The others wait for their turn.
final class Prober {
    private unowned let worker: Worker
    private var watches: [EndpointCondition: Watch] = [:]
    /// By the slice of time in which they are to be asked.
    private var due: [Int64: [Watch]] = [:]
    /// The first slice that has not been looked at.
    private var nextSlice: Int64
    /// Those whose time has come and that have to wait for others.
    private var waiting: [Watch] = []
    private var running: [ObjectIdentifier: (watch: Watch, probe: Probe)] = [:]
    /// By the name of the checks.
    private var runningCounts: [String: Int] = [:]
    private var isTicking = false
    private var isStopped = false

    /// Servers that are asked at a time.
    private static let maxRunning = 256
    /// In nanoseconds.
    private static let slice: Int64 = 50_000_000
    /// A server is asked first within so many nanoseconds.
    private static let maxFirstDelay: Int64 = 500_000_000

    /// A server that is asked.
    private final class Watch {
        let condition: EndpointCondition
        let checks: HealthChecks
        let probe: CompiledProbe
        let pool: UpstreamPool
        let concurrency: Int
        /// Places in upstreams.
        var userCount = 0

        init(
            _ condition: EndpointCondition, _ checks: HealthChecks, _ probe: CompiledProbe, _ pool: UpstreamPool,
            concurrency: Int
        ) {
            self.condition = condition
            self.checks = checks
            self.probe = probe
            self.pool = pool
            self.concurrency = concurrency
        }

        var isWatched: Bool { userCount > 0 }
    }

    init(_ worker: Worker) {
        self.worker = worker
        nextSlice = worker.uptime / Self.slice
    }

    // MARK: - What is asked

    /// A place of an upstream has the server.
    ///
    /// - Parameter served: what the upstream is of.
    func begin(_ condition: EndpointCondition, _ served: ServedSnapshot) {
        guard let checks = condition.checks, let settings = checks.probe, let probe = condition.probe else { return }
        if let watch = watches[condition] {
            watch.userCount += 1
            return
        }
        let endpoint = UpstreamEndpoint(
            address: probe.address, tls: probe.tls, version: .http1,
            limits: ConnectionLimits(ConnectionSettings(connectTimeout: settings.timeout)))
        let watch = Watch(
            condition, checks, probe, UpstreamPool(endpoint: endpoint, served: served, worker: worker),
            concurrency: settings.concurrency)
        watch.userCount = 1
        watches[condition] = watch
        let interval = probe.interval(isOut: condition.isOut(at: worker.uptime))
        // Many that come at once are not asked at once.
        plan(watch, in: Int64.random(in: 0...min(interval, Self.maxFirstDelay)))
    }

    /// A place of an upstream no longer has it.
    func end(_ condition: EndpointCondition) {
        guard let watch = watches[condition] else { return }
        watch.userCount -= 1
        guard !watch.isWatched else { return }
        watches[condition] = nil
        running[ObjectIdentifier(watch)]?.probe.end(nil)
    }

    func stop() {
        isStopped = true
        for condition in watches.keys {
            watches[condition]?.userCount = 1
            end(condition)
        }
        due = [:]
        waiting = []
    }

    // MARK: - When

    private func plan(_ watch: Watch, in nanoseconds: Int64) {
        let slice = max(nextSlice, (worker.uptime &+ nanoseconds) / Self.slice)
        due[slice, default: []].append(watch)
    }

    /// To be called now and then, and when servers have been added.
    func resume() {
        guard !isTicking, !isStopped, !watches.isEmpty else { return }
        isTicking = true
        worker.loop.schedule(in: Self.slice) { [weak self] in self?.tick() }
    }

    private func tick() {
        isTicking = false
        guard !isStopped else { return }
        worker.tick()
        for (_, probe) in running.values where probe.endsAt <= worker.uptime { probe.end(.timeout) }
        let now = worker.uptime / Self.slice
        // A clock that was stopped for long is not made up for.
        if now - nextSlice > Int64(due.count) {
            for slice in due.keys where slice < now { waiting += due.removeValue(forKey: slice) ?? [] }
        } else {
            while nextSlice < now {
                waiting += due.removeValue(forKey: nextSlice) ?? []
                nextSlice += 1
            }
        }
        nextSlice = max(nextSlice, now)
        startWaiting()
        resume()
    }

    // MARK: - Asking

    private func startWaiting() {
        guard !waiting.isEmpty else { return }
        var (candidates, held) = (waiting[...], [Watch]())
        waiting = []
        while let watch = candidates.popFirst() {
            guard watch.isWatched else { continue }
            guard running.count < Self.maxRunning else {
                held.append(watch)
                break
            }
            if runningCounts[watch.checks.name, default: 0] < watch.concurrency {
                start(watch)
            } else {
                held.append(watch)
            }
        }
        waiting = held + candidates + waiting
    }

    private func start(_ watch: Watch) {
        let probe = Probe(watch.probe, watch.pool, at: worker.uptime) { [weak self] in self?.ended(watch, $0) }
        running[ObjectIdentifier(watch)] = (watch, probe)
        runningCounts[watch.checks.name, default: 0] += 1
        probe.begin()
    }

    private func ended(_ watch: Watch, _ outcome: EndpointCondition.Outcome?) {
        running[ObjectIdentifier(watch)] = nil
        let count = runningCounts[watch.checks.name, default: 1] - 1
        runningCounts[watch.checks.name] = count > 0 ? count : nil
        if let outcome, watch.isWatched {
            worker.counters.count(ProbeResult(outcome))
            if let change = watch.condition.note(probe: outcome, at: worker.uptime) {
                worker.tell(change, of: watch.condition, by: "probes")
            }
        }
        guard watch.isWatched else { return }
        // Servers that were asked together do not stay together.
        let interval = watch.probe.interval(isOut: watch.condition.isOut(at: worker.uptime))
        plan(watch, in: interval - Int64.random(in: 0...interval / 16))
    }
}
