internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore
internal import NIOEmbedded

/// All that one event loop serves traffic with. Loops share nothing; everything here is touched by its
/// loop alone.
final class Worker {
    let loop: any WorkerLoop
    var tokens: TokenCache
    var scratch = RequestScratch()
    /// Lines of the response that is being read.
    var responseTable = FieldTable()
    var counters = Counters()
    var accessLog: AccessLog

    /// Carries what handlers of TLS and HTTP/2 put off. It has no thread: the worker runs it.
    private var handlerLoop: EmbeddedEventLoop?
    /// Whose requests wait for keys, or for a password to be checked, by the number of the wait.
    private var waiters: [Int: DownstreamConnection] = [:]
    private var waitCount = 0
    let initiators: TLSInitiators
    /// Loops of this server.
    private let loopCount: Int
    private(set) lazy var mirrors = Mirrors(self)
    /// Asks servers how they are; nil where another loop does.
    private(set) var prober: Prober?
    /// Payload of the bodies that are gathered here now.
    private var gatheredBytes = 0
    private let warn: (String) -> Void
    private var nextDescriptorWarning: Int64 = .min
    /// Memory that no stream writes from now.
    private var spare = ByteQueue()

    /// Nanoseconds of a clock that is never set, as of the event that is being served.
    private(set) var uptime: Int64 = WallClock.uptime()
    /// What makes Unix time of `uptime`; looked at anew every second.
    private var wallOffset: Int64 = 0
    private(set) var date = HTTPDate()
    /// Told to stop: every answer is the last of its connection.
    private(set) var isDraining = false

    private var clients: [ObjectIdentifier: DownstreamConnection] = [:]
    /// Clients that speak HTTP/2.
    private var sessions: [ObjectIdentifier: HTTP2ServerSession] = [:]
    /// What the sources of configuration have served here.
    private var served: [ConfigurationSource: ServedSnapshot] = [:]
    /// What is served at each address.
    private var slots: [ListenAddress: BindSlot] = [:]

    init(
        loop: any WorkerLoop, initiators: TLSInitiators, loopCount: Int, probes: Bool, tokenCacheBytes: Int,
        accessLog: AccessLog,
        warn: @escaping (String) -> Void
    ) {
        self.loop = loop
        self.initiators = initiators
        self.loopCount = loopCount
        self.accessLog = accessLog
        self.warn = warn
        tokens = TokenCache(maxBytes: tokenCacheBytes)
        setClock()
        if probes { prober = Prober(self) }
    }

    // MARK: - Configuration

    /// Makes room for what a source is to serve: its addresses can then be listened on.
    func claim(_ addresses: Set<ListenAddress>, for snapshot: Snapshot, of source: ConfigurationSource) {
        let served = served[source] ?? ServedSnapshot(snapshot, of: source, worker: self)
        self.served[source] = served
        for address in addresses where slots[address] == nil { slots[address] = BindSlot(served) }
    }

    /// Serves requests that begin from now on by this snapshot of a source.
    ///
    /// - Precondition: its addresses were claimed.
    ///
    /// - Parameter terminators: of those addresses that are TLS.
    func use(_ snapshot: Snapshot, of source: ConfigurationSource, _ terminators: [ListenAddress: TLSTerminator]) {
        claim([], for: snapshot, of: source)
        guard let served = served[source] else { return }
        release(served)
        for bind in snapshot.binds {
            let slot = slot(bind.address)
            let earlier = slot.terminator
            slot.served = served
            slot.bind = bind
            slot.terminator = terminators[bind.address]
            if let earlier, earlier !== slot.terminator { dismissClients(at: slot, metBy: earlier) }
        }
        served.use(snapshot)
        prober?.resume()
    }

    /// Lets go of clients whose certificates were looked at by another measure than the one that holds now.
    private func dismissClients(at slot: BindSlot, metBy earlier: TLSTerminator) {
        let listeners = earlier.listeners(thatAskOtherwiseIn: slot.terminator)
        guard !listeners.isEmpty else { return }
        tick()
        func concerns(_ place: BindSlot, _ context: ConnectionContext) -> Bool {
            place === slot && context.securedBy.map(listeners.contains) ?? false
        }
        for client in clients.values where concerns(client.slot, client.context) { client.drain() }
        for session in sessions.values where concerns(session.slot, session.context) { session.dismiss() }
    }

    /// Serves nothing of a source any more.
    func forget(_ source: ConfigurationSource) {
        guard let served = self.served.removeValue(forKey: source) else { return }
        release(served)
        served.retire()
    }

    /// Leaves the addresses of a source to nobody.
    private func release(_ served: ServedSnapshot) {
        scratch.beginConfiguration()
        for slot in slots.values where slot.served === served { slot.bind = nil }
    }

    /// The place where the bind of an address stands.
    ///
    /// - Precondition: it was claimed.
    func slot(_ address: ListenAddress) -> BindSlot {
        guard let slot = slots[address] else { preconditionFailure("\(address) is nobody's") }
        return slot
    }

    // MARK: - Time

    /// Reads the clock, once per event.
    func tick() {
        uptime = WallClock.uptime()
    }

    /// When a connection that begins now is old, in uptime.
    func retirement(_ traffic: TrafficPolicy) -> Int64 {
        let (sum, overflowed) = uptime.addingReportingOverflow(traffic.maxConnectionAge)
        return overflowed ? .max : sum
    }

    /// Unix nanoseconds.
    var wallNanoseconds: Int64 { uptime &+ wallOffset }

    /// Unix seconds.
    var now: Int64 { wallNanoseconds / 1_000_000_000 }

    private func setClock() {
        tick()
        wallOffset = WallClock.nanoseconds() - uptime
        date.update(now)
        nextLook = uptime + 1_100_000_000
    }

    /// When deadlines are looked at next, as a rule before.
    private(set) var nextLook: Int64 = 0
    /// What has to be done before, by the time slice it is done at the end of.
    private var appointments: [Int64: [() -> Void]] = [:]
    /// In nanoseconds. A loop has one timer per slice, however many requests there are.
    private static let slice: Int64 = 5_000_000

    /// Calls once, between events, some milliseconds after that uptime at the latest.
    func schedule(at due: Int64, _ fire: @escaping () -> Void) {
        let number = due / Self.slice + 1
        appointments[number, default: []].append(fire)
        guard appointments[number]?.count == 1 else { return }
        loop.schedule(in: max(0, number * Self.slice - uptime)) { [weak self] in
            guard let self else { return }
            tick()
            for fire in appointments.removeValue(forKey: number) ?? [] { fire() }
        }
    }

    /// What is done once a second: deadlines, idle connections, the clock.
    func everySecond() {
        setClock()
        handlerLoop?.advanceTime(by: .seconds(1))
        for client in clients.values { client.checkDeadline() }
        for session in sessions.values { session.checkDeadline() }
        for served in served.values { served.closeStale() }
        mirrors.checkDeadlines()
    }

    // MARK: - Health

    /// Takes what a request has met at a server into account.
    func note(_ outcome: EndpointCondition.Outcome, of condition: EndpointCondition) {
        if let change = condition.note(request: outcome, at: uptime) { tell(change, of: condition, by: "requests") }
    }

    /// - Parameter witnesses: what has shown it.
    func tell(_ change: EndpointCondition.Change, of condition: EndpointCondition, by witnesses: String) {
        warn(condition.words(change, by: witnesses))
    }

    // MARK: - Descriptors

    /// A connection waits that could not be accepted.
    func acceptFailed() {
        counters.acceptFailures &+= 1
        descriptorsRanOut()
    }

    /// The process may open no more descriptors. Said once a minute.
    func descriptorsRanOut() {
        guard uptime >= nextDescriptorWarning else { return }
        nextDescriptorWarning = uptime + 60_000_000_000
        warn(
            "no descriptor is left for another connection: clients wait, or get 503 upstream_busy; raise the limit "
                + "of open files (ulimit -n, or LimitNOFILE= of systemd)")
    }

    // MARK: - Keys

    /// Holds a client's request until a fetch of keys has settled, for a second at most.
    ///
    /// - Returns: false where too many wait already, or there is nothing to wait for.
    func awaitKeys(_ refresh: KeyRefresh, for client: DownstreamConnection) -> Bool {
        guard waiters.count < Self.maxWaiters else { return false }
        let (number, post) = (waitCount + 1, loop.post)
        guard refresh.whenSettled({ post { $0.stopWaiting(number) } }) else { return false }
        hold(client, nanoseconds: Self.keyWaitNanoseconds)
        return true
    }

    /// Has a password checked on a thread of its own, and holds a client's request meanwhile.
    ///
    /// - Returns: false where too many wait already.
    func awaitPassword(_ check: PasswordCheck, for client: DownstreamConnection) -> Bool {
        guard waiters.count < Self.maxWaiters, check.begin() else { return false }
        let (number, post) = (waitCount + 1, loop.post)
        PasswordThread.run {
            check.run()
            post { $0.stopWaiting(number) }
        }
        hold(client, nanoseconds: Self.passwordWaitNanoseconds)
        return true
    }

    private func hold(_ client: DownstreamConnection, nanoseconds: Int64) {
        waitCount += 1
        let number = waitCount
        waiters[number] = client
        loop.schedule(in: nanoseconds) { [weak self] in self?.stopWaiting(number) }
    }

    private func stopWaiting(_ number: Int) {
        tick()
        waiters.removeValue(forKey: number)?.stopWaiting()
    }

    private static let maxWaiters = 64
    private static let keyWaitNanoseconds: Int64 = 1_000_000_000
    /// As long as the last of the checks that may wait takes, at the cost that `htpasswd` is used with.
    private static let passwordWaitNanoseconds: Int64 = 5_000_000_000

    // MARK: - Memory

    /// Takes room for a piece of a body from this loop's share.
    ///
    /// - Parameter traffic: how much that is.
    /// - Returns: false where there is not enough of it.
    func takeBufferRoom(_ count: Int, _ traffic: TrafficPolicy) -> Bool {
        let share = max(traffic.maxBufferedBytes / loopCount, traffic.maxBufferedBodyBytes)
        guard count <= share - gatheredBytes else { return false }
        gatheredBytes += count
        return true
    }

    func giveBufferRoomBack(_ count: Int) {
        gatheredBytes -= count
    }

    /// Gives a stream that begins to write the memory another one wrote from.
    func lendMemory(to queue: inout ByteQueue) {
        if queue.capacity == 0 { swap(&queue, &spare) }
    }

    /// Takes the memory of a stream that has nothing left to write, so that idle connections hold none.
    func takeMemoryBack(from queue: inout ByteQueue) {
        queue.removeAll()
        if spare.capacity == 0, queue.capacity <= Self.maxSpareBytes {
            swap(&queue, &spare)
        } else {
            queue = ByteQueue()
        }
    }

    private static let maxSpareBytes = 64 << 10

    // MARK: - Clients

    /// Serves a connection that was accepted at an address.
    func accept(_ stream: Stream, at slot: BindSlot, _ ends: SocketEnds) {
        guard let terminator = slot.terminator else {
            return add(DownstreamConnection(stream: stream, slot: slot, ends: ends))
        }
        do {
            let secured = try TLSStream(over: stream, terminator, loop: loopForHandlers())
            add(DownstreamConnection(stream: secured, slot: slot, ends: ends))
        } catch {
            stream.close()
        }
    }

    /// Made on the worker's thread, which is the only one it may be used on.
    func loopForHandlers() -> EmbeddedEventLoop {
        let loop = handlerLoop ?? EmbeddedEventLoop()
        handlerLoop = loop
        return loop
    }

    private func add(_ client: DownstreamConnection) {
        clients[ObjectIdentifier(client)] = client
        counters.connectionsAccepted &+= 1
    }

    func remove(_ client: DownstreamConnection) {
        clients[ObjectIdentifier(client)] = nil
    }

    /// A client's connection has turned out to speak HTTP/2.
    func add(_ session: HTTP2ServerSession) {
        sessions[ObjectIdentifier(session)] = session
    }

    func remove(_ session: HTTP2ServerSession) {
        sessions[ObjectIdentifier(session)] = nil
    }

    /// Closes what is idle; what is in service ends with its answer.
    func drain() {
        isDraining = true
        tick()
        for client in clients.values { client.drain() }
        for session in sessions.values { session.drain() }
    }

    func closeAll() {
        for client in clients.values { client.close() }
        for session in sessions.values { session.bytes.close() }
        mirrors.closeAll()
        prober?.stop()
        for served in served.values { served.retire() }
        // Nothing may be left to do in a loop that ends.
        handlerLoop?.advanceTime(by: .hours(1))
        handlerLoop = nil
        appointments = [:]
        accessLog.flush()
    }

    /// The counters as they stand, gauges included.
    func count() -> Counters {
        var counters = counters
        counters.connectionsOpen = UInt64(clients.count + sessions.count)
        counters.tokenCacheHits = tokens.hits
        counters.tokenCacheMisses = tokens.misses
        counters.tokenCacheEvictions = tokens.evictions
        counters.tokenCacheEntries = UInt64(tokens.count)
        counters.tokenCacheBytes = UInt64(tokens.byteCount)
        return counters
    }
}
