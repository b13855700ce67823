#if os(Linux)
    internal import Bytes
    internal import CEpoll

    #if canImport(Glibc)
        internal import Glibc
    #else
        internal import Musl
    #endif

    /// A stream on a socket that an `EpollLoop` watches.
    final class EpollStream: Stream, EpollSource {
        private unowned let loop: EpollLoop
        private let descriptor: Int32
        /// The socket may have bytes, an end or an error for us.
        private var isReadable = false
        /// What was written cannot leave any more.
        private var cannotSend = false
        private var hasReadEnd = false
        private var isQueued = false

        static let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        private static let ends = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue

        /// - Parameter descriptor: a connected socket that does not block, closed with the stream.
        init(loop: EpollLoop, descriptor: Int32) {
            self.loop = loop
            self.descriptor = descriptor
            super.init(worker: loop.worker)
        }

        // MARK: - In

        func isReady(_ events: UInt32) {
            guard isOpen else { return }
            // A send would use up the error that tells a reset from an end.
            let isBroken = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
            if events & EPOLLOUT.rawValue != 0, !isBroken, !output.isEmpty { send() }
            guard events & ~EPOLLOUT.rawValue != 0 else { return }
            isReadable = true
            if events & Self.ends != 0 { isEnding = true }
            read()
            if isBroken, isReadable, isOpen { closeIfBroken() }
        }

        func readAgain() {
            isQueued = false
            read()
        }

        override func resumeReading() {
            if isReadable { queue() }
        }

        private func queue() {
            guard isOpen, !isQueued, !hasReadEnd else { return }
            isQueued = true
            loop.readLater(self)
        }

        private func read() {
            guard isOpen, isReadable, !hasReadEnd, let user, user.mayRead else { return }
            let count = recv(descriptor, loop.input.baseAddress, loop.input.count, 0)
            if count > 0 {
                // Less than there was room for was all there is: what comes later is a new event.
                if count < loop.input.count, !isEnding { isReadable = false }
                user.received(UnsafeBufferPointer(rebasing: loop.input[..<count]).span)
                if isReadable { queue() }
            } else if count == 0 {
                hasReadEnd = true
                isReadable = false
                isEnding = true
                if cannotSend { return close() }
                user.inputEnded()
            } else if errno == EINTR {
                queue()
            } else if errno == EAGAIN {
                isReadable = false
            } else {
                fail()
            }
        }

        /// Nobody reads now, and perhaps nobody can.
        private func closeIfBroken() {
            if SystemCall.pendingError(descriptor) != 0 { fail() }
        }

        private func fail() {
            hasFailed = true
            close()
        }

        // MARK: - Out

        override func send() {
            while !output.isEmpty {
                let waiting = output.count
                let sent = output.withUnsafeBytes { SystemCall.sendBytes(descriptor, $0) }
                guard sent >= 0 else {
                    let code = errno
                    if code == EINTR { continue }
                    if code != EAGAIN { return failToSend(code) }
                    break
                }
                output.removeFirst(sent)
                // The rest when the socket says that it takes more.
                if sent < waiting { break }
            }
            updateAfterSending()
        }

        override func writeThrough(_ bytes: Span<UInt8>) {
            // In front of it stands what was written before.
            if !output.isEmpty { send() }
            guard isOpen else { return }
            var sent = 0
            if output.isEmpty {
                sent = bytes.withUnsafeBytes { SystemCall.sendBytes(descriptor, $0) }
                let code = errno
                if sent < 0, code != EAGAIN, code != EINTR { return failToSend(code) }
                sent = max(0, sent)
            }
            guard sent < bytes.count else { return }
            worker.lendMemory(to: &output)
            output.append(bytes.extracting(sent..<bytes.count))
            updateAfterSending()
        }

        private func updateAfterSending() {
            if output.isEmpty { outputLeft() }
            guard isOpen else { return }
            if output.count > Stream.highWater {
                setWritable(false)
            } else if output.count <= Stream.lowWater {
                setWritable(true)
            }
        }

        /// The other side takes nothing more. It may have said why before: that is read first.
        ///
        /// - Parameter code: the `errno`. `EPIPE` is what follows an end that was in order, all else a reset; the
        ///   socket tells only once, and what is read behind it looks like an orderly end.
        private func failToSend(_ code: Int32) {
            worker.takeMemoryBack(from: &output)
            cannotSend = true
            isEnding = true
            if code != EPIPE { hasFailed = true }
            guard let user, user.mayRead, !hasReadEnd, atEnd != .close else { return close() }
            isReadable = true
            queue()
        }

        override func closeSocketOutput() {
            shutdown(descriptor, Int32(SHUT_WR))
        }

        override func makeCloseAbortive() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }

        override func closeSocket() {
            loop.close(descriptor)
            loop.tellLater(self)
        }
    }
#endif
