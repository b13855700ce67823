internal import Bytes
internal import GatewayModel

// What lies below requests, as operators see it: TLS without its keys, connections, health checks without what probes
// say beyond their target.

extension TLSSettings {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("minTLSVersion", minimumVersion.inWords)
        object.add("maxTLSVersion", maximumVersion.inWords)
        object.add("cipherSuites", cipherSuites)
        object.add("alpn", protocols)
        object.add("certificates", Int64(certificates.certificateCount))
        object.add("root", clientRoots.map { Int64($0.certificateCount) })
        return object.text
    }
}

extension UpstreamTLS {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("verification", trust.verification.rawValue)
        object.add("serverName", serverName)
        if let roots = trust.roots {
            object.add("root", Int64(roots.certificateCount))
        } else {
            object.add("root", "system")
        }
        object.add("certificates", Int64(trust.certificates?.certificateCount ?? 0))
        return object.text
    }
}

extension TLSVersion {
    fileprivate var inWords: String {
        switch self {
        case .tls12: "TLS_V1_2"
        case .tls13: "TLS_V1_3"
        }
    }
}

extension [UInt8] {
    /// In a file of PEM.
    fileprivate var certificateCount: Int {
        String(decoding: self, as: UTF8.self).split(whereSeparator: \.isNewline).count {
            $0.hasPrefix("-----BEGIN") && $0.contains("CERTIFICATE-")
        }
    }
}

extension TCPKeepalive {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("enabled", self != .off)
        if case .probes(let after, let every, let count) = self {
            object.add("timeSeconds", after.wholeSeconds)
            object.add("intervalSeconds", every.wholeSeconds)
            object.add("retries", Int64(count))
        }
        return object.text
    }
}

extension ConnectionLimits {
    /// Nil where there is none.
    func json(_ keepalive: TCPKeepalive?) -> [UInt8]? {
        var object = JSONObjectWriter()
        let isEmpty =
            connectSeconds == nil && idleNanoseconds == nil && maxIdle == nil && maxRequests == nil && keepalive == nil
        object.add("connectTimeoutSeconds", connectSeconds)
        object.add("idleTimeoutMilliseconds", idleNanoseconds.map { $0 / 1_000_000 })
        object.add("maxIdle", maxIdle.map { Int64($0) })
        object.add("maxRequests", maxRequests.map { Int64($0) })
        object.add("keepalives", keepalive?.json)
        return isEmpty ? nil : object.text
    }
}

extension HealthChecks {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("name", name)
        object.add("probe", probe?.json)
        object.add("answers", answers?.json)
        object.add("unhealthyExpression", unhealthyAnswer != nil)
        object.add("outageMilliseconds", outage.map { $0.nanoseconds / 1_000_000 })
        return object.text
    }
}

extension HealthProbe {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("type", typeInWords)
        if case .request(let request) = kind {
            object.add("method", request.method)
            object.add("path", String(request.target.prefix { $0 != "?" }))
        }
        object.add("port", port.map { Int64($0) })
        object.add("timeoutMilliseconds", timeout.nanoseconds / 1_000_000)
        object.add("healthyIntervalMilliseconds", healthyInterval.nanoseconds / 1_000_000)
        object.add("unhealthyIntervalMilliseconds", unhealthyInterval.nanoseconds / 1_000_000)
        object.add("criteria", criteria.json)
        return object.text
    }
}

extension HealthCriteria {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("successes", Int64(successes))
        object.add("statusFailures", Int64(statusFailures))
        object.add("connectionFailures", Int64(connectionFailures))
        object.add("timeouts", Int64(timeouts))
        object.add("addsUpFailures", addsUpFailures)
        return object.text
    }
}
