package import GatewayEngine
package import GatewayModel
internal import HTTPWire
package import NIOCore

/// All that one event loop serves traffic with. Loops share nothing; everything here is touched by its
/// loop alone.
final class Worker {
    let loop: any EventLoop
    let limits = HeadLimits.standard
    private(set) var snapshot: Snapshot
    var tokens: TokenCache
    let scratch = RequestScratch()
    /// Lines of the response that is being read.
    var responseTable = FieldTable()
    /// What goes to one client in one go.
    var output = ByteBuffer()
    /// The time of the event that is being served.
    private(set) var now: Int64 = WallClock.now()
    private(set) var date = HTTPDate()
    private var pools: [Endpoint: UpstreamPool] = [:]
    /// The pools of the snapshot's upstreams, by index of upstream and endpoint.
    private var upstreams: [[UpstreamPool]] = []
    private var turn: UInt64 = 0
    /// What is served at each address, as of the current snapshot.
    private var slots: [ListenAddress: BindSlot] = [:]
    /// Who was written to in the event that is being served.
    var clientToFlush: DownstreamHandler?

    struct Endpoint: Hashable {
        var host: String
        var port: Int
    }

    init(loop: any EventLoop, snapshot: Snapshot, tokenCacheBytes: Int) {
        self.loop = loop
        self.snapshot = snapshot
        tokens = TokenCache(maxBytes: tokenCacheBytes)
        date.update(now)
        use(snapshot)
    }

    /// Serves requests that begin from now on by this snapshot.
    func use(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        for slot in slots.values { slot.bind = nil }
        for bind in snapshot.binds { slot(bind.address).bind = bind }
        var kept: [Endpoint: UpstreamPool] = [:]
        upstreams = snapshot.upstreams.map { upstream in
            upstream.endpoints.map { endpoint in
                let key = Endpoint(host: endpoint.host, port: endpoint.port)
                let pool = kept[key] ?? pools[key] ?? UpstreamPool(endpoint: key, worker: self)
                kept[key] = pool
                return pool
            }
        }
        for (key, pool) in pools where kept[key] == nil { pool.retire() }
        pools = kept
    }

    /// The place where the current snapshot's bind of an address stands.
    func slot(_ address: ListenAddress) -> BindSlot {
        if let slot = slots[address] { return slot }
        let slot = BindSlot()
        slots[address] = slot
        return slot
    }

    /// Sends what the event that is being served wrote to a client.
    func flushClient() {
        clientToFlush?.flush()
        clientToFlush = nil
    }

    /// Reads the clock, once per event.
    func tick() {
        now = WallClock.now()
        date.update(now)
    }

    /// The pool that serves the next request to an upstream, or nil where no endpoint takes requests.
    func pool(upstream: Int) -> UpstreamPool? {
        turn &+= 1
        return snapshot.upstreams[upstream].endpoint(turn: turn).map { upstreams[upstream][$0] }
    }

    /// Closes idle connections that have not been used for long.
    func sweep() {
        for pool in pools.values { pool.closeStale() }
    }

    func closeAll() {
        for pool in pools.values { pool.retire() }
    }
}

/// What is served at one address of one event loop: replaced as a whole when the configuration changes.
final class BindSlot {
    /// Nil where the configuration no longer has the address.
    var bind: BindSnapshot?
}
