package import CEL

/// What expressions can read of a request: the one table. The environment is declared from it, the
/// activation resolves by it.
///
/// Roots without a value are null: `jwt == null` is true where no token was verified.
package enum RequestAttribute: Int, CaseIterable, Sendable {
    case method, scheme, host, path, pathAndQuery, uri, version, headers
    case sourceAddress, sourcePort
    case jwt

    var path: String {
        switch self {
        case .method: "request.method"
        case .scheme: "request.scheme"
        case .host: "request.host"
        case .path: "request.path"
        case .pathAndQuery: "request.pathAndQuery"
        case .uri: "request.uri"
        case .version: "request.version"
        case .headers: "request.headers"
        case .sourceAddress: "source.address"
        case .sourcePort: "source.port"
        case .jwt: "jwt"
        }
    }

    var type: CELType {
        switch self {
        case .method, .scheme, .host, .path, .pathAndQuery, .uri, .version, .sourceAddress: .string
        case .headers: .map(.string, .string)
        case .sourcePort: .int
        case .jwt: .dyn
        }
    }

    /// What an expression about a request is compiled against.
    package static let environment: CELEnvironment = {
        var environment = CELEnvironment()
        for attribute in allCases {
            environment.declare(attribute.path, attribute.type, id: attribute.rawValue)
        }
        return environment
    }()
}
