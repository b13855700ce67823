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
    package static let authorization = readable(\.refusalInAuthorization)

    /// For the access log: what is known once a request has been answered.
    package static let accessLog = readable(\.refusalInAccessLog)

    /// For transformations: what rules may read, and the token itself.
    package static let transformation = readable(\.refusalInTransformation, showsSecrets: true)

    /// For transformations of answers: what is known of both messages.
    package static let answerTransformation = readable(\.refusalInAnswerTransformation, showsSecrets: true)

    private static func readable(
        _ refusal: (RequestAttribute.Entry) -> String?, showsSecrets: Bool = false
    ) -> CELEnvironment {
        var environment = library
        for attribute in RequestAttribute.allCases {
            let entry = attribute.entry
            environment.declare(
                entry.path, entry.type, id: attribute.rawValue, isOptional: entry.isOptional,
                refusal: refusal(entry))
        }
        for (path, instead) in UnofferedName.attributes {
            environment.declare(path, .dyn, id: -1, refusal: UnofferedName.sentence(path, instead))
        }
        for (name, instead) in UnofferedName.functions {
            environment.refuse(function: name, UnofferedName.sentence(name, instead))
        }
        environment.refuse(
            function: "unvalidatedJwtPayload",
            "there is no 'unvalidatedJwtPayload': a token that nobody verified proves nothing; claims are in 'jwt'")
        if showsSecrets {
            environment.declare(RequestFunctions.unredacted)
        } else {
            environment.refuse(
                function: "unredacted", "'unredacted' is for transformations and backend authentication only")
        }
        return environment
    }
}

/// What an expression is written for.
enum ExpressionUse: Hashable, Sendable {
    case rule, accessLog, transformation, answerTransformation

    var environment: CELEnvironment {
        switch self {
        case .rule: RequestEnvironment.authorization
        case .accessLog: RequestEnvironment.accessLog
        case .transformation: RequestEnvironment.transformation
        case .answerTransformation: RequestEnvironment.answerTransformation
        }
    }
}

extension CELProgram {
    /// Whether it can only be evaluated once the request's body is there.
    var readsBody: Bool { attributes.contains(RequestAttribute.body.rawValue) }
}

extension RequestAttribute.Entry {
    /// Roots without a value are null instead.
    fileprivate var isOptional: Bool {
        (availability == .sometimes || availability == .endOfCall || filler != nil) && type != .dyn
    }

    /// Why the access log may not read it.
    fileprivate var refusalInAccessLog: String? {
        switch availability {
        case .always, .sometimes, .filled, .endOfCall: nil
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
        case .response, .endOfCall: "'\(path)' is not there yet: authorization comes before the response"
        case .secret: "'\(path)' is a secret: only transformations and backend authentication may read it"
        }
    }

    /// Why transformations of answers may not read it.
    fileprivate var refusalInAnswerTransformation: String? {
        switch availability {
        case .response: nil
        case .endOfCall: "'\(path)' is for the access log: trailers come when an answer has been changed"
        case .body: "'\(path)' is gone when the answer comes"
        case .backend: "'\(path)' is not kept for transformations"
        default: refusalInTransformation
        }
    }

    /// Why transformations may not read it.
    fileprivate var refusalInTransformation: String? {
        switch availability {
        case .backend, .response, .endOfCall:
            "'\(path)' is not there yet: transformations of requests are evaluated before there is an answer"
        case .secret where path != "jwt.rawToken": "'\(path)' is a secret"
        case .secret, .always, .sometimes, .filled, .body: nil
        }
    }
}
