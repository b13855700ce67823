internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// What a connection waits for, and until when. Watched once a second by the worker, so that a request sets
/// a field and no timer.
struct Deadline {
    enum Wait {
        case nothing, idle, handshake, head, body, response, tunnel
        /// The next piece of an answer.
        case answer
        /// The whole of a body that is kept in memory meanwhile.
        case gathering
        /// The client does not read.
        case writing
        /// The client has been answered for good and reads perhaps; or has ended its half of a tunnel.
        case lingering
    }

    var wait = Wait.nothing
    /// Uptime in nanoseconds.
    var at: Int64 = .max
}

extension DownstreamConnection {
    /// Finds what is waited for now. A wait that goes on keeps its deadline, except where a piece of a body
    /// has come.
    func updateDeadline() {
        let wait = currentWait
        guard wait != deadline.wait || wait == .body || wait == .idle else { return }
        deadline.wait = wait
        let traffic = slot.traffic
        let seconds: Int64? =
            switch wait {
            case .nothing: nil
            case .answer, .tunnel: answerSeconds
            case .idle: traffic.idleSeconds
            case .handshake: traffic.handshakeSeconds
            case .head: traffic.headSeconds
            case .body, .gathering, .writing: traffic.bodySeconds
            case .response: traffic.requestSeconds
            case .lingering: Self.lingerSeconds
            }
        deadline.at = seconds.map { worker.uptime &+ $0 &* 1_000_000_000 } ?? .max
        guard let course = exchange.course, machine.isServing else { return }
        if wait == .response, let bound = course.attemptNanoseconds { deadline.at = worker.uptime &+ bound }
        watch(course)
    }

    private static var lingerSeconds: Int64 { 5 }

    private var currentWait: Deadline.Wait {
        if stream.atEnd == .close { return .writing }
        if isLingering { return stream.hasUnsent ? .writing : .lingering }
        guard machine.isServing else { return !stream.isReady ? .handshake : hasPending ? .head : .idle }
        if exchange.isTunnel { return hasEndedInput ? .lingering : .tunnel }
        // The route's time goes on; there is no attempt whose time could.
        if exchange.course?.isBackingOff ?? false { return .nothing }
        if exchange.hasWrittenHead {
            if !stream.isWritable { return .writing }
            // While the client still sends, the upstream may have reason to wait.
            return machine.hasReadWholeRequest ? .answer : .nothing
        }
        // A call of gRPC lasts as long as its sides want: neither has to say anything meanwhile.
        if exchange.request.isGRPC, upstream != nil {
            return machine.hasReadWholeRequest && exchange.course?.attemptNanoseconds != nil ? .response : .nothing
        }
        // A body that the upstream does not take is the upstream's delay, not the client's.
        let waitsForClient =
            !machine.hasReadWholeRequest && !exchange.awaitsContinue && !isHeld
            && upstream?.stream.isWritable ?? true
        guard waitsForClient else { return .response }
        return gathered == nil ? .body : .gathering
    }

    func checkDeadline() {
        // Nobody says when the last of what waits has left.
        if isLingering { updateDeadline() }
        if deadline.wait == .tunnel {
            checkTokenExpiry()
            if worker.uptime >= deadline.at { checkSilence() }
            return
        }
        if let course = exchange.course, machine.isServing {
            if worker.uptime >= course.endsAt { return endLate(course) }
            watch(course)
        }
        if deadline.wait == .idle, worker.uptime >= retiresAt { return close() }
        guard worker.uptime >= deadline.at else { return }
        switch deadline.wait {
        case .nothing, .tunnel: break
        case .answer: checkSilence()
        case .idle, .handshake, .writing, .lingering: close()
        case .head:
            beginWithoutHead()
            end(with: .requestTimeout)
        case .body, .gathering: end(with: .requestTimeout)
        case .response: endLateAttempt()
        }
    }

    /// The server has not begun to answer in time.
    private func endLateAttempt() {
        upstream?.pool.note(.timeout)
        if retriesAttemptThatIsLate() { return }
        end(with: isConnecting ? .upstreamConnectTimeout : .upstreamTimeout)
    }

    /// What an answer, or a tunnel, may be silent for; nil: no bound.
    private var answerSeconds: Int64? {
        let traffic = slot.traffic
        if let seconds = exchange.course?.silenceSeconds { return seconds }
        return if case .length = exchange.upstreamFraming { traffic.answerSeconds } else { traffic.streamSeconds }
    }

    /// Pieces set no deadline of their own, as there are many: the time of the last one is looked at here.
    private func checkSilence() {
        guard let seconds = answerSeconds else { return deadline.at = .max }
        let over = exchange.lastPieceAt &+ seconds &* 1_000_000_000
        if worker.uptime < over { return deadline.at = over }
        exchange.record?.refusal = .upstreamTimeout
        if exchange.isTunnel { close() } else { end(with: .upstreamTimeout) }
    }

    /// Deadlines of routes are kept more exactly than those of the process: the nearest one gets an appointment.
    private func watch(_ course: RequestCourse) {
        let due = min(course.endsAt, course.attemptNanoseconds == nil ? .max : deadline.at)
        guard due < worker.nextLook, due != course.watchedUntil else { return }
        course.watchedUntil = due
        worker.schedule(at: due) { [weak self] in
            guard let self, stream.isOpen else { return }
            checkDeadline()
        }
    }

    /// The route's time for requests is over.
    private func endLate(_ course: RequestCourse) {
        course.endsAt = .max
        if deadline.wait == .response { upstream?.pool.note(.timeout) }
        end(with: deadline.wait == .body ? .requestTimeout : .upstreamTimeout)
    }

    private func end(with code: RefusalCode) {
        deadline = Deadline()
        let upstream = upstream
        self.upstream = nil
        upstream?.abandon()
        machine.closeAfterResponse()
        upstreamFailed(code)
    }

    /// A WebSocket ends with the token it was opened with.
    private func checkTokenExpiry() {
        guard slot.traffic.closesOnTokenExpiry, let expiry = exchange.tokenExpiresAt,
            worker.now >= expiry
        else { return }
        close()
    }
}
