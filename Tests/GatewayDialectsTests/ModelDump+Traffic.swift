import GatewayModel

extension ModelDump {
    mutating func addTraffic(_ attachment: Attachment, _ title: String) {
        let place = attachment.provenance
        switch attachment.policy {
        case .directResponse(let response):
            block("\(title) directResponse", place) { dump in for choice in response.choices { dump.add(choice) } }
        case .requestRedirect(let redirect):
            block("\(title) requestRedirect", place) {
                if let others = redirect.statusOfOthers { $0.line("status of others \(others)") }
                switch redirect.location {
                case .changed(let scheme, let url):
                    $0.line("status \(redirect.status), scheme \(scheme ?? "as received")")
                    $0.add(url)
                case .computed(let expression): $0.line("status \(redirect.status), to \(expression.text)")
                }
            }
        case .urlRewrite(let change):
            block("\(title) urlRewrite", place) { $0.add(change) }
        case .cors(let cors): block("\(title) cors", place) { $0.add(cors) }
        case .timeouts(let timeouts):
            block("\(title) timeouts", place) {
                $0.line("request \(timeouts.request as Duration?), upstream \(timeouts.upstream as Duration?)")
                if let silence = timeouts.silence { $0.line("silence \(silence)") }
            }
        case .retry(let retry):
            block("\(title) retry", place) { $0.add(retry) }
        case .balanceKey(let key): line("\(title) balance key \(key.text)")
        case .rateLimit(let policy):
            block("\(title) rate limit\(policy.isFirstMatch ? ", the first that applies" : "")", place) { dump in
                for limit in policy.limits {
                    dump.line("\(limit.maxTokens), \(limit.tokensPerFill) every \(limit.fillInterval)")
                    if let key = limit.key { dump.line("  key \(key.text), \(limit.maxKeys) at most") }
                    if let condition = limit.condition { dump.line("  if \(condition.text)") }
                    if limit.measure != .bucket || limit.quota != .whenRefused || limit.group != nil {
                        dump.line("  by \(limit.measure), quota \(limit.quota), group \(limit.group ?? "none")")
                    }
                    if let answer = limit.answer { dump.line("  answers \(answer.status) \(answer.message ?? "")") }
                }
            }
        case .delay(let delay): block("\(title) delay", place) { $0.add(delay) }
        case .requestMirror(let mirror):
            block("\(title) mirror", place) { $0.line("\(mirror.share) of requests to \(mirror.upstream.name)") }
        case .transformation(let transformation):
            block("\(title) transformation", place) { $0.add(transformation) }
        case .refusals(let form):
            block("\(title) refusals", place) { dump in
                dump.line("style \(form.style.rawValue)")
                if let body = form.body { dump.line("\(body.contentType): \(body.template.origin)") }
            }
        case .requestID(let policy):
            block("\(title) request ID", place) { dump in
                dump.line("\(policy.header), of \(policy.trust.rawValue)")
                dump.line("to backend: \(policy.tellsBackend), to client: \(policy.tellsClient)")
                for other in policy.others { dump.line("and \(other.header)") }
            }
        default: break
        }
    }

    mutating func add(_ retry: RetryPolicy) {
        line("\(retry.retries) times after \(retry.backoff) for \(retry.codes)")
        if let bound = retry.within { line("within \(bound)") }
        if !retry.methods.isEmpty { line("also \(retry.methods.joined(separator: " "))") }
    }

    private mutating func add(_ choice: DirectResponse.Choice) {
        switch choice.body {
        case .bytes(let bytes): line("status \(choice.status), body \(bytes)")
        case .expression(let body): line("status \(choice.status), body of \(body.text)")
        }
        for field in choice.headers { line("  \(field.name): \(field.value.text)") }
        if let condition = choice.condition { line("  if \(condition.text)") }
    }

    private mutating func add(_ delay: RequestDelay) {
        switch delay {
        case .fixed(let length): line("\(length)")
        case .expression(let length): line("of \(length.text)")
        }
    }

    mutating func add(_ transformation: Transformation) {
        for choice in transformation.choices {
            if let condition = choice.condition { line("if \(condition.text)") }
            if let change = choice.request { add(change, of: "request") }
            for change in choice.response { add(change, of: "response") }
        }
    }

    private mutating func add(_ change: Transformation.Change, of message: String) {
        if let condition = change.condition { line("\(message): if \(condition.text)") }
        if let replace = change.replace { line("\(message): replace: \(replace.text)") }
        for field in change.add { line("\(message): add \(field.name): \(field.value.text)") }
        for field in change.set { line("\(message): set \(field.name): \(field.value.text)") }
        for field in change.remove { line("\(message): remove \(field.name)") }
        if let body = change.body { line("\(message): body: \(body.text)") }
        for field in change.metadata { line("\(message): metadata \(field.name): \(field.value.text)") }
    }

    private mutating func add(_ cors: CORS) {
        add(cors.origins)
        if let origins = cors.timingOrigins {
            line("timing:")
            add(origins)
        }
        if cors.isEager { line("says all on every answer") }
        line("credentials: \(cors.allowsCredentials), maxAgeSeconds: \(cors.maxAgeSeconds.map(String.init) ?? "none")")
        line("methods \(cors.methods), headers \(cors.headers), exposed \(cors.exposedHeaders)")
    }

    private mutating func add(_ origins: CORS.Origins) {
        switch origins {
        case .any: line("origins: any")
        case .everyone: line("origins: everyone")
        case .listed(let origins):
            for origin in origins { line("origin \(origin.scheme) \(origin.host) port \(origin.port)") }
        case .exact(let texts): line("origins: \(texts)")
        case .matching(let patterns): line("origins like: \(patterns)")
        }
    }

    private mutating func add(_ change: URLChange) {
        if case .computed(let expression) = change.path {
            return line("authority \(change.authority), path \(expression.text)")
        }
        line("authority \(change.authority), path \(change.path)")
    }
}

extension ModelDump {
    /// What stands only in documents that say something of it.
    mutating func dump(_ traffic: TrafficSettings) {
        let http2 = traffic.http2
        for (name, value) in [
            ("stream window", http2.streamWindow), ("connection window", http2.connectionWindow),
            ("frames", http2.maxFrameBytes), ("headers", http2.maxHeaderBytes),
        ] {
            if let value { line("HTTP/2 \(name): \(value)") }
        }
        if let time = traffic.handshakeTimeout { line("handshakes: \(time)") }
    }

    mutating func dump(_ log: AccessLogSettings?, _ process: ProcessSettings) {
        if process.admin != .off { line("admin: \(process.admin)") }
        if process.readiness != .off { line("readiness: \(process.readiness)") }
        guard let log else { return }
        line("access log where: \(log.filter?.text ?? "always")")
        for field in log.added { line("access log field \(field.name): \(field.value.text)") }
        let removed = AccessLogFields.named.filter { log.removed.contains($0.field) }.map(\.name)
        line("access log without: \(removed.joined(separator: " "))")
    }
}
