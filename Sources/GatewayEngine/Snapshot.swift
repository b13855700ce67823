internal import Bytes
package import GatewayModel
internal import HTTPWire

/// All that serving a request needs, compiled and immutable.
///
/// Every event loop keeps the current one in a field; a request ends with the one it began with.
package final class Snapshot: Sendable {
    /// In the order of the configuration.
    package let binds: [BindSnapshot]
    package let upstreams: [UpstreamSnapshot]
    package let upstreamRevision: UpstreamRevision
    package let traffic: TrafficPolicy
    /// Nil where every request has the usual line.
    package let accessLog: AccessLogPolicy?
    /// Where TLS to upstreams is written, each place once.
    let trustPlaces: [(trust: UpstreamTrust, place: Provenance)]
    /// What counts requests, for the snapshot that follows.
    let rateLimiters: [RateLimiter.Identity: RateLimiter]

    init(
        binds: [BindSnapshot], upstreams: [UpstreamSnapshot], _ upstreamRevision: UpstreamRevision,
        traffic: TrafficPolicy, accessLog: AccessLogPolicy?, trustPlaces: [(trust: UpstreamTrust, place: Provenance)],
        rateLimiters: [RateLimiter.Identity: RateLimiter]
    ) {
        self.rateLimiters = rateLimiters
        self.trustPlaces = trustPlaces
        self.binds = binds
        self.upstreams = upstreams
        self.upstreamRevision = upstreamRevision
        self.traffic = traffic
        self.accessLog = accessLog
    }
}

/// The listeners that share an address, found by host.
package final class BindSnapshot: Sendable {
    package let address: ListenAddress
    package let listeners: [ListenerSnapshot]
    let hosts: HostTable
    /// Of each listener; empty where the address is plain text.
    package let tls: [TLSSettings]
    /// Headers by which any policy of the configuration tells a backend who a request is from; nil: none.
    let identityHeaders: FieldNames?
    /// How refusals are written where no policy says it: as the dialect of the listeners has it.
    package let refusals: CompiledRefusalForm
    /// Those that requests may be of.
    let consumers: ConsumerDirectory

    init(
        address: ListenAddress, listeners: [ListenerSnapshot], hosts: HostTable, tls: [TLSSettings],
        identityHeaders: FieldNames?, consumers: ConsumerDirectory
    ) {
        self.consumers = consumers
        self.identityHeaders = identityHeaders
        self.address = address
        self.listeners = listeners
        refusals = .standard(listeners.first?.refusalStyle ?? .agentgateway)
        self.hosts = hosts
        self.tls = tls
    }
}

package final class ListenerSnapshot: Sendable {
    let id: ListenerID
    /// As the user wrote it; empty where there is none.
    let name: String
    let gatewayName: String
    /// Runs before a route is chosen.
    let gatewayPolicy: EffectivePolicy
    /// What a request that matches no route still has to pass, so that strangers can't map the routes.
    package let unroutedPolicy: EffectivePolicy
    let routes: RouteTable
    let refusalStyle: RefusalStyle
    /// What clients are told about the resources here; nil: nothing.
    let resourceMetadata: ResourceDocuments?
    /// Which gateway this process is.
    let instance: GatewayInstance

    init(
        _ listener: Listener, gatewayPolicy: EffectivePolicy, unroutedPolicy: EffectivePolicy, routes: RouteTable,
        resourceMetadata: ResourceDocuments?, instance: GatewayInstance
    ) {
        id = listener.id
        name = listener.name
        gatewayName = listener.gatewayName
        self.gatewayPolicy = gatewayPolicy
        self.unroutedPolicy = unroutedPolicy
        self.routes = routes
        refusalStyle = listener.refusalStyle
        self.resourceMetadata = resourceMetadata
        self.instance = instance
    }

    /// The same with other policies.
    init(
        renewing old: ListenerSnapshot, gatewayPolicy: EffectivePolicy, unroutedPolicy: EffectivePolicy,
        routes: RouteTable
    ) {
        id = old.id
        name = old.name
        gatewayName = old.gatewayName
        self.gatewayPolicy = gatewayPolicy
        self.unroutedPolicy = unroutedPolicy
        self.routes = routes
        refusalStyle = old.refusalStyle
        resourceMetadata = old.resourceMetadata
        instance = old.instance
    }
}

/// What becomes of a route's requests. Routes of files that treat them alike share one: of a hundred thousand routes
/// the few that are busy would else be cold memory.
package final class RouteSnapshot: Sendable {
    /// Of all routes of the listener; or of the only one whose requests are treated so.
    let names: RouteNames
    /// Index of the upstream in the snapshot; nil where the route has none.
    let upstream: Int?
    package let policy: EffectivePolicy
    /// Names that a client may not send in trailers either; nil: none.
    let guardedNames: FieldNames?
    /// Whether transformations, those of its backends among them, ask for the request's body.
    let needsBody: Bool
    /// What expressions read of the only route; nil where it is no document.
    let document: RouteDocument?

    init(
        names: RouteNames, upstream: Int?, policy: EffectivePolicy, guardedNames: FieldNames?, needsBody: Bool,
        document: RouteDocument?
    ) {
        self.document = document
        self.needsBody = needsBody
        self.names = names
        self.guardedNames = guardedNames
        self.upstream = upstream
        self.policy = policy
    }

    /// The same with another policy.
    init(renewing old: RouteSnapshot, policy: EffectivePolicy) {
        names = old.names
        upstream = old.upstream
        guardedNames = old.guardedNames
        needsBody = old.needsBody
        document = old.document
        self.policy = policy
    }
}

/// The names of a listener's routes, by number: as the user wrote them; the route's place where there is no name.
struct RouteNames: Sendable {
    /// Behind each other: a hundred thousand strings of their own would take several times the room.
    private let bytes: [UInt8]
    /// Empty where there is one name.
    private let ends: [UInt32]

    init(_ names: [String]) {
        var bytes: [UInt8] = []
        let ends = names.map { name in
            bytes += name.utf8
            return UInt32(bytes.count)
        }
        self.bytes = bytes
        self.ends = ends.count == 1 ? [] : ends
    }

    subscript(number: Int) -> String {
        if ends.isEmpty { return String(decoding: bytes, as: UTF8.self) }
        let start = number == 0 ? 0 : Int(ends[number - 1])
        return String(decoding: bytes[start..<Int(ends[number])], as: UTF8.self)
    }
}

/// One slot per kind of policy, resolved when the configuration was compiled: nothing is merged per request.
package struct EffectivePolicy: Sendable {
    package var jwtAuthentication: JWTAuthenticator?
    package var authorization: Authorizer?
    /// What few routes have.
    package var traffic: TrafficSlots?
    /// Authentication by other means than a token; nil where there is none.
    package var furtherAuthentication: FurtherAuthentication?
    /// What is changed of the request's field lines, when all other stages have run.
    var requestEdit: FieldEdit?
    /// What is changed of the answer's.
    var responseEdit: FieldEdit?

    /// Whatever of a policy holds keys.
    mutating func forEachAuthenticator(_ body: (inout JWTAuthenticator) -> Void) {
        if var authenticator = jwtAuthentication {
            body(&authenticator)
            jwtAuthentication = authenticator
        }
        furtherAuthentication = furtherAuthentication?.replacingTokens(body)
    }
}
