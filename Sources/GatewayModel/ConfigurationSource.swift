/// Who owns a part of what a process serves: its listeners, its routes and what they need.
///
/// Sources share nothing but the process: a listener's routes come from one of them.
package enum ConfigurationSource: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The configuration file.
    case file
    /// A gateway group of the Admin API.
    case gatewayGroup(String)

    package var description: String {
        switch self {
        case .file: "the configuration file"
        case .gatewayGroup(let id): "the gateway group `\(id)`"
        }
    }
}
