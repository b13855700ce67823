internal import Bytes
internal import GatewayModel
internal import HTTPWire

// What becomes of requests that may pass, as operators see it. Of headers the names, of expressions that there are
// any: values may hold what only the gateway is to know.

extension TrafficSlots {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("refusals", refusals?.form.json)
        object.add("requestId", requestID?.json)
        object.add("cors", cors?.json)
        object.add("localRateLimit", rateLimits?.json)
        object.add("transformations", transformation?.json)
        object.add("urlRewrite", urlRewrite?.url.json)
        object.add("requestRedirect", redirect?.json)
        object.add("delay", delay?.json)
        if let directResponse { object.add("directResponse", directResponse.choices.map(\.json)) }
        object.add("timeout", bounds?.json)
        object.add("retry", retry?.json)
        object.add("requestMirror", mirror?.json)
        return object.text
    }
}

extension CompiledRefusalForm {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("style", style.rawValue)
        object.add("body", template != nil)
        return object.text
    }
}

extension RequestIDStage {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("header", String(decoding: name, as: UTF8.self))
        object.add("toBackend", tellsBackend)
        object.add("toClient", tellsClient)
        return object.text
    }
}

extension CORSStage {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("allowOrigins", origins.inWords)
        object.add("allowMethods", methods.inWords)
        object.add("allowHeaders", headers.inWords)
        object.add("answers", Self.lines(commonLines))
        object.add("preflights", Self.lines(preflightLines))
        return object.text
    }

    private static func lines(_ lines: [UInt8]) -> [String] {
        String(decoding: lines, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }
}

extension AllowedOrigins {
    fileprivate var inWords: [String] {
        switch self {
        case .any, .everyone: ["*"]
        case .listed(let origins): origins.map(\.inWords)
        case .exact(let texts): texts.map { String(decoding: $0, as: UTF8.self) }
        case .matching(let regexes): ["one of \(regexes.count) regular expressions"]
        }
    }
}

extension CORS.Names {
    fileprivate var inWords: [String] {
        switch self {
        case .none: []
        case .any: ["*"]
        case .listed(let names): names
        }
    }
}

extension RateLimitStage {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add(
            "limits",
            limits.map { limit in
                var object = JSONObjectWriter()
                limit.limiter.describe(to: &object)
                object.add("keyed", limit.key != nil)
                object.add("conditional", limit.condition != nil)
                object.add("statedByRequests", limit.stated != nil)
                return object.text
            })
        object.add("firstMatch", isFirstMatch)
        return object.text
    }
}

extension TransformationStage {
    var json: [UInt8] {
        var array = JSONObjectWriter()
        array.add(
            "choices",
            choices.map { choice in
                var object = JSONObjectWriter()
                object.add("conditional", choice.condition != nil)
                object.add("request", choice.request?.json)
                object.add("response", choice.response.map(\.json))
                return object.text
            })
        return array.text
    }
}

extension CompiledChange {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("conditional", condition != nil)
        object.add("changedHeaders", names.inWords + pseudoFields.map(\.field.rawValue))
        object.add("replacesHeaders", replace != nil)
        object.add("replacesBody", body != nil)
        object.add("metadata", metadata.map(\.name))
        return object.text
    }
}

extension CompiledURLChange {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        switch authority {
        case .asReceived: break
        case .client: object.add("authority", "none")
        case .upstream: object.add("authority", "auto")
        case .full(let text), .host(let text): object.add("authority", String(decoding: text, as: UTF8.self))
        case .port(let port): object.add("authority", ":\(port)")
        }
        switch path {
        case .asReceived: break
        case .full(let text): object.add("path", String(decoding: text, as: UTF8.self))
        case .prefix(let text): object.add("prefix", String(decoding: text, as: UTF8.self))
        case .computed: object.add("path", Self.computed)
        }
        return object.text
    }

    /// In place of an expression.
    fileprivate static let computed = "computed"
}

extension RedirectStage {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("status", Int64(status))
        switch location {
        case .computed: object.add("location", CompiledURLChange.computed)
        case .changed(let scheme, let url):
            object.add("scheme", scheme.map { String(decoding: $0, as: UTF8.self) })
            object.add("changes", url.json)
        }
        return object.text
    }
}

extension DelayStage {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        switch length {
        case .nanoseconds(let count): object.add("milliseconds", count / 1_000_000)
        case .expression: object.add("milliseconds", CompiledURLChange.computed)
        }
        return object.text
    }
}

extension DirectResponseStage.Choice {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("status", Int64(status))
        object.add("conditional", condition != nil)
        if case .bytes(let bytes) = body { object.add("bodyBytes", Int64(bytes.count)) }
        object.add("headers", headers.map { String(decoding: $0.name, as: UTF8.self) })
        return object.text
    }
}

extension RequestBounds {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("requestMilliseconds", requestNanoseconds.map { $0 / 1_000_000 })
        object.add("backendRequestMilliseconds", attemptNanoseconds.map { $0 / 1_000_000 })
        return object.text
    }
}

extension RetryPlan {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("attempts", Int64(retries))
        object.add("backoffMilliseconds", backoffNanoseconds / 1_000_000)
        object.add("codes", codes.sorted().map { Array("\($0)".utf8) })
        object.add("methods", methods.map { String(decoding: $0, as: UTF8.self) })
        object.add("withinMilliseconds", withinNanoseconds.map { $0 / 1_000_000 })
        return object.text
    }
}

extension MirrorPlan {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("percent", Int64((share * 100).rounded()))
        return object.text
    }
}

extension FieldNames {
    var inWords: [String] { names.map { String(decoding: $0, as: UTF8.self) } }
}
