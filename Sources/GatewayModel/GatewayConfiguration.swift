package import Bytes

/// The one domain model: what every dialect is decoded to and the engine compiles.
///
/// A plain value without defaults: whoever builds it has decided every field. Expressions and
/// regular expressions are kept as text; the compiler reads them.
package struct GatewayConfiguration: Equatable, Sendable {
    package var process: ProcessSettings
    package var traffic: TrafficSettings
    package var expressions: ExpressionSettings
    /// Nil: every request has the usual line.
    package var accessLog: AccessLogSettings?
    package var binds: [Bind]
    package var upstreams: [Upstream]
    package var attachments: [Attachment]
    /// Whom `ConsumerAuthentication` knows.
    package var consumers: [Consumer]

    package init(
        process: ProcessSettings, traffic: TrafficSettings, expressions: ExpressionSettings,
        accessLog: AccessLogSettings?,
        binds: [Bind],
        upstreams: [Upstream], attachments: [Attachment], consumers: [Consumer]
    ) {
        self.process = process
        self.traffic = traffic
        self.expressions = expressions
        self.accessLog = accessLog
        self.binds = binds
        self.upstreams = upstreams
        self.attachments = attachments
        self.consumers = consumers
    }
}

/// One address the gateway listens on, and the listeners that share it.
package struct Bind: Equatable, Sendable {
    package var address: ListenAddress
    package var listeners: [Listener]
    package var provenance: Provenance

    package init(address: ListenAddress, listeners: [Listener], provenance: Provenance) {
        self.address = address
        self.listeners = listeners
        self.provenance = provenance
    }
}

package struct ListenAddress: Hashable, Sendable {
    /// An IP address; `::` listens on IPv4 and IPv6.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether connections to the one may be meant for the other: the same, or all addresses and one of them.
    package func overlaps(_ other: ListenAddress) -> Bool {
        port == other.port && (host == other.host || isEveryAddress || other.isEveryAddress)
    }

    private var isEveryAddress: Bool { host == "::" || host == "0.0.0.0" }

    /// Whether only this machine reaches it.
    package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// `127.0.0.1:9080`, `[::1]:9080`, `localhost:9080`; a port alone is of loopback. Nil where there is no port.
    package init?(_ text: String) {
        let colon = text.lastIndex(of: ":")
        guard let port = Int(colon.map { text[text.index(after: $0)...] } ?? text[...]), (1...65535).contains(port)
        else { return nil }
        var host = colon.map { text[..<$0] } ?? ""
        if host.isEmpty || host == "localhost" { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.init(host: String(host), port: port)
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String { StreamAddress.network(host: host, port: port).description }
}

/// One name among all listeners of a configuration, made by the dialect.
package struct ListenerID: Hashable, Sendable {
    package var name: String
    package init(_ name: String) { self.name = name }
}

/// One name among all routes of a configuration, made by the dialect.
package struct RouteID: Hashable, Sendable {
    package var name: String
    package init(_ name: String) { self.name = name }
}

/// One name among all sets of policies that consumers bring along, made by the dialect.
package struct OverlayID: Hashable, Sendable {
    package var name: String
    package init(_ name: String) { self.name = name }
}

/// One name among all sets of policies that routes take as they are, made by the dialect.
package struct PolicySetID: Hashable, Sendable {
    /// The keys of the documents that its policies come from.
    package var documents: [String]
    /// Of what its routes say themselves.
    package var own: Fingerprint

    package init(documents: [String], own: Fingerprint) {
        self.documents = documents
        self.own = own
    }
}

/// One name among all upstreams of a configuration, made by the dialect.
package struct UpstreamID: Hashable, Sendable {
    package var name: String
    package init(_ name: String) { self.name = name }
}

/// A Gateway API listener: requests for a hostname on a bind.
package struct Listener: Equatable, Sendable {
    package var id: ListenerID
    /// The name of the gateway the listener belongs to; policies target it.
    package var gatewayName: String
    /// The listener's own name as the user wrote it; empty where there is none.
    package var name: String
    package var hostname: HostPattern
    package var routes: [Route]
    package var security: ListenerSecurity
    package var refusalStyle: RefusalStyle
    package var provenance: Provenance

    package init(
        id: ListenerID, gatewayName: String, name: String, hostname: HostPattern, routes: [Route],
        security: ListenerSecurity, refusalStyle: RefusalStyle, provenance: Provenance
    ) {
        self.id = id
        self.gatewayName = gatewayName
        self.name = name
        self.hostname = hostname
        self.routes = routes
        self.security = security
        self.refusalStyle = refusalStyle
        self.provenance = provenance
    }
}

/// Which hosts a listener or route answers to. Names are lower-case, without port or trailing dot.
package enum HostPattern: Hashable, Sendable {
    case any
    case exact(String)
    /// `*.example.com` as its suffix `example.com`: one or more labels before it.
    case wildcard(suffix: String)
}
