package import CEL

/// A token location, its names as bytes and its expression compiled.
package enum CompiledTokenLocation: Sendable {
    case authorizationHeader(prefix: [UInt8])
    case header(name: [UInt8], prefix: [UInt8])
    case queryParameter(name: [UInt8])
    case cookie(name: [UInt8])
    case expression(CELProgram)
}
