import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One end of a TCP connection, driven byte by byte. Every wait has an end: a test never hangs.
final class Wire {
    private var descriptor: Int32
    /// Bytes that have come and were not asked for yet.
    private var unread: [UInt8] = []

    /// No wait of a test is longer, in milliseconds: a disk that has a build to write may hold a durable write up for
    /// ten seconds.
    static let patience: Int32 = 30_000

    init(descriptor: Int32) {
        self.descriptor = descriptor
        Sockets.setNoDelay(descriptor)
    }

    /// Connects to a port of this machine. `receiveBuffer`: a small window for what the peer sends.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = try Sockets.connect(port: port, receiveBuffer: receiveBuffer)
        Sockets.setNoDelay(descriptor)
    }

    deinit { close() }

    // MARK: - Out

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard Sockets.wait(descriptor, for: Int16(POLLOUT), Self.patience) else {
                throw WireFailure.timedOut(waitingFor: "room to send", after: [])
            }
            rest = rest.dropFirst(try sendNow(rest))
        }
    }

    /// Sends what fits without waiting; answers how many bytes that was.
    func sendNow(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let count = bytes.withUnsafeBytes { Sockets.send(descriptor, $0) }
        if count >= 0 { return count }
        guard errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR else {
            throw WireFailure.broken(String(cString: strerror(errno)))
        }
        return 0
    }

    /// Ends our side; the other can still be read.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func close() {
        guard descriptor >= 0 else { return }
        Sockets.close(descriptor)
        descriptor = -1
    }

    /// Closes with a reset, as a process that dies does.
    func abort() {
        Sockets.setLingerZero(descriptor)
        close()
    }

    // MARK: - In

    /// Everything up to and with the first `end`.
    func read(through end: String) throws -> String {
        let end = Array(end.utf8)
        var from = 0
        while true {
            if let range = unread.range(of: end, from: from) { return take(range.upperBound).text }
            from = max(0, unread.count - end.count)
            guard try receive() else { throw WireFailure.ended(waitingFor: end.text, after: unread) }
        }
    }

    func readHead() throws -> String { try read(through: "\r\n\r\n") }

    func read(count: Int) throws -> [UInt8] {
        while unread.count < count {
            guard try receive() else { throw WireFailure.ended(waitingFor: "\(count) bytes", after: unread) }
        }
        return take(count)
    }

    /// Reads and drops so many bytes.
    func skip(count: Int) throws {
        var left = count
        while left > 0 {
            if unread.isEmpty, try !receive() { throw WireFailure.ended(waitingFor: "\(left) bytes", after: []) }
            let taken = min(left, unread.count)
            unread.removeFirst(taken)
            left -= taken
        }
    }

    /// All that comes until the peer closes.
    func readToEnd() throws -> (bytes: [UInt8], wasReset: Bool) {
        do {
            while try receive() {}
            return (take(unread.count), false)
        } catch WireFailure.broken {
            return (take(unread.count), true)
        }
    }

    /// Whether nothing has come so far.
    var isSilent: Bool {
        guard unread.isEmpty else { return false }
        return !Sockets.wait(descriptor, for: Int16(POLLIN), 0)
    }

    /// Waits for bytes; false at the end.
    private func receive() throws -> Bool {
        guard Sockets.wait(descriptor, for: Int16(POLLIN), Self.patience) else {
            throw WireFailure.timedOut(waitingFor: "bytes", after: unread)
        }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count == 0 { return false }
        guard count > 0 else {
            if errno == EAGAIN || errno == EINTR { return true }
            throw WireFailure.broken(String(cString: strerror(errno)))
        }
        unread += chunk[..<count]
        return true
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { unread.removeFirst(count) }
        return Array(unread[..<count])
    }
}

enum WireFailure: Error, CustomStringConvertible {
    case timedOut(waitingFor: String, after: [UInt8])
    case ended(waitingFor: String, after: [UInt8])
    /// A reset, or another error of the socket.
    case broken(String)

    var description: String {
        switch self {
        case .timedOut(let what, let bytes):
            "timed out waiting for \(what.debugDescription) after \(bytes.text.debugDescription)"
        case .ended(let what, let bytes):
            "closed while waiting for \(what.debugDescription) after \(bytes.text.debugDescription)"
        case .broken(let reason): "broken: \(reason)"
        }
    }
}

/// The system's calls, with one spelling on all systems.
enum Sockets {
    #if canImport(Darwin)
        private static let stream = SOCK_STREAM
        private static let datagram = SOCK_DGRAM
    #else
        private static let stream = Int32(SOCK_STREAM.rawValue)
        private static let datagram = Int32(SOCK_DGRAM.rawValue)
    #endif

    private static func withAddress<Result>(
        port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    static func connect(port: Int, receiveBuffer: Int32?) throws -> Int32 {
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw WireFailure.broken("no socket") }
        if let receiveBuffer { set(descriptor, SO_RCVBUF, receiveBuffer) }
        let result = withAddress(port: port) { systemConnect(descriptor, $0, $1) }
        guard result == 0 else {
            defer { close(descriptor) }
            throw WireFailure.broken("cannot connect: \(String(cString: strerror(errno)))")
        }
        setNonBlocking(descriptor)
        return descriptor
    }

    /// A listening socket, of a free port unless one is named.
    static func listen(port: Int = 0, receiveBuffer: Int32? = nil) throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, stream, 0)
        set(descriptor, SO_REUSEADDR, 1)
        if let receiveBuffer { set(descriptor, SO_RCVBUF, receiveBuffer) }
        guard descriptor >= 0, withAddress(port: port, { bind(descriptor, $0, $1) }) == 0,
            systemListen(descriptor, 128) == 0
        else { throw WireFailure.broken("cannot listen") }
        setNonBlocking(descriptor)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A Unix socket that is listened on. The path is short, and nothing stands there.
    static func listen(path: String, backlog: Int32) throws -> Int32 {
        let descriptor = socket(AF_UNIX, stream, 0)
        guard descriptor >= 0, withAddress(path: path, { bind(descriptor, $0, $1) }) == 0,
            systemListen(descriptor, backlog) == 0
        else { throw WireFailure.broken("cannot listen on \(path)") }
        setNonBlocking(descriptor)
        return descriptor
    }

    /// Connects to a Unix socket; nil where its queue is full, or nobody listens.
    static func connect(path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, stream, 0)
        setNonBlocking(descriptor)
        if withAddress(path: path, { systemConnect(descriptor, $0, $1) }) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func withAddress<Result>(
        path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// A UDP socket of that port, or nil where somebody has it.
    static func reserve(port: Int) -> Int32? {
        let descriptor = socket(AF_INET, datagram, 0)
        guard descriptor >= 0 else { return nil }
        setNonBlocking(descriptor)
        if withAddress(port: port, { bind(descriptor, $0, $1) }) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    static func accept(_ listener: Int32) -> Int32? {
        let descriptor = systemAccept(listener)
        guard descriptor >= 0 else { return nil }
        setNonBlocking(descriptor)
        return descriptor
    }

    static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            return systemSend(descriptor, bytes, 0)
        #else
            return systemSend(descriptor, bytes, Int32(MSG_NOSIGNAL))
        #endif
    }

    /// Whether the event came in so many milliseconds.
    static func wait(_ descriptor: Int32, for events: Int16, _ milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let count = poll(&entry, 1, milliseconds)
            if count < 0, errno == EINTR { continue }
            return count > 0
        }
    }

    static func setNoDelay(_ descriptor: Int32) {
        var value: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    static func setLingerZero(_ descriptor: Int32) {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    static func close(_ descriptor: Int32) { systemClose(descriptor) }

    private static func set(_ descriptor: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size))
        #if canImport(Darwin)
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    private static func setNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}

// Calls whose names `Sockets` and `Wire` have, too.
private func systemConnect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    connect(descriptor, address, length)
}
private func systemListen(_ descriptor: Int32, _ backlog: Int32) -> Int32 { listen(descriptor, backlog) }
private func systemAccept(_ descriptor: Int32) -> Int32 { accept(descriptor, nil, nil) }
private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ flags: Int32) -> Int {
    send(descriptor, bytes.baseAddress, bytes.count, flags)
}
private func systemClose(_ descriptor: Int32) { _ = close(descriptor) }

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }

    func range(of part: [UInt8], from start: Int = 0) -> Range<Int>? {
        guard !part.isEmpty, count >= part.count else { return nil }
        var index = start
        while index + part.count <= count {
            if self[index] == part[0], self[index..<index + part.count].elementsEqual(part) {
                return index..<index + part.count
            }
            index += 1
        }
        return nil
    }
}
