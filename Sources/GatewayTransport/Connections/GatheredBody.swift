internal import Bytes
internal import GatewayEngine
internal import HTTPWire

/// A message whose body is gathered, because expressions read it, and then goes on in one piece. Of an answer only the
/// body is kept here.
final class GatheredBody {
    private let worker: Worker
    /// How much is gathered at one time.
    private let traffic: TrafficPolicy
    /// The head, as it came.
    private var head = ByteQueue()
    /// The body without its framing.
    private var payload = ByteQueue()
    /// The lines behind it; nil where it came without chunks.
    private var trailers: [UInt8]?
    private(set) var isComplete = false
    /// What was taken of the worker's room: given back when the request is forgotten.
    private var room = 0

    /// - Parameter head: of a request; else empty.
    init(head: Span<UInt8> = Span(), worker: Worker, _ traffic: TrafficPolicy) {
        self.worker = worker
        self.traffic = traffic
        self.head.append(head)
    }

    deinit { worker.giveBufferRoomBack(room) }

    /// - Returns: false where the worker has no room left.
    func append(_ bytes: Span<UInt8>) -> Bool {
        guard worker.takeBufferRoom(bytes.count, traffic) else { return false }
        room += bytes.count
        payload.append(bytes)
        return true
    }

    /// What it has become takes its place in the worker's room.
    ///
    /// - Returns: false where there is not enough of it.
    func becomes(_ count: Int) -> Bool {
        guard worker.takeBufferRoom(count - room, traffic) else { return false }
        room = count
        return true
    }

    /// The body is whole.
    ///
    /// - Parameters:
    ///   - trailers: the lines behind it; nil where it came without chunks.
    ///   - bytes: those the trailer lines were read from.
    func complete(trailers: FieldTable?, _ bytes: Span<UInt8>) {
        isComplete = true
        self.trailers = trailers?.lines.filter { !$0.isDropped }.flatMap { bytes.extracting($0.line).copied }
    }

    /// Hands out the head: it is read anew, and by then may be held for something else.
    func takeHead() -> ByteQueue {
        var taken = ByteQueue()
        swap(&taken, &head)
        return taken
    }

    func withPayload<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        var taken = ByteQueue()
        swap(&taken, &payload)
        let result = body(taken.bytes)
        swap(&taken, &payload)
        return result
    }

    var byteCount: Int { payload.count }

    /// Hands out the body, and keeps nothing.
    func takePayload() -> [UInt8] {
        var payload = ByteQueue()
        swap(&payload, &self.payload)
        return payload.bytes.copied
    }

    /// Writes the body in its framing behind the head that goes to the upstream, and keeps nothing.
    ///
    /// - Parameter guarded: names that no trailer may have.
    func move(to queue: inout ByteQueue, guarding guarded: FieldNames?) {
        write(to: &queue, guarding: guarded)
        payload = ByteQueue()
    }

    /// Writes the body in its framing behind a head.
    ///
    /// - Parameter guarded: names that no trailer may have.
    func write(to queue: inout ByteQueue, guarding guarded: FieldNames?) {
        let isChunked = trailers != nil
        withPayload { queue.appendBody($0, inChunks: isChunked) }
        guard var trailers else { return }
        guarded?.drop(from: &trailers)
        queue.append("0\r\n")
        queue.append(trailers.span)
        queue.append("\r\n")
    }
}
