/// A type as the checker sees it.
package indirect enum CELType: Hashable, Sendable {
    /// Anything; not checked until evaluation.
    case dyn
    case null, bool, int, uint, double, string, bytes, timestamp, duration
    case list(CELType)
    case map(CELType, CELType)
    case type(CELType)
    /// A named type with parameters: `optional_type(int)`, `net.IP`.
    case opaque(String, [CELType])
    /// A parameter of a function's signature.
    case parameter(String)
    /// A type to be found by the checker.
    case variable(Int)

    package static func optional(_ wrapped: CELType) -> CELType { .opaque("optional_type", [wrapped]) }
    package static let address = CELType.opaque("net.IP", [])
    package static let network = CELType.opaque("net.CIDR", [])
}

extension CELType {
    var isOptional: Bool {
        if case .opaque("optional_type", _) = self { true } else { false }
    }
}

extension CELType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .dyn, .variable: "dyn"
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .type(let inner): inner == .dyn ? "type" : "type(\(inner))"
        case .opaque(let name, let parameters):
            parameters.isEmpty ? name : "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
        case .parameter(let name): name
        }
    }

    /// The type an identifier of this name denotes as a value (`int`, `list`, `net.IP`), or nil.
    static func named(_ name: String) -> (CELType, CELTypeName)? {
        switch name {
        case "bool": (.bool, .bool)
        case "int": (.int, .int)
        case "uint": (.uint, .uint)
        case "double": (.double, .double)
        case "string": (.string, .string)
        case "bytes": (.bytes, .bytes)
        case "list": (.list(.dyn), .list)
        case "map": (.map(.dyn, .dyn), .map)
        case "null_type": (.null, .null)
        case "type": (.type(.dyn), .type)
        case "google.protobuf.Timestamp": (.timestamp, .timestamp)
        case "google.protobuf.Duration": (.duration, .duration)
        case "optional_type": (.optional(.dyn), .optional)
        case "net.IP": (.address, .address)
        case "net.CIDR": (.network, .network)
        default: nil
        }
    }
}
