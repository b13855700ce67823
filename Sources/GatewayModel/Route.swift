/// What decides that a request is this route's, and where it goes.
package struct Route: Equatable, Sendable {
    package var id: RouteID
    /// The name the user wrote; empty where there is none.
    package var name: String
    /// Any of these; `[.any]` where the route names none.
    package var hostnames: [HostPattern]
    package var order: RouteOrder
    /// Any of these; never empty.
    package var matches: [RouteMatch]
    package var action: RouteAction
    /// The routes that lead to it, the outermost first: it takes requests that they take, and their policies hold where
    /// it has none of the kind. Empty for one that stands for itself.
    package var ancestors: [RouteID] = []
    /// What it is called among documents; nil: it is part of a file.
    package var document: RouteDocument?
    /// What it has its policies from together with others; nil: it has its own alone. Routes of one set differ in what
    /// decides that a request is theirs, in their names and, where no `Upstream.sharedName` says that it is one for all
    /// of them, in their upstream.
    package var policySet: PolicySetID?
    package var provenance: Provenance

    package init(
        id: RouteID, name: String, hostnames: [HostPattern], order: RouteOrder, matches: [RouteMatch],
        action: RouteAction,
        provenance: Provenance
    ) {
        self.id = id
        self.name = name
        self.hostnames = hostnames
        self.order = order
        self.matches = matches
        self.action = action
        self.provenance = provenance
    }
}

/// What a route that is a document is called, and the service it is of, for expressions: ids are what documents name
/// each other by, names what their users gave them.
package struct RouteDocument: Hashable, Sendable {
    package struct Service: Hashable, Sendable {
        package var id: String
        package var name: String?

        package init(id: String, name: String?) {
            self.id = id
            self.name = name
        }
    }

    package var id: String
    package var name: String?
    package var service: Service?

    package init(id: String, name: String?, service: Service?) {
        self.id = id
        self.name = name
        self.service = service
    }
}

/// Which of several routes with the same host and path pattern is asked first.
package enum RouteOrder: Hashable, Sendable {
    /// As the Gateway API has it: a method, more headers, more query parameters, then the name.
    case specificity
    /// The higher number, then the one written first.
    case priority(Int)
}

package enum RouteAction: Equatable, Sendable {
    case forward(to: UpstreamID)
    /// A route without a backend: it can only refuse.
    case noBackend
    /// Leads to the routes whose last ancestor it is, which stand before it in the listener. What none of them takes
    /// nobody does.
    case delegate
}

/// All conditions of one match hold at once.
package struct RouteMatch: Equatable, Sendable {
    package var path: PathMatch
    /// An exact, case-sensitive method; nil: any.
    package var method: String?
    package var headers: [FieldMatch]
    package var query: [FieldMatch]
    /// True of the requests that match; nil: of all. One that cannot be evaluated matches none.
    package var condition: Expression?
    package var provenance: Provenance

    package init(
        path: PathMatch, method: String?, headers: [FieldMatch], query: [FieldMatch], condition: Expression? = nil,
        provenance: Provenance
    ) {
        self.path = path
        self.method = method
        self.headers = headers
        self.query = query
        self.condition = condition
        self.provenance = provenance
    }
}

/// Conditions on the canonical path (still percent-encoded).
package enum PathMatch: Hashable, Sendable {
    case exact(String)
    /// Whole segments: `/a` matches `/a` and `/a/b`, not `/ab`. Without a trailing slash; empty for all.
    case segmentPrefix(String)
    /// Every path that begins with these bytes, wherever a segment ends.
    case bytePrefix(String)
    /// A linear-time regular expression that must match the whole path.
    case regex(String)
}

/// A header (names compared without case) or query parameter (names as they are).
package struct FieldMatch: Equatable, Sendable {
    package enum Value: Hashable, Sendable {
        case exact(String)
        case regex(String)
    }

    package var name: String
    package var value: Value

    package init(name: String, value: Value) {
        self.name = name
        self.value = value
    }
}

/// The servers a route forwards to.
package struct Upstream: Equatable, Sendable {
    package struct Endpoint: Equatable, Sendable {
        package var address: StreamAddress
        /// Share of the requests among the upstream's endpoints; 0 takes none.
        package var weight: Int
        /// Those of lower ones are asked only where those of higher ones have failed the request.
        package var priority: Int
        /// Whether requests name it in their `Host`, unless the route says what they name.
        package var isNamedInHost: Bool
        package var policies: BackendPolicies

        package init(
            _ address: StreamAddress, weight: Int, priority: Int = 0, isNamedInHost: Bool = false,
            policies: BackendPolicies = .none
        ) {
            self.address = address
            self.weight = weight
            self.priority = priority
            self.isNamedInHost = isNamedInHost
            self.policies = policies
        }
    }

    package var id: UpstreamID
    package var endpoints: [Endpoint]
    package var balance: Balance
    package var connections: ConnectionSettings
    /// When its requests are sent once more whose route says nothing of that; nil: never.
    package var retry: RetryPolicy?
    /// What it is called by where many routes lead to it and it may be written anew without them: of another name none
    /// is taken for it, be its servers the same. Nil: it changes with its routes.
    package var sharedName: String?
    package var provenance: Provenance

    package init(
        id: UpstreamID, endpoints: [Endpoint], balance: Balance = .shares,
        connections: ConnectionSettings = ConnectionSettings(), retry: RetryPolicy? = nil, sharedName: String? = nil,
        provenance: Provenance
    ) {
        self.retry = retry
        self.sharedName = sharedName
        self.id = id
        self.endpoints = endpoints
        self.balance = balance
        self.connections = connections
        self.provenance = provenance
    }
}
