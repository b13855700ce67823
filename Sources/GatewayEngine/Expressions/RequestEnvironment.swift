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
    package static let authorization: CELEnvironment = {
        var environment = library
        for attribute in RequestAttribute.allCases {
            let entry = attribute.entry
            environment.declare(
                entry.path, entry.type, id: attribute.rawValue, isOptional: entry.isOptional,
                refusal: entry.refusalInAuthorization)
        }
        environment.refuse(
            function: "unvalidatedJwtPayload",
            "there is no 'unvalidatedJwtPayload': a token that nobody verified proves nothing; claims are in 'jwt'")
        environment.refuse(
            function: "unredacted", "'unredacted' is for transformations and backend authentication only")
        return environment
    }()
}

extension CELProgram {
    /// Whether it can only be evaluated once the request's body is there.
    var readsBody: Bool { attributes.contains(RequestAttribute.body.rawValue) }
}

extension RequestAttribute.Entry {
    /// Roots without a value are null instead.
    fileprivate var isOptional: Bool { (availability == .sometimes || filler != nil) && type != .dyn }

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
