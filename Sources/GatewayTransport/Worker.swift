internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore
internal import NIOEmbedded

/// All that one event loop serves traffic with. Loops share nothing; everything here is touched by its
/// loop alone.
final class Worker {
    let loop: any WorkerLoop
    private(set) var snapshot: Snapshot
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
    private var pools: [Endpoint: UpstreamPool] = [:]
    /// The pools of the snapshot's upstreams, by index of upstream and endpoint.
    private var upstreams: [[UpstreamPool]] = []
    /// What they are the pools of.
    private var served: [UpstreamSnapshot] = []
    private var turn: UInt64 = 0
    /// What is served at each address, as of the current snapshot.
    private var slots: [ListenAddress: BindSlot] = [:]

    /// Where connections of one pool lead.
    struct Endpoint: Hashable {
        var address: StreamAddress
        /// Nil: plain text.
        var tls: UpstreamTLS?
        /// Of HTTP.
        var version = BackendVersion.byRequest
        /// Whether copies of requests go there.
        var isMirror = false
        var limits: ConnectionLimits

        /// As it stands in `Host`: without the port that `http`, or `https`, implies. A Unix socket, which has no
        /// name, is asked for as what it always is: `localhost`.
        var authority: [UInt8] {
            switch address {
            case .network(let host, tls == nil ? 80 : 443): Array((host.contains(":") ? "[\(host)]" : host).utf8)
            case .network: Array(name.utf8)
            case .unix: Array("localhost".utf8)
            }
        }

        /// As it stands in the log.
        var name: String { address.description }
    }

    init(
        loop: any WorkerLoop, snapshot: Snapshot, terminators: [ListenAddress: TLSTerminator],
        initiators: TLSInitiators, loopCount: Int,
        tokenCacheBytes: Int, accessLog: AccessLog,
        warn: @escaping (String) -> Void
    ) {
        self.loop = loop
        self.snapshot = snapshot
        self.initiators = initiators
        self.loopCount = loopCount
        self.accessLog = accessLog
        self.warn = warn
        tokens = TokenCache(maxBytes: tokenCacheBytes)
        setClock()
        use(snapshot, terminators)
    }

    // MARK: - Configuration

    /// Serves requests that begin from now on by this snapshot.
    ///
    /// - Parameter terminators: of those addresses that are TLS.
    func use(_ snapshot: Snapshot, _ terminators: [ListenAddress: TLSTerminator]) {
        self.snapshot = snapshot
        scratch.beginConfiguration()
        for slot in slots.values { slot.bind = nil }
        for bind in snapshot.binds {
            slot(bind.address).bind = bind
            slot(bind.address).terminator = terminators[bind.address]
        }
        serve(snapshot.upstreams)
    }

    /// Finds pools for these upstreams. Looks only at those that are not what they were: one that changes among ten
    /// thousand must not hold up the loop.
    private func serve(_ wanted: [UpstreamSnapshot]) {
        var replaced: [UpstreamPool] = []
        for index in wanted.indices where index >= served.count || served[index] !== wanted[index] {
            let pools = pools(of: wanted[index])
            if index < upstreams.count {
                replaced += upstreams[index]
                upstreams[index] = pools
            } else {
                upstreams.append(pools)
            }
        }
        while upstreams.count > wanted.count { replaced += upstreams.removeLast() }
        served = wanted
        for pool in replaced {
            pool.userCount -= 1
            guard pool.userCount == 0 else { continue }
            pools[pool.endpoint] = nil
            pool.retire()
        }
    }

    private func pools(of upstream: UpstreamSnapshot) -> [UpstreamPool] {
        zip(upstream.endpoints, upstream.tls).map { endpoint, tls in
            let key = Endpoint(
                address: endpoint.address, tls: tls,
                version: endpoint.policies.version ?? .byRequest, isMirror: upstream.isMirror,
                limits: upstream.connections)
            let pool = pools[key] ?? UpstreamPool(endpoint: key, worker: self)
            pools[key] = pool
            pool.userCount += 1
            return pool
        }
    }

    /// The place where the current snapshot's bind of an address stands.
    func slot(_ address: ListenAddress) -> BindSlot {
        if let slot = slots[address] { return slot }
        let slot = BindSlot()
        slots[address] = slot
        return slot
    }

    /// The pool that serves the next request to an upstream, with the policies of that endpoint; nil where no
    /// endpoint takes requests.
    func pool(upstream index: Int) -> (UpstreamPool, EndpointPolicy?)? {
        turn &+= 1
        let upstream = snapshot.upstreams[index]
        let endpoint =
            if let balancer = upstream.balancer {
                choose(balancer, upstreams[index], scratch.balanceKey) { _ in false }
            } else {
                upstream.endpoint(turn: turn)
            }
        guard let endpoint else { return nil }
        return (upstreams[index][endpoint], upstream.policy(of: endpoint))
    }

    private func choose(
        _ balancer: Balancer, _ pools: [UpstreamPool], _ key: UInt64, isOut: (Int) -> Bool
    ) -> Int? {
        balancer.choose(key: key, turn: turn, load: { pools[$0].load }, isOut: isOut)
    }

    /// The pool of another endpoint of an upstream; the one tried last where there is none, where others have policies
    /// of their own, or where the upstream is no longer served.
    ///
    /// - Parameters:
    ///   - tried: those that have failed the request; one or more. They are asked again once all have.
    ///   - key: the request's own, as `RequestScratch.balanceKey`.
    func pool(of upstream: UpstreamSnapshot, insteadOf tried: [UpstreamPool], key: UInt64) -> UpstreamPool {
        let last = tried[tried.count - 1]
        guard let index = snapshot.upstreams.firstIndex(where: { $0 === upstream }) else { return last }
        let pools = upstreams[index]
        let usable = pools.indices.filter { pools[$0] !== last && upstream.policy(of: $0) == nil }
        let untried = usable.filter { index in !tried.contains { $0 === pools[index] } }
        let others = untried.isEmpty ? usable : untried
        guard !others.isEmpty else { return last }
        turn &+= 1
        if let balancer = upstream.balancer {
            return choose(balancer, pools, key) { !others.contains($0) }.map { pools[$0] } ?? last
        }
        // By their shares, where chance does not bring up the same one again and again.
        for _ in 0..<others.count {
            if let other = upstream.endpoint(turn: turn), others.contains(other) { return pools[other] }
            turn &+= 1
        }
        return pools[others[0]]
    }

    // MARK: - Time

    /// Reads the clock, once per event.
    func tick() {
        uptime = WallClock.uptime()
    }

    /// When a connection that begins now is old, in uptime.
    var retirement: Int64 {
        let (sum, overflowed) = uptime.addingReportingOverflow(snapshot.traffic.maxConnectionAge)
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
        for pool in pools.values { pool.closeStale() }
        mirrors.checkDeadlines()
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
    /// - Returns: false where there is not enough of it.
    func takeBufferRoom(_ count: Int) -> Bool {
        let traffic = snapshot.traffic
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
        for pool in pools.values { pool.retire() }
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

/// What is served at one address of one event loop: replaced as a whole when the configuration changes.
final class BindSlot {
    /// Nil where the configuration no longer has the address.
    var bind: BindSnapshot?
    /// Nil where the address is plain text.
    var terminator: TLSTerminator?
}
