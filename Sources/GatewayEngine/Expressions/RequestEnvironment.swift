package import CEL

/// What expressions about a request are compiled against.
package enum RequestEnvironment {
    /// All functions, and nothing to read.
    package static let library: CELEnvironment = {
        var environment = CELEnvironment()
        for function in RequestFunctions.all { environment.declare(function) }
        return environment
    }()

    /// For authorization rules: what is known before a request is forwarded.
    package static let authorization = environment(refusing: \.refusalInAuthorization)

    /// For the access log: what is known once a request has been answered.
    package static let accessLog = environment(refusing: \.refusalInAccessLog)

    private static func environment(refusing refusal: (RequestAttribute.Entry) -> String?) -> CELEnvironment {
        var environment = library
        for attribute in RequestAttribute.allCases {
            let entry = attribute.entry
            environment.declare(
                entry.path, entry.type, id: attribute.rawValue, isOptional: entry.isOptional,
                refusal: refusal(entry))
        }
        environment.refuse(
            function: "unvalidatedJwtPayload",
            "there is no 'unvalidatedJwtPayload': a token that nobody verified proves nothing; claims are in 'jwt'")
        environment.refuse(
            function: "unredacted", "'unredacted' is for transformations and backend authentication only")
        return environment
    }
}

extension CELProgram {
    /// Whether it can only be evaluated once the request's body is there.
    var readsBody: Bool { attributes.contains(RequestAttribute.body.rawValue) }
}

extension RequestAttribute.Entry {
    /// Roots without a value are null instead.
    fileprivate var isOptional: Bool { (availability == .sometimes || filler != nil) && type != .dyn }

    /// Why the access log may not read it.
    fileprivate var refusalInAccessLog: String? {
        switch availability {
        case .always, .sometimes, .filled: nil
        case .backend, .response, .body:
            Self.keptForLog.contains(path) ? nil : "'\(path)' is not kept for the access log"
        case .secret: "'\(path)' is a secret: it does not belong into a log"
        }
    }

    private static let keptForLog: Set = ["response.code", "backend", "backend.name"]

    /// Why rules may not read it, as a sentence; nil where they may.
    fileprivate var refusalInAuthorization: String? {
        switch availability {
        case .always, .sometimes, .filled, .body: nil
        case .backend: "'\(path)' is not there yet: the backend is chosen after authorization"
        case .response: "'\(path)' is not there yet: authorization comes before the response"
        case .secret: "'\(path)' is a secret: only transformations and backend authentication may read it"
        }
    }
}
