/// The copies of requests that are under way from one event loop: how many there may be, and how long.
///
/// No client is told of what becomes of one, or kept waiting for it: where there is no room it is left out and counted.
final class Mirrors {
    private unowned let worker: Worker
    private var sent: [ObjectIdentifier: MirroredRequest] = [:]
    /// Those that are being gathered included.
    private var count = 0
    private var bytes = 0
    private var turn: UInt64 = 0

    /// Copies at one time.
    private static let maxCount = 256
    /// What their heads and bodies may measure together.
    private static let maxBytes = 4 << 20
    /// From the moment a copy is whole to the end of its answer, in nanoseconds.
    private static let sendTime: Int64 = 15_000_000_000

    init(_ worker: Worker) {
        self.worker = worker
    }

    /// Whether the next request is copied, which a part of them are.
    func takesNext(of share: Double) -> Bool {
        turn &+= 1
        // Multiples of the golden ratio: of any few requests in a row as many are taken as of many.
        return Double(turn &* 0x9E37_79B9_7F4A_7C15) < share * 0x1p64
    }

    // MARK: - Room

    /// Whether there is room for another copy, which is then taken.
    func begin() -> Bool {
        guard count < Self.maxCount else { return false }
        count += 1
        return true
    }

    /// Whether there is room for so many bytes of a copy, which are then taken.
    func take(_ count: Int) -> Bool {
        guard count <= Self.maxBytes - bytes else { return false }
        bytes += count
        return true
    }

    /// A copy is gone, and what was taken for it free.
    func end(bytes: Int) {
        count -= 1
        self.bytes -= bytes
    }

    func count(_ fate: MirrorFate) {
        worker.counters.count(fate)
    }

    // MARK: - Sending

    /// Holds a copy until its answer has come, and sends it once the event that brought the request is over.
    func send(_ request: MirroredRequest) {
        sent[ObjectIdentifier(request)] = request
        request.endsAt = worker.uptime &+ Self.sendTime
        worker.schedule(at: worker.uptime) { request.begin() }
    }

    func remove(_ request: MirroredRequest) {
        sent[ObjectIdentifier(request)] = nil
    }

    func checkDeadlines() {
        for request in sent.values where request.endsAt <= worker.uptime { request.end(.late) }
    }

    func closeAll() {
        for request in sent.values { request.end(.unfinished) }
    }
}
