internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// From a request's head to the upstream.
extension DownstreamConnection {
    func handle(_ head: RequestHead, _ bytes: Span<UInt8>) {
        exchange = Exchange()
        // A request that waited behind another one has a time of its own.
        if deadline.wait == .response { deadline = Deadline() }
        if gathered != nil { gathered = nil }
        exchange.startedAt = worker.uptime
        exchange.request = ForwardedRequest(
            isHead: head.method == .head, isWhole: head.framing == .none, isIdempotent: head.method.isIdempotent,
            asksForWebSocket: head.asksForWebSocket, isGRPC: head.isGRPC)
        exchange.isChunked = head.framing == .chunked
        exchange.awaitsContinue = head.expectsContinue
        if worker.isDraining || worker.uptime >= retiresAt { machine.closeAfterResponse() }
        decide(head, bytes)
    }

    /// Asks the pipeline, with the head's lines in the worker's table.
    func decide(_ head: RequestHead, _ bytes: Span<UInt8>) {
        guard let bind = slot.bind else { return refuse(.notReady) }
        let decision =
            if let gathered {
                gathered.withPayload { ask(bind, head, bytes, body: $0) }
            } else {
                ask(bind, head, bytes, body: nil)
            }
        keep(&worker.scratch)
        if !worker.accessLog.format.isOff { exchange.record = record(head, bytes, &worker.scratch) }
        if exchange.answerPlan != nil { planAnswer(head, bytes, bind) }
        switch decision {
        case .refuse(let refusal):
            if let refresh = refusal.keyRefresh, !exchange.hasAwaitedKeys, worker.awaitKeys(refresh, for: self) {
                return awaitKeys(bytes)
            }
            if let check = refusal.passwordCheck, !exchange.hasAwaitedPassword {
                if worker.awaitPassword(check, for: self) { return awaitPassword(bytes) }
                exchange.hasAwaitedPassword = true
                if refusal.isOnTrial { return decideAgain(bytes) }
            }
            // Whoever sends what can be read in two ways may have sent a second request inside the first.
            if refusal.code == .ambiguousTarget || refusal.code == .hostInvalid { machine.closeAfterResponse() }
            noteLoggedRefusals()
            refuse(refusal)
        case .awaitBody:
            gatherBody(head, bytes)
        case .answer(let answer):
            noteLoggedRefusals()
            let delay = worker.scratch.delayNanoseconds
            if delay > 0 { return respondLater(answer, bytes, after: delay) }
            respond(answer)
        case .forward(let upstream):
            noteLoggedRefusals()
            if case .length(let count) = head.framing, count > slot.traffic.maxBodyBytes {
                return refuse(.bodyTooLarge)
            }
            forward(head, bytes, upstream: upstream)
        }
    }

    @inline(__always)
    private func ask(
        _ bind: BindSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, body: Span<UInt8>?
    ) -> Decision {
        Pipeline.decide(
            head, bytes, body: body, &worker.scratch, bind: bind, connection: context, cache: &worker.tokens,
            now: worker.now, uptime: worker.uptime, hasAwaitedPassword: exchange.hasAwaitedPassword)
    }

    private func forward(_ head: RequestHead, _ bytes: Span<UInt8>, upstream index: Int) {
        guard let (pool, policy, retry) = slot.served.pool(upstream: index) else { return refuse(.noBackend) }
        exchange.record?.upstream = pool.endpoint.name
        noteMethod()
        let traffic = worker.scratch.route?.policy.traffic
        if traffic != nil || retry != nil {
            let isBound = policy != nil || worker.scratch.hostChoice == .server
            setCourse(
                traffic, traffic?.retry ?? retry, head, bytes,
                upstream: isBound ? nil : slot.served.snapshot.upstreams[index])
            exchange.course?.namesServer = worker.scratch.isNamedFor(pool)
            if let mirror = traffic?.mirror { self.mirror(mirror, head, bytes) }
        }
        if pool.endpoint.limits.attemptNanoseconds != nil { limitAttempts(at: pool) }
        worker.scratch.chooseHost(of: pool)
        if let policy {
            apply(policy, head, bytes)
            noteMethod()
        }
        if let condition = pool.endpoint.condition, condition.judgesAnswers, let bind = slot.bind {
            exchange.judgedRequest = KeptRequest(
                head, bytes, worker.scratch, bind: bind, connection: context, now: worker.now)
        }
        let head = worker.scratch.framed(head)
        if gathered != nil {
            exchange.request.isWhole = true
            // The client has had its 100.
            worker.scratch.table.drop(.expect)
        }
        let delay = worker.scratch.delayNanoseconds
        if delay > 0 { return forwardLater(head, bytes, to: pool, after: delay) }
        if pool.speaksHTTP2(exchange.request) { return forwardByHTTP2(head, bytes, pool) }
        if let connection = pool.takeIdle() {
            upstream = connection
            connection.requestHead.removeAll()
            Self.render(head, bytes, &worker.scratch, into: &connection.requestHead)
            moveBody(to: &connection.requestHead)
            connection.begin(for: self, exchange.request)
        } else {
            var queue = ByteQueue()
            Self.render(head, bytes, &worker.scratch, into: &queue)
            moveBody(to: &queue)
            connect(pool, head: queue)
        }
    }

    private func forwardByHTTP2(_ head: RequestHead, _ bytes: Span<UInt8>, _ pool: UpstreamPool) {
        // The upstream may refuse a stream that it has not acted upon.
        exchange.keepsBody = true
        var queue = ByteQueue()
        Self.render(head, bytes, &worker.scratch, into: &queue)
        moveBody(to: &queue)
        send(queue, to: pool)
    }

    /// Sends a request whose head is written already.
    func send(_ head: consuming ByteQueue, to pool: UpstreamPool) {
        exchange.request.speaksHTTP2 = pool.speaksHTTP2(exchange.request)
        if let connection = pool.take(exchange.request) {
            begin(on: connection, head: head)
        } else {
            connect(pool, head: head)
        }
    }

    private func begin(on connection: UpstreamConnection, head: consuming ByteQueue) {
        upstream = connection
        connection.requestHead = head
        connection.begin(for: self, exchange.request)
        // Streams of one connection begin in the order of their numbers.
        if exchange.request.speaksHTTP2 { connection.stream.flush() }
    }

    /// A method that transformations have put in place of the client's.
    private func noteMethod() {
        let method = worker.scratch.rewrittenMethod
        if !method.isEmpty { exchange.request.isIdempotent = Method(method.span).isIdempotent }
    }

    func setting(_ head: RequestHead, _ bind: BindSnapshot) -> RequestSetting {
        RequestSetting(head: head, connection: context, bind: bind, now: worker.now, uptime: worker.uptime)
    }

    /// Lends the body that was gathered; nil where none was.
    func withGathered<Result>(_ use: (Span<UInt8>?) -> Result) -> Result {
        if let gathered { gathered.withPayload { use($0) } } else { use(nil) }
    }

    /// Policies of the one backend that was chosen.
    private func apply(_ policy: EndpointPolicy, _ head: RequestHead, _ bytes: Span<UInt8>) {
        guard let bind = slot.bind else { return }
        let setting = setting(head, bind)
        withGathered { policy.apply(to: &worker.scratch, setting, bytes, body: $0) }
        keep(&worker.scratch)
        if policy.concernsAnswers, worker.scratch.answerPlan != nil { planAnswer(head, bytes, bind) }
    }

    /// Keeps what the answer will want of the request, which the next one overwrites.
    private func keep(_ scratch: inout RequestScratch) {
        exchange.tokenExpiresAt = scratch.tokenExpiresAt
        exchange.responseEdit = scratch.wholeResponseEdit
        exchange.guardedNames = scratch.guardedNames
        if scratch.answerPlan != nil { exchange.answerPlan = scratch.answerPlan }
    }

    static func render(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, into queue: inout ByteQueue
    ) {
        write(head, bytes, scratch, to: &queue)
    }

    private static func write(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch, to queue: inout ByteQueue
    ) {
        let text = scratch.target.isVerbatim ? bytes : scratch.target.storage.span
        let path = scratch.rewrittenPath.span
        let query = scratch.target.query.map { $0.lowerBound - 1..<$0.upperBound } ?? 0..<0
        let additions = HeadWriter.RequestAdditions(
            method: scratch.rewrittenMethod.span, path: path.isEmpty ? text.extracting(scratch.target.path) : path,
            host: scratch.rewrittenHost.span,
            query: scratch.hasRewrittenQuery ? scratch.rewrittenQuery.span : text.extracting(query),
            lines: scratch.addedLines.span, moreLines: scratch.forwardingLines.span,
            authority: bytes.extracting(scratch.target.authority), sendsForwardedHost: scratch.sendsForwardedHost)
        queue.append(room: HeadWriter.boundOfRequest(head, additions)) {
            HeadWriter.writeRequest(head, scratch.table, bytes, additions, into: &$0)
        }
    }

    /// Opens a connection for a request whose head is written already.
    func connect(_ pool: UpstreamPool, head: consuming ByteQueue) {
        connectingHead = head
        pool.connect(exchange.request) { result in
            var head = ByteQueue()
            swap(&head, &self.connectingHead)
            if case .failure(let failure) = result, let outcome = failure.outcome { pool.note(outcome) }
            switch result {
            case .success(let connection) where !self.stream.isOpen || !self.machine.isServing:
                connection.giveBackUnused()
            case .success(let connection):
                self.begin(on: connection, head: head)
            case .failure(let failure)
            where failure.mayPass && self.mayRetry && self.stream.isOpen && self.machine.isServing:
                self.retry(head, insteadOf: pool)
            case .failure(let failure):
                if self.stream.isOpen, self.machine.isServing { self.refuse(failure.refusalCode) }
            }
            self.continueServing()
        }
    }

    func forwardBody(_ bytes: Span<UInt8>) {
        if let gathered { return gather(bytes, into: gathered) }
        guard let upstream else { return }
        exchange.hasSentBody = true
        exchange.lastPieceAt = worker.uptime
        exchange.awaitsContinue = false
        exchange.bodyBytes &+= UInt64(bytes.count)
        keepForRetry(bytes, upstream)
        if let course = exchange.course { course.mirrored?.append(bytes) }
        guard exchange.bodyBytes <= slot.traffic.maxBodyBytes || exchange.isTunnel else {
            self.upstream = nil
            upstream.abandon()
            return upstreamFailed(.bodyTooLarge)
        }
        upstream.stream.writeBody(bytes, inChunks: exchange.isChunked)
    }

    /// `bytes` are those the trailer lines were read from.
    func forwardEnd(_ bytes: Span<UInt8>) {
        if let gathered { return bodyGathered(gathered, bytes) }
        guard let upstream else { return }
        exchange.hasSentBody = true
        if exchange.isChunked {
            // Only then the table holds trailers, and not some head's lines.
            if let names = exchange.guardedNames { names.drop(from: &worker.scratch.table, in: bytes) }
            upstream.stream.writeLastChunk(worker.scratch.table, bytes)
            if exchange.keepsBody { upstream.requestHead.appendLastChunk(worker.scratch.table, bytes) }
        }
        endMirror(bytes)
        upstream.requestEnded()
    }

    /// The upstream closed before a byte of an answer.
    ///
    /// - Parameter connection: whose it was. If it had served before it may have died idle, and a request that
    ///   is idempotent and has sent no body goes out once more on a fresh one. So does any request that the upstream
    ///   says it has not acted upon (RFC 9113 §8.7), if what was sent of it is still there.
    func upstreamDied(_ connection: UpstreamConnection) {
        upstream = nil
        let mayHaveDiedIdle = connection.isReused && exchange.request.isIdempotent && !exchange.hasSentBody
        let isRefused = connection.stream.fate == .refused && (!exchange.hasSentBody || exchange.keepsBody)
        guard mayHaveDiedIdle || isRefused, !exchange.wasRetried, !exchange.hasWrittenHead else {
            connection.pool.note(.connectionFailed)
            guard mayRepeat else { return upstreamFailed(.upstreamClosed) }
            return retry(connection.takeRequestHead(), insteadOf: connection.pool)
        }
        if machine.hasReadWholeRequest { exchange.request.isWhole = true }
        exchange.wasRetried = true
        worker.counters.upstreamRetries &+= 1
        connect(connection.pool, head: connection.takeRequestHead())
    }

    // MARK: - The access log

    /// Once it is certain what becomes of the request: what policies would have refused it for that only log.
    @inline(__always)
    private func noteLoggedRefusals() {
        guard !worker.scratch.loggedRefusals.isEmpty else { return }
        for refusal in worker.scratch.loggedRefusals { worker.counters.countLogged(refusal.code) }
        exchange.record?.loggedRefusals = worker.scratch.loggedRefusals
    }

    private func record(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) -> AccessRecord {
        var record = AccessRecord(startedAt: exchange.startedAt)
        record.speaksHTTP2 = context.speaksHTTP2
        record.method = bytes.extracting(head.methodName).copied
        record.host = scratch.target.host
        record.path =
            scratch.target.isVerbatim
            ? bytes.extracting(scratch.target.path).copied : Array(scratch.target.storage[scratch.target.path])
        record.route = scratch.routeName ?? ""
        record.subject = scratch.subject
        if let plan = scratch.answerPlan { record.requestID = plan.requestID }
        if let policy = slot.served.snapshot.accessLog, policy.readsRequests, let bind = slot.bind {
            record.request = LoggedRequest(
                policy, head, bytes, scratch, bind: bind, connection: context, now: worker.now)
        }
        return record
    }

    /// Counts the request in service and writes its line.
    func finishRecord(wasAborted: Bool) {
        if wasAborted { worker.counters.aborted &+= 1 }
        // What the gateway answers itself it answers in the event that brought the request: look at the clock once
        // more.
        if worker.uptime == exchange.startedAt { worker.tick() }
        worker.counters.countAnswer(exchange.status, nanoseconds: worker.uptime - exchange.startedAt)
        guard var record = exchange.record else { return }
        exchange.record = nil
        record.status = exchange.status
        record.requestBytes = exchange.bodyBytes
        record.wasAborted = wasAborted
        worker.accessLog.add(
            record, without: slot.served.snapshot.accessLog?.removed ?? [], peer: context.sourceAddress,
            wallNanoseconds: worker.wallNanoseconds, uptime: worker.uptime)
    }
}

extension RequestScratch {
    /// Has the head say which server it goes to, where policies say so.
    mutating func chooseHost(of pool: UpstreamPool) {
        if names(pool) {
            rewrittenHost.removeAll(keepingCapacity: true)
            rewrittenHost.append(contentsOf: pool.authority)
        }
        if !rewrittenHost.isEmpty { table.drop(.host) }
    }

    @inline(__always)
    private func names(_ pool: UpstreamPool) -> Bool {
        switch hostChoice {
        case .byServer: pool.endpoint.isNamedInHost && rewrittenHost.isEmpty
        case .server: true
        case .request: false
        }
    }

    /// Whether the Host of the request is that of one server, and would be another one's elsewhere.
    func isNamedFor(_ pool: UpstreamPool) -> Bool { names(pool) && hostChoice == .byServer }
}
